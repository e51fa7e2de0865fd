"""A loop that is late, on virtual time."""

from __future__ import annotations

import asyncio

from voxrun.replay.live.pulse import Pulse
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import VirtualLoop, run_virtual


def test_only_what_is_late_is_told() -> None:
    async def main(clock: LoopClock) -> tuple[list[str], list[str], list[str]]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        pulse = Pulse()
        await asyncio.sleep(1)
        fine = pulse.told()
        loop.advance(loop.time() + 0.08)  # too short to matter
        await asyncio.sleep(1)
        short = pulse.told()
        for stall in (0.5, 0.3):
            loop.advance(loop.time() + stall)
            await asyncio.sleep(1)
        pulse.stop()
        return fine, short, pulse.told()

    fine, short, (told,) = run_virtual(main, 0)
    assert (fine, short) == ([], [])
    assert "the machine was busy" in told
    assert "(times: 2, the longest: " in told
    longest = int(told.split("the longest: ")[1].split(" ")[0])
    assert 400 <= longest <= 500
