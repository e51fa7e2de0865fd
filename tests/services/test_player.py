"""One player: a tape in frames, pause and resume, markers, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.media.frames import FRAME_BYTES
from voxrun.media.graph import Sink, Source
from voxrun.media.runs import Run
from voxrun.media.tape import AHEAD, GrowingTape, JoinedTape, PcmTape, Tape
from voxrun.replay.leaps import LeapingTicker
from voxrun.services.player import Marker, Player
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import VirtualLoop, run_virtual


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)

    def room(self, run: Run, source: Source) -> int:
        return run.count


class Told:
    """What the player tells, with the ms at which it did."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.all: list[tuple[str, int]] = []

    def _add(self, what: str) -> None:
        self.all.append((what, round(self._now() * 1000)))

    def finished(self) -> None:
        self._add("finished")

    def reached(self, marker: Marker) -> None:
        self._add(f"{marker.offset_ms}")

    def starved(self) -> None:
        self._add("starved")


def virtual_loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def played(
    tape: Tape,
    seconds: float,
    *markers: Marker,
    story: Callable[[Player], Awaitable[None]] | None = None,
    leaps: bool = False,
) -> tuple[list[bytes], list[tuple[str, int]]]:
    """(frames heard, what was told)."""

    async def main(clock: LoopClock) -> tuple[list[bytes], list[tuple[str, int]]]:
        ear, source, told = Ear(), Source(), Told(clock.now)
        source.connect(ear)
        ticker = LeapingTicker(virtual_loop()) if leaps else LoopTicker()
        player = Player(ticker, tape, source, told)
        for marker in markers:
            player.mark(marker)
        player.start()
        if story is not None:
            await story(player)
        await asyncio.sleep(seconds)
        return ear.frames, told.all

    return run_virtual(main)


@given(st.integers(1, 5000), st.booleans(), st.lists(st.integers(-320, 320), max_size=4))
def test_with_leaps_it_plays_and_tells_the_same_in_the_same_moments(
    samples: int, loop: bool, places: list[int]
) -> None:
    pcm = b"".join((number % 30_000).to_bytes(2, "little") for number in range(samples))
    markers = [Marker(place) for place in places]

    def of(leaps: bool) -> object:
        tape = JoinedTape([PcmTape(pcm), PcmTape(pcm[:1500], loop)])
        return played(tape, 0.61, *markers, leaps=leaps)

    assert of(leaps=True) == of(leaps=False)


def test_it_plays_once_fills_up_the_last_frame_and_says_when_it_is_done() -> None:
    frames, told = played(PcmTape(b"\x01\x02" * 500), 1)
    assert frames == [b"\x01\x02" * 320, b"\x01\x02" * 180 + bytes(280)]
    assert told == [("finished", 60)]


@pytest.mark.parametrize("loop", [True, False])
def test_nothing_to_play_is_finished_at_once(loop: bool) -> None:
    assert played(PcmTape(b"", loop), 1) == ([], [("finished", 20)])


@given(st.integers(1, 1000))
def test_a_loop_has_no_seam_and_never_finishes(samples: int) -> None:
    pcm = b"".join(number.to_bytes(2, "little") for number in range(samples))
    frames, told = played(PcmTape(pcm, loop=True), 0.5)
    heard = b"".join(frames)
    assert heard == (pcm * (len(heard) // len(pcm) + 1))[: len(heard)]
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert (len(frames) >= 24, told) == (True, [])


def test_it_goes_on_where_it_was_paused() -> None:
    async def story(player: Player) -> None:
        await asyncio.sleep(0.11)
        player.stop()
        await asyncio.sleep(1)
        player.start()

    frames, told = played(PcmTape(b"\x01\x02" * 3200), 2, story=story)
    assert frames == [b"\x01\x02" * 320] * 10
    assert told == [("finished", 1220)]


def test_markers_come_with_the_frame_they_are_in() -> None:
    tape = PcmTape(bytes(32_000))  # 1000 ms
    markers = [Marker(n) for n in (100, 0, 999, -1000, -250, 1000, 1001, -5000)]
    _, told = played(tape, 2, *markers)
    assert told == [
        ("0", 20), ("-1000", 20), ("-5000", 20), ("100", 120), ("-250", 760), ("999", 1000), ("1000", 1000),
        ("finished", 1020),
    ]  # fmt: skip


def test_a_marker_that_is_behind_is_not_told_and_in_a_loop_once() -> None:
    async def story(player: Player) -> None:
        await asyncio.sleep(0.2)
        player.mark(Marker(100))
        player.mark(Marker(300))

    assert played(PcmTape(bytes(32_000)), 2, story=story)[1] == [("300", 320), ("finished", 1020)]
    assert played(PcmTape(bytes(3200), loop=True), 2, Marker(50), Marker(-10))[1] == [
        ("50", 60),
        ("-10", 100),
    ]


def test_markers_of_a_segment() -> None:
    tape = JoinedTape([PcmTape(bytes(9600)), PcmTape(bytes(9600))])  # 300 ms each
    _, told = played(tape, 2, Marker(100, 1), Marker(-100, 0), Marker(0, 1), Marker(100))
    assert told == [("100", 120), ("-100", 220), ("0", 320), ("100", 420), ("finished", 620)]


@given(st.lists(st.integers(-1200, 1200), max_size=8), st.integers(1, 1000))
def test_every_marker_within_the_tape_is_told_once_and_in_order(offsets: list[int], ms: int) -> None:
    _, told = played(PcmTape(bytes(32 * ms)), 2, *map(Marker, offsets))
    places = sorted(offset if offset >= 0 else max(0, ms + offset) for offset in offsets)
    found = [int(what) for what, _ in told[:-1]]
    assert [n if n >= 0 else max(0, ms + n) for n in found] == [place for place in places if place <= ms]
    assert told[-1][0] == "finished"


def test_a_tape_that_grows_too_slowly_is_told_of_once_each_time() -> None:
    tape = GrowingTape()
    tape.append(bytes(2 * AHEAD))

    async def story(player: Player) -> None:
        await asyncio.sleep(0.5)
        tape.append(bytes(2 * AHEAD))
        await asyncio.sleep(0.5)
        tape.append(bytes(640))
        tape.finish()

    frames, told = played(tape, 1, Marker(390), Marker(-10), story=story)
    assert told == [("starved", 220), ("390", 700), ("starved", 720), ("-10", 1020), ("finished", 1040)]
    assert len(frames) == 21
