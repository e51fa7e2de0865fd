"""js/timers.js: setTimeout and setInterval as commands out and events back."""

from __future__ import annotations

import pytest
from tests.realm.js.conftest import Platform


@pytest.mark.parametrize(
    ("call", "delay", "repeat"),
    [
        ("setTimeout(f)", 0, False),
        ("setTimeout(f, 250)", 250, False),
        ("setTimeout(f, '250')", 250, False),
        ("setTimeout(f, 99.9)", 99, False),
        ("setTimeout(f, -5)", 0, False),
        ("setTimeout(f, NaN)", 0, False),
        ("setTimeout(f, Infinity)", 0, False),
        ("setTimeout(f, 1e12)", 2147483647, False),
        ("setTimeout(f, 'soon')", 0, False),
        ("setTimeout(f, null)", 0, False),
        ("setInterval(f)", 100, True),
        ("setInterval(f, 5)", 100, True),
        ("setInterval(f, 100)", 100, True),
        ("setInterval(f, 250)", 250, True),
    ],
)
def test_delays_are_whole_milliseconds_and_intervals_100_at_least(
    platform: Platform, call: str, delay: int, repeat: bool
) -> None:
    platform.boot(f"const f = () => {{}}; {call};")
    assert platform.sent("timer.set")[0].data == {"delay": delay, "repeat": repeat}


def test_ids_are_numbers_and_extra_arguments_reach_the_callback(platform: Platform) -> None:
    platform.boot(
        "const id = setTimeout((...all) => Logger.write(JSON.stringify(all)), 10, 'a', {b: 1});"
        "Logger.write(typeof id + id);"
    )
    platform.fire("@timer", "1")
    assert platform.logs() == ["number1", '["a",{"b":1}]']


@pytest.mark.covers("setInterval", "setTimeout")
def test_a_timeout_fires_once_and_an_interval_again_and_again(platform: Platform) -> None:
    platform.boot("setTimeout(() => Logger.write('t'), 1); setInterval(() => Logger.write('i'), 100);")
    for timer in ("1", "1", "2", "2", "99"):
        platform.fire("@timer", timer)
    assert platform.logs() == ["t", "i", "i"]


@pytest.mark.covers("clearTimeout")
def test_a_timer_that_was_cleared_does_not_fire_even_if_it_is_on_its_way(platform: Platform) -> None:
    platform.boot(
        "const a = setTimeout(() => Logger.write('never'), 1); clearTimeout(a); clearTimeout(a);"
        "clearTimeout(); clearTimeout(null); clearInterval('nonsense'); clearTimeout({});"
    )
    platform.fire("@timer", "1")
    assert platform.logs() == []
    assert [c.target for c in platform.sent("timer.clear")] == ["1"]


@pytest.mark.covers("clearInterval")
def test_an_interval_can_be_cleared_inside_its_handler(platform: Platform) -> None:
    platform.boot("const i = setInterval(() => { Logger.write('once'); clearInterval(i); }, 100);")
    platform.fire("@timer", "1")
    platform.fire("@timer", "1")
    assert platform.logs() == ["once"]
    assert len(platform.sent("timer.clear")) == 1


def test_a_timeout_that_clears_itself_inside_its_handler_sends_nothing(platform: Platform) -> None:
    platform.boot("const t = setTimeout(() => clearTimeout(t), 1);")
    platform.fire("@timer", "1")
    assert platform.sent("timer.clear") == []


def test_the_101st_timer_throws_and_a_fired_one_makes_room(platform: Platform) -> None:
    platform.boot(
        "for (let i = 0; i < 100; i++) setTimeout(() => {}, 1000);"
        "const more = () => { try { setTimeout(() => {}, 1); Logger.write('set'); }"
        " catch (e) { Logger.write(e.message); } };"
        "more(); VoxEngine.addEventListener(AppEvents.Started, more);"
    )
    platform.fire("@timer", "50")
    platform.fire("Application.Started")
    assert "100 active timers" in platform.logs()[0]
    assert platform.logs()[1] == "set"


def test_a_callback_that_is_no_function_ends_the_session_when_the_timer_fires(platform: Platform) -> None:
    assert platform.boot("\nsetTimeout('Logger.write(1)', 10);").error is None
    error = platform.fire("@timer", "1").error
    assert error is not None
    assert "the first argument of setTimeout is not a function but Logger.write(1)" in error.message
    assert error.where.startswith("a.js:2:")


def test_an_error_in_a_callback_names_its_line_and_where_the_timer_was_set(platform: Platform) -> None:
    platform.boot("function late() {\n  nope();\n}\nsetTimeout(late, 10);")
    error = platform.fire("@timer", "1").error
    assert error is not None
    assert error.where.startswith("a.js:2:3")
    assert "a.js:4:" in error.message


def test_keep_going_survives_an_error_in_a_callback(platform: Platform) -> None:
    platform.boot("setInterval(() => { Logger.write('tick'); nope(); }, 100);", keep_going=True)
    platform.fire("@timer", "1")
    result = platform.fire("@timer", "1")
    assert result.error is None
    assert len(result.survived) == 1
    assert platform.logs() == ["tick", "tick"]


def test_timers_work_after_a_scenario_overwrote_the_builtins(platform: Platform) -> None:
    platform.boot(
        "Math.floor = null; Number = null; Map.prototype.get = null; Reflect.apply = null;"
        "setTimeout(() => Logger.write('fired'), 12.5);"
    )
    platform.fire("@timer", "1")
    assert platform.logs() == ["fired"]
