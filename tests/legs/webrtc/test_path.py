"""Which way audio goes is decided by a test, and calls wait for it."""

from __future__ import annotations

import asyncio

from voxrun.legs.webrtc.path import AudioPath
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def test_without_a_check_it_is_our_own() -> None:
    assert asyncio.run(AudioPath().fast())


def test_calls_wait_for_the_check_and_a_failure_is_told_once() -> None:
    warnings: list[str] = []

    async def main(clock: LoopClock) -> tuple[bool, bool, float]:
        async def moved() -> str:
            await asyncio.sleep(0.2)
            return "a name has moved"

        path = AudioPath()
        path.check(moved, warnings.append)
        first = await path.fast()
        return first, await path.fast(), asyncio.get_running_loop().time()

    assert run_virtual(main) == (False, False, 0.2)
    (warning,) = warnings
    assert "a name has moved" in warning
    assert "doctor" in warning


def test_a_check_that_passes_says_nothing() -> None:
    async def main(clock: LoopClock) -> bool:
        async def well() -> str:
            return ""

        path = AudioPath()
        path.check(well, lambda warning: pytest_fail(warning))
        return await path.fast()

    assert run_virtual(main)


def test_a_check_that_raises_is_a_failure() -> None:
    warnings: list[str] = []

    async def main(clock: LoopClock) -> bool:
        async def broken() -> str:
            raise AttributeError("no _nominated")

        path = AudioPath()
        path.check(broken, warnings.append)
        return await path.fast()

    assert not run_virtual(main)
    assert "no _nominated" in warnings[0]


def pytest_fail(warning: str) -> None:
    raise AssertionError(warning)
