"""The two ends of a call in the media graph."""

from __future__ import annotations

from collections.abc import Callable

from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source
from voxrun.media.runs import Run, Ticks
from voxrun.services.call_media import CallAudio, CallSink, Filter
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

RUN = Run(Ticks(0.0, 1, 3), b"x" * 1920)
QUIET = Run(Ticks(0.0, 1, 3), None)


class Ear(Sink):
    def __init__(self, most: int = 100) -> None:
        super().__init__()
        self.frames: list[bytes] = []
        self.most = most

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)

    def room(self, run: Run, source: Source) -> int:
        return min(self.most, run.count)

    def write_run(self, run: Run, source: Source) -> None:
        self.frames += run.frames()


class Upper(Filter):
    def change(self, frame: bytes) -> bytes:
        return frame.upper()


class Patient(Upper):
    """Takes silence at once."""

    passed_by = 0

    def passes(self, run: Run) -> bool:
        return run.pcm is None

    def passed(self, run: Run) -> None:
        self.passed_by += run.count


def play(story: Callable[[ScriptedLeg], None]) -> None:
    async def main(clock: LoopClock) -> None:
        story(ScriptedLeg(LoopTicker(), incoming=True))

    run_virtual(main)


def test_what_the_leg_gives_goes_through_the_filters_to_the_listeners() -> None:
    def story(leg: ScriptedLeg) -> None:
        out, ear = CallAudio(leg), Ear()
        out.source.connect(ear)
        leg.audio.push(b"one")
        out.filters.append(Upper())
        leg.audio.push(b"two")
        assert ear.frames == [b"one", b"TWO"]

    play(story)


def test_taps_hear_what_the_far_end_is_given() -> None:
    def story(leg: ScriptedLeg) -> None:
        sink, source, tap = CallSink(leg), Source(), Ear()
        sink.taps.append(tap)
        source.connect(sink)
        source.push(b"x" * 640)
        assert tap.frames == [frame for _, frame in leg.heard] == [b"x" * 640]

    play(story)


def test_a_closed_way_in_lets_nothing_through() -> None:
    def story(leg: ScriptedLeg) -> None:
        sink, source, tap = CallSink(leg), Source(), Ear()
        sink.taps.append(tap)
        source.connect(sink)
        sink.open = False
        source.push(b"x" * 640)
        source.flush()
        assert source.room(RUN) == 3
        source.push_run(RUN)
        assert tap.frames == leg.heard == []

    play(story)


def test_runs_of_frames_go_the_same_ways_as_frames_as_far_as_everybody_has_room() -> None:
    def story(leg: ScriptedLeg) -> None:
        out, ear = CallAudio(leg), Ear(2)
        out.source.connect(ear)
        assert leg.audio.room(RUN) == 2
        leg.audio.push_run(RUN.cut(2))
        assert ear.frames == [b"x" * 640] * 2
        out.filters.append(Upper())
        assert leg.audio.room(RUN) == 0  # filters take frame by frame what they may change
        leg.audio.push_run(RUN.cut(1))
        assert ear.frames.pop() == b"X" * 640
        out.filters.clear()
        out.filters.append(Patient())
        assert (leg.audio.room(RUN), leg.audio.room(QUIET)) == (0, 2)
        leg.audio.push_run(QUIET)
        assert out.filters[0].passed_by == 3
        assert ear.frames == [b"x" * 640] * 2 + [SILENCE] * 3
        sink, source, tap = CallSink(leg), Source(), Ear(1)
        source.connect(sink)
        assert source.room(RUN) == 3
        sink.taps.append(tap)
        assert source.room(RUN) == 1
        source.push_run(RUN.cut(1))
        assert tap.frames == [frame for _, frame in leg.heard] == [b"x" * 640]

    play(story)
