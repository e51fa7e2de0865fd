"""The two ends of a call in the media graph."""

from __future__ import annotations

from collections.abc import Callable

from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.graph import Sink, Source
from voxrun.services.call_media import CallAudio, CallSink
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)


def play(story: Callable[[ScriptedLeg], None]) -> None:
    async def main(clock: LoopClock) -> None:
        story(ScriptedLeg(LoopTicker(), incoming=True))

    run_virtual(main)


def test_what_the_leg_gives_goes_through_the_filters_to_the_listeners() -> None:
    def story(leg: ScriptedLeg) -> None:
        out, ear = CallAudio(leg), Ear()
        out.source.connect(ear)
        leg.audio.push(b"one")
        out.filters.append(lambda frame: frame.upper())
        leg.audio.push(b"two")
        assert ear.frames == [b"one", b"TWO"]

    play(story)


def test_taps_hear_what_the_far_end_is_given() -> None:
    def story(leg: ScriptedLeg) -> None:
        sink, source, heard = CallSink(leg), Source(), list[bytes]()
        sink.taps.append(heard.append)
        source.connect(sink)
        source.push(b"x" * 640)
        assert heard == [frame for _, frame in leg.heard] == [b"x" * 640]

    play(story)


def test_a_closed_way_in_lets_nothing_through() -> None:
    def story(leg: ScriptedLeg) -> None:
        sink, source, heard = CallSink(leg), Source(), list[bytes]()
        sink.taps.append(heard.append)
        source.connect(sink)
        sink.open = False
        source.push(b"x" * 640)
        source.flush()
        assert heard == leg.heard == []

    play(story)
