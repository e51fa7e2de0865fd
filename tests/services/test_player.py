"""One player: PCM in frames, once or without a seam for ever."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.media.frames import FRAME_BYTES
from voxrun.media.graph import Sink, Source
from voxrun.services.player import Player
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)


def played(
    pcm: bytes, loop: bool, seconds: float, stop_after: float | None = None
) -> tuple[list[bytes], list[float]]:
    """(frames heard, times at which the player said that it finished)."""
    ends: list[float] = []

    async def main(clock: LoopClock) -> list[bytes]:
        ear = Ear()
        player = Player(LoopTicker(), pcm, loop, lambda: ends.append(clock.now()))
        player.source.connect(ear)
        player.start()
        if stop_after is not None:
            await asyncio.sleep(stop_after)
            player.stop()
        await asyncio.sleep(seconds)
        return ear.frames

    return run_virtual(main), ends


def test_it_plays_once_fills_up_the_last_frame_and_says_when_it_is_done() -> None:
    frames, ends = played(b"\x01\x02" * 500, False, 1)
    assert frames == [b"\x01\x02" * 320, b"\x01\x02" * 180 + bytes(280)]
    assert ends == [0.06]


@pytest.mark.parametrize("loop", [True, False])
def test_nothing_to_play_is_finished_at_once(loop: bool) -> None:
    assert played(b"", loop, 1) == ([], [0.02])


@given(st.integers(1, 1000), st.integers(1, 50))
def test_a_loop_has_no_seam(samples: int, frames: int) -> None:
    pcm = b"".join(number.to_bytes(2, "little") for number in range(samples))
    player = Player(_Never(), pcm, True, lambda: None)
    ear = Ear()
    player.source.connect(ear)
    assert all(player.tick() for _ in range(frames))
    heard = b"".join(ear.frames)
    assert heard == (pcm * (frames * FRAME_BYTES // len(pcm) + 2))[: len(heard)]
    assert {len(frame) for frame in ear.frames} == {FRAME_BYTES}


def test_a_loop_never_finishes() -> None:
    frames, ends = played(b"\x01\x02" * 100, True, 10)
    assert len(frames) >= 499
    assert ends == []


def test_a_player_that_was_stopped_is_silent_and_never_finishes() -> None:
    frames, ends = played(b"\x01\x02" * 3200, False, 5, stop_after=0.1)
    assert len(frames) in (4, 5)
    assert ends == []


class _Never:
    def start(self, node: object) -> None: ...

    def stop(self, node: object) -> None: ...
