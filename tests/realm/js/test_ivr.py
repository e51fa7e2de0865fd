"""modules/ivr.js: states of all types, their prompts, keys, timeouts and callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.realm.js.conftest import Platform


class Menu:
    """A call in a scenario with IVR states; ``tell`` makes callbacks that log."""

    def __init__(self, platform: Platform, source: str) -> None:
        self.platform = platform
        result = platform.call_in(
            "require(Modules.IVR); const tell = (what) => (input) => Logger.write(what + ' ' + input);"
            + source
        )
        assert result.error is None, result.error.message

    def prompt_ends(self) -> None:
        self.fire("Call.PlaybackReady")
        self.fire("Call.PlaybackStarted", duration=1000)
        self.fire("Call.PlaybackFinished")

    def press(self, keys: str) -> None:
        for key in keys:
            self.fire("Call.ToneReceived", tone=key, type="rfc2833")

    def fire(self, kind: str, **data: Any) -> None:
        result = self.platform.fire(kind, "c1", **data)
        assert result.error is None, result.error.message

    def wait(self) -> None:
        """Let the timer that is set last run out."""
        self.platform.fire("@timer", self.timer()[0])

    def timer(self) -> tuple[str, int]:
        """The timer that was set last, and is on: its id, and ms."""
        last = self.platform.sent("timer.set")[-1]
        assert last.target not in [command.target for command in self.platform.sent("timer.clear")]
        return last.target, int(last.data["delay"])

    @property
    def said(self) -> list[str]:
        return [str(command.data["text"]) for command in self.platform.sent("call.say")]

    @property
    def logs(self) -> list[str]:
        return self.platform.logs()


@pytest.fixture
def menu(platform: Platform) -> Callable[[str], Menu]:
    return lambda source: Menu(platform, source)


FIXED = (
    "const s = new IVRState('pin', {type: 'inputfixed', inputLength: 4, prompt: {say: 'Your pin?'}},"
    " tell('done'), tell('late')); s.enter(call);"
)


@pytest.mark.covers("IVRState", "IVRState.enter", "IVRState.input", "IVRState.settings")
def test_a_fixed_number_of_keys_is_an_input(menu: Callable[[str], Menu]) -> None:
    show = "(input) => Logger.write(input + ' ' + s.input + ' ' + s.settings.inputLength)"
    m = menu(FIXED.replace("tell('done')", show))
    assert m.said == ["Your pin?"]
    assert m.platform.sent("call.tones")[0].data["on"] is True
    m.prompt_ends()
    m.press("123")
    assert m.logs == []
    m.press("4")
    assert m.logs == ["1234 1234 4"]
    m.press("5")
    assert len(m.logs) == 1


def test_keys_count_while_the_prompt_plays_and_end_it(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED)
    m.fire("Call.PlaybackStarted", duration=1000)
    m.press("12")
    assert len(m.platform.sent("call.stopplay")) == 1
    assert m.timer()[1] == 5000
    m.press("34")
    assert m.logs == ["done 1234"]


def test_the_timeout_counts_from_the_end_of_the_prompt_and_from_each_key(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED.replace("inputLength: 4,", "inputLength: 4, timeout: 3000,"))
    assert m.platform.sent("timer.set") == []
    m.prompt_ends()
    first = m.timer()
    assert first[1] == 3000
    m.press("1")
    assert m.timer() != first
    m.wait()
    assert m.logs == ["late 1"]
    m.press("234")
    assert m.logs == ["late 1"]


@pytest.mark.parametrize("timeout", ["undefined", "null", "-1", "NaN", "'soon'"])
def test_a_timeout_that_is_none_is_five_seconds(timeout: str, menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED.replace("inputLength: 4,", f"inputLength: 4, timeout: {timeout},"))
    m.prompt_ends()
    assert m.timer()[1] == 5000


def test_without_a_callback_a_timeout_only_leaves(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED.replace(", tell('late')", ""))
    m.prompt_ends()
    m.wait()
    m.press("1234")
    assert m.logs == []


SELECT = (
    "const sales = new IVRState('sales', {type: 'noinput', prompt: {say: 'Sales'}}, tell('sales'));"
    "const menu = new IVRState('menu', {"
    "  type: 'select', prompt: {say: 'One for sales'}, nextStates: {1: sales, 0: null}"
    "}, tell('other'), tell('late')); menu.enter(call);"
)


def test_a_menu_goes_to_the_state_of_the_key(menu: Callable[[str], Menu]) -> None:
    m = menu(SELECT)
    m.prompt_ends()
    m.press("1")
    assert m.said == ["One for sales", "Sales"]
    m.prompt_ends()
    assert m.logs == ["sales "]


@pytest.mark.parametrize("key", ["7", "0", "*", "#"])
def test_a_key_without_a_state_is_an_input(key: str, menu: Callable[[str], Menu]) -> None:
    m = menu(SELECT)
    m.prompt_ends()
    m.press(key)
    assert m.logs == [f"other {key}"]


def test_names_of_built_in_members_are_no_next_states(menu: Callable[[str], Menu]) -> None:
    m = menu(SELECT.replace("nextStates: {1: sales, 0: null}", "nextStates: Object.create({1: sales})"))
    m.press("1")
    assert m.logs == ["other 1"]


UNKNOWN = (
    "const settings = {type: 'inputunknown', %s, prompt: {say: 'Number?'}};"
    "const s = new IVRState('n', settings, tell('done'), tell('late')); s.enter(call);"
)


@pytest.mark.parametrize(
    ("how", "keys", "result"),
    [
        ("terminateOn: '#'", "12#", "done 12#"),
        ("terminateOn: '#*'", "12*", "done 12*"),
        ("inputValidator: (input) => input.length === 3", "123", "done 123"),
        ("inputValidator: /^\\d{2}9$/", "129", "done 129"),
        ("terminateOn: '#', inputValidator: (input) => input === '77'", "77", "done 77"),
        ("terminateOn: '#', inputValidator: () => false", "7#", "done 7#"),
    ],
)
def test_an_input_of_unknown_length_ends_by_a_key_or_when_it_is_valid(
    how: str, keys: str, result: str, menu: Callable[[str], Menu]
) -> None:
    m = menu(UNKNOWN % how)
    m.prompt_ends()
    m.press(keys[:-1])
    assert m.logs == []
    m.press(keys[-1])
    assert m.logs == [result]


def test_an_input_of_unknown_length_that_nothing_ends_times_out_with_what_there_is(
    menu: Callable[[str], Menu],
) -> None:
    m = menu(UNKNOWN % "terminateOn: undefined")
    m.prompt_ends()
    m.press("123#")
    m.wait()
    assert m.logs == ["late 123#"]


def test_a_prompt_without_input_ignores_keys_and_goes_on_when_it_is_over(menu: Callable[[str], Menu]) -> None:
    m = menu(
        "const prompt = {play: 'https://x.test/bye.mp3'};"
        "const nextState = new IVRState('last', {type: 'noinput', prompt}, tell('over'));"
        "const first = {type: 'noinput', prompt: {say: 'Hello'}, nextState};"
        "new IVRState('first', first, tell('never')).enter(call);"
    )
    m.press("1")
    assert m.platform.sent("call.stopplay") == []
    assert m.platform.sent("call.tones") == []
    m.prompt_ends()
    assert m.platform.sent("call.play")[0].data["url"] == "https://x.test/bye.mp3"
    m.prompt_ends()
    assert m.logs == ["over "]


def test_without_a_prompt_the_time_runs_at_once(menu: Callable[[str], Menu]) -> None:
    m = menu(
        "new IVRState('s', {type: 'inputfixed', inputLength: 1}, tell('done'), tell('late')).enter(call);"
    )
    assert m.timer()[1] == 5000
    m.press("1")
    assert m.logs == ["done 1"]


def test_a_prompt_that_cannot_be_played_is_told_and_keys_are_awaited(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED)
    m.fire("Call.PlaybackFinished", error="no such voice")
    assert m.platform.logs("warning") == ["IVRState: the prompt could not be played: no such voice"]
    assert m.timer()[1] == 5000
    m.press("1234")
    assert m.logs == ["done 1234"]


def test_the_end_of_what_played_before_is_not_the_end_of_the_prompt(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED)
    m.fire("Call.PlaybackFinished")
    assert m.platform.sent("timer.set") == []
    m.prompt_ends()
    assert m.timer()[1] == 5000


def test_a_callback_may_enter_a_state_again(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED.replace("tell('late')", "(input) => { Logger.write('again'); s.enter(call); }"))
    for _ in range(3):
        m.prompt_ends()
        m.wait()
    m.prompt_ends()
    m.press("1234")
    assert m.logs == ["again"] * 3 + ["done 1234"]
    assert m.said == ["Your pin?"] * 4


def test_entering_another_state_leaves_the_first(menu: Callable[[str], Menu]) -> None:
    m = menu(
        FIXED + "const t = new IVRState('t', {type: 'select', prompt: {say: 'Two'}}, tell('two'));"
        "setTimeout(() => t.enter(call), 10);"
    )
    m.prompt_ends()
    m.platform.fire("@timer", "1")
    m.press("7")
    assert m.logs == ["two 7"]


@pytest.mark.covers("IVR.reset")
def test_reset_leaves_all_states(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED + "setTimeout(IVR.reset, 10);")
    m.prompt_ends()
    m.press("1")
    m.platform.fire("@timer", "1")
    m.press("234")
    m.fire("Call.PlaybackFinished")
    assert m.logs == []
    set_, cleared = m.platform.sent("timer.set"), m.platform.sent("timer.clear")
    assert {c.target for c in set_} - {"1"} == {c.target for c in cleared}


def test_a_call_that_ends_is_in_no_state_any_more(menu: Callable[[str], Menu]) -> None:
    m = menu(FIXED)
    m.prompt_ends()
    m.fire("Call.Disconnected", internalCode=200)
    assert len(m.platform.sent("timer.clear")) == 1
    assert m.logs == []


def test_two_calls_are_in_states_of_their_own(menu: Callable[[str], Menu]) -> None:
    m = menu(
        "const other = VoxEngine.callUser('bob');"
        "const make = (n) => new IVRState(n, {type: 'select', prompt: {say: n}}, tell(n));"
        "make('one').enter(call);"
        "other.addEventListener(CallEvents.Connected, () => make('two').enter(other));"
    )
    bob = m.platform.sent("call.dial")[0].target
    m.platform.fire("Call.Connected", bob)
    m.platform.fire("Call.ToneReceived", bob, tone="2", type="rfc2833")
    m.press("1")
    assert m.logs == ["two 2", "one 1"]


def test_prompts_have_the_voice_and_the_options_that_were_set(menu: Callable[[str], Menu]) -> None:
    m = menu(
        "IVR.ttsOptions = {rate: 'slow'};"
        "const prompt = {say: 'Hi', lang: 'a voice'};"
        "new IVRState('s', {type: 'noinput', prompt}).enter(call);"
    )
    (say,) = m.platform.sent("call.say")
    assert (say.data["voice"], say.data["options"]) == ("a voice", {"rate": "slow"})


def test_the_scenario_may_remove_its_listeners_without_harm(menu: Callable[[str], Menu]) -> None:
    m = menu(
        FIXED + "call.removeEventListener(CallEvents.PlaybackFinished);"
        "call.removeEventListener(CallEvents.ToneReceived);"
    )
    m.prompt_ends()
    m.press("1234")
    assert m.logs == ["done 1234"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "new IVRState('s', {type: 'menu'}).enter(call);",
            "type must be select, inputfixed, inputunknown or noinput",
        ),
        ("new IVRState('s').enter(call);", "got undefined"),
        ("new IVRState('s', {type: 'select'}).enter();", "enter() needs a call, got undefined"),
        ("new IVRState('s', {type: 'select'}).enter({});", "enter() needs a call"),
        ("IVRState('s', {type: 'select'});", "write new IVRState(...)"),
    ],
)
def test_mistakes_are_named(source: str, message: str, platform: Platform) -> None:
    error = platform.call_in("require(Modules.IVR); " + source).error
    assert error is not None
    assert message in error.message


def test_an_error_in_a_callback_names_the_line_that_entered_the_state(platform: Platform) -> None:
    m = Menu(platform, FIXED.replace("tell('done')", "() => { nonsense(); }"))
    m.prompt_ends()
    m.press("123")
    result = platform.fire("Call.ToneReceived", "c1", tone="4", type="rfc2833")
    assert result.error is not None
    assert "nonsense" in result.error.message


def test_a_state_is_not_there_before_its_module(platform: Platform) -> None:
    error = platform.boot("new IVRState('s', {type: 'select'});").error
    assert error is not None
