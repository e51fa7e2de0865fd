"""Session time follows the loop; the date is read once."""

from __future__ import annotations

import asyncio
import time

import pytest

from voxrun.session.clock import DEFAULT_START_MS, LoopClock, real_clock
from voxrun.session.virtual import run_virtual


def test_virtual_time_begins_on_the_sixth_of_january_2025_at_nine() -> None:
    async def main(clock: LoopClock) -> tuple[float, int]:
        return clock.now(), clock.unix_ms()

    assert run_virtual(main) == (0.0, DEFAULT_START_MS)
    assert time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(DEFAULT_START_MS / 1000)) == "2025-01-06T09:00:00"


def test_the_date_goes_with_the_loop() -> None:
    async def main(clock: LoopClock) -> list[int]:
        seen = []
        for _ in range(3):
            seen.append(clock.unix_ms())
            await asyncio.sleep(0.0125)
        return seen

    assert run_virtual(main, start_ms=1000) == [1000, 1012, 1025]


def test_sleeping_until_a_time_that_is_past_does_not_wait() -> None:
    async def main(clock: LoopClock) -> list[float]:
        await clock.sleep_until(2.5)
        first = clock.now()
        await clock.sleep_until(1.0)
        return [first, clock.now()]

    assert run_virtual(main) == [2.5, 2.5]


@pytest.mark.live
def test_the_real_clock_is_the_wall_s() -> None:
    async def main() -> None:
        clock = real_clock()
        assert abs(clock.unix_ms() - time.time() * 1000) < 1000
        before = clock.now()
        await clock.sleep_until(before + 0.02)
        assert clock.now() >= before + 0.019

    asyncio.run(main())
