from __future__ import annotations

import asyncio

from tests.harness import Stage, play

from voxrun.media.frames import SILENCE
from voxrun.services.steady import Steady

FRAME = b"\x01\x02" * 320


def test_silence_stands_in_for_frames_that_do_not_come() -> None:
    async def story(stage: Stage) -> None:
        taken: list[bytes] = []

        def take(frame: bytes) -> bool:
            taken.append(frame)
            return len(taken) < 30

        steady = Steady(stage.ticker, take)
        for _ in range(10):
            steady.write(FRAME)
            await asyncio.sleep(0.02)
        assert taken == [FRAME] * 10
        await asyncio.sleep(5)
        assert taken == [FRAME] * 10 + [SILENCE] * 20

    play(story)


def test_stopped_it_fills_in_nothing() -> None:
    async def story(stage: Stage) -> None:
        taken: list[bytes] = []
        steady = Steady(stage.ticker, lambda frame: bool(taken.append(frame)) or True)
        steady.write(FRAME)
        steady.stop()
        await asyncio.sleep(1)
        assert taken == [FRAME]

    play(story)
