"""Timers, as scenarios see them and as a hostile realm may ask for them."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest
from tests.harness import Stage, play
from tests.services.parts import Given

from voxrun.errors import ScenarioError
from voxrun.services.timers import TimerService
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Command
from voxrun.session.virtual import run_virtual

STARTED = "VoxEngine.addEventListener(AppEvents.Started, () => { %s });"
T0 = 1_736_154_000_000


def logs_of(code: str, seconds: float) -> list[str]:
    async def story(stage: Stage) -> None:
        await stage.start(STARTED % code)
        await asyncio.sleep(seconds)

    return play(story).logs()


def test_timers_fire_in_the_order_of_their_time_and_then_of_their_setting() -> None:
    assert logs_of(
        "setTimeout(() => Logger.write('c'), 20); setTimeout(() => Logger.write('a'), 10);"
        "setTimeout(() => Logger.write('d'), 20); setTimeout(() => Logger.write('b'), 10);"
        "setTimeout(() => Logger.write('0'));",
        1,
    ) == ["0", "a", "b", "c", "d"]


def test_an_interval_keeps_its_grid() -> None:
    lines = logs_of("setInterval(() => Logger.write(String(Date.now() - 1736154000000)), 100);", 0.55)
    assert lines == ["100", "200", "300", "400", "500"]


def test_a_timer_set_in_a_handler_counts_from_that_handler() -> None:
    lines = logs_of(
        "const at = () => Date.now() - 1736154000000;"
        "setTimeout(() => setTimeout(() => Logger.write(String(at())), 30), 70);",
        1,
    )
    assert lines == ["100"]


def test_a_cleared_timer_does_not_fire() -> None:
    lines = logs_of(
        "const t = setTimeout(() => Logger.write('never'), 50); setTimeout(() => clearTimeout(t), 49);"
        "let n = 0;"
        "const i = setInterval(() => { Logger.write('tick'); if (++n === 2) clearInterval(i); }, 100);",
        2,
    )
    assert lines == ["tick", "tick"]


def alone(story: Any, most: int = 3) -> Given:
    """A timer service by itself."""

    async def main(clock: LoopClock) -> Given:
        given = Given(clock)
        await story(TimerService(given.context, most), given)
        return given

    return run_virtual(main)


def set_timer(delay: object, timer_id: str = "1", repeat: object = False) -> Command:
    return Command("timer.set", timer_id, {"delay": delay, "repeat": repeat})


@pytest.mark.parametrize("delay", [math.nan, math.inf, -1, -0.1, 1e300, None, "5", True, [], 2**31])
@pytest.mark.parametrize("repeat", [True, False])
def test_a_delay_that_is_none_is_refused(delay: object, repeat: bool) -> None:
    async def story(service: TimerService, given: Given) -> None:
        with pytest.raises(ScenarioError, match="delay must be a number"):
            service.execute(set_timer(delay, repeat=repeat))

    alone(story)


def test_an_interval_without_a_period_is_refused() -> None:
    async def story(service: TimerService, given: Given) -> None:
        with pytest.raises(ScenarioError):
            service.execute(set_timer(0, repeat=True))

    alone(story)


def test_more_timers_than_allowed_and_a_taken_id_are_refused() -> None:
    async def story(service: TimerService, given: Given) -> None:
        for number in range(3):
            service.execute(set_timer(10, str(number)))
        with pytest.raises(ScenarioError, match="more than 3 active timers"):
            service.execute(set_timer(10, "4"))
        with pytest.raises(ScenarioError, match="there is a timer '1'"):
            service.execute(set_timer(10, "1"))
        await asyncio.sleep(1)
        service.execute(set_timer(10, "1"))
        await asyncio.sleep(1)

    assert len(alone(story).events) == 4


def test_after_stop_nothing_fires() -> None:
    async def story(service: TimerService, given: Given) -> None:
        service.execute(set_timer(10, "1"))
        service.execute(set_timer(100, "2", repeat=True))
        service.execute(Command("timer.clear", "nobody"))
        service.stop()
        await service.close()
        await asyncio.sleep(1)

    assert alone(story).events == []
