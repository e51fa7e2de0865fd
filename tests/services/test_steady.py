from __future__ import annotations

import asyncio

from tests.harness import Stage, play

from voxrun.media.frames import SILENCE
from voxrun.media.runs import Run, Ticks
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


def test_while_frames_come_many_ticks_can_be_done_at_once() -> None:
    async def story(stage: Stage) -> None:
        taken: list[bytes] = []
        steady = Steady(stage.ticker, lambda frame: bool(taken.append(frame)) or True)
        ticks = Ticks(0.0, 1, 5)
        assert steady.ahead(ticks) == 0
        assert steady.room(Run(ticks.cut(3), None)) == 3
        assert steady.ahead(ticks) == 3
        assert steady.ahead(ticks) == 0  # nobody has said that more comes
        assert steady.room(Run(ticks, None)) == 5
        assert steady.ahead(Ticks(0.0, 2, 5)) == 0  # that was about other ticks
        await asyncio.sleep(0.1)
        steady.came(Run(ticks, None))
        assert steady.leap(ticks)
        await asyncio.sleep(0.05)
        assert taken == []
        await asyncio.sleep(0.05)
        assert taken == [SILENCE] * 3

    play(story)
