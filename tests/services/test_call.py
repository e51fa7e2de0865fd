"""One call's state against a leg that does what no leg should."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.graph import Sink, Source
from voxrun.services.call import ALL_TONES, CallState, Timeouts
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Tap(Sink):
    """Keeps what it hears."""

    def __init__(self, heard: list[bytes]) -> None:
        super().__init__()
        self._heard = heard

    def write(self, frame: bytes, source: Source) -> None:
        self._heard.append(frame)


class Line:
    """A call on a scripted leg, with what it told."""

    def __init__(self, clock: LoopClock, incoming: bool) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.ticker = LoopTicker()
        self.leg = ScriptedLeg(self.ticker, incoming)
        self.call = CallState("c1", self.leg, incoming, clock, self._tell, Timeouts(60_000, 60_000))
        self.call.begin()

    def _tell(self, kind: str, call_id: str, fields: dict[str, Any]) -> None:
        assert call_id == "c1"
        self.told.append((kind, fields))

    def kinds(self) -> list[str]:
        return [kind.removeprefix("Call.") for kind, _ in self.told]


def play(story: Callable[[Line], Awaitable[None]], incoming: bool = True) -> None:
    async def main(clock: LoopClock) -> None:
        line = Line(clock, incoming)
        await story(line)
        await line.call.close()
        line.ticker.close()

    run_virtual(main)


def test_a_leg_that_answers_twice_is_connected_once() -> None:
    async def story(line: Line) -> None:
        for _ in range(2):
            line.leg.emit("answered", headers={})
        assert line.kinds() == ["AudioStarted", "Connected"]

    play(story, incoming=False)


def test_a_leg_that_rings_after_the_answer_is_not_heard() -> None:
    async def story(line: Line) -> None:
        line.leg.emit("answered", headers={})
        line.leg.emit("ringing", headers={})
        line.leg.emit("early_media", headers={})
        assert line.kinds() == ["AudioStarted", "Connected"]

    play(story, incoming=False)


@pytest.mark.parametrize("incoming", [True, False])
@pytest.mark.parametrize("last", ["ended", "failed"])
def test_a_leg_that_talks_on_after_its_end_is_not_heard(incoming: bool, last: str) -> None:
    async def story(line: Line) -> None:
        line.leg.emit(last, code=486, reason="", headers={})  # type: ignore[arg-type]
        told = len(line.told)
        for kind in ("ended", "failed", "answered", "ringing", "message", "dtmf", "first_audio", "hold"):
            line.leg.emit(kind, code=200, text="late", digit="1", headers={})  # type: ignore[arg-type]
        assert len(line.told) == told == 1

    play(story, incoming)


def test_an_outgoing_call_that_ends_before_it_was_connected_failed() -> None:
    async def story(line: Line) -> None:
        line.leg.emit("ended", code=480, reason="", by="error", headers={})
        assert line.told == [
            ("Call.Failed", {"code": 480, "reason": "Temporarily unavailable", "headers": {}})
        ]

    play(story, incoming=False)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("dtmf", {}),
        ("info", {"mime": 5}),
        ("message", {}),
        ("no such thing", {}),
    ],
)
def test_an_event_that_makes_no_sense_is_dropped_and_the_leg_hears_of_nothing(
    kind: str, data: dict[str, Any]
) -> None:
    async def story(line: Line) -> None:
        line.call.tones = ALL_TONES
        line.leg.emit(kind, **data)  # type: ignore[arg-type]
        assert line.told == []
        line.leg.emit("message", text="still there")
        assert line.kinds() == ["MessageReceived"]

    play(story)


@pytest.mark.parametrize("code", [None, 0, "busy", [486]])
def test_an_end_without_a_proper_code_is_still_the_end(code: object) -> None:
    async def story(line: Line) -> None:
        line.leg.emit("ended", code=code, headers={})
        assert [(kind, fields["internalCode"]) for kind, fields in line.told] == [("Call.Disconnected", 200)]
        assert line.call.over

    play(story)


@pytest.mark.parametrize("what", ["answer", "ring", "early_media", "reject"])
def test_what_is_for_incoming_calls_does_nothing_to_an_outgoing_leg(what: str) -> None:
    async def story(line: Line) -> None:
        method = getattr(line.call, what)
        method(486, {}) if what == "reject" else method({})
        assert line.leg.log == []
        assert line.told == []

    play(story, incoming=False)


def test_after_the_answer_ring_and_early_media_do_nothing() -> None:
    async def story(line: Line) -> None:
        line.call.answer({})
        line.call.ring({})
        line.call.early_media({})
        line.call.answer({})
        assert [what for what, _ in line.leg.log] == ["answer"]

    play(story)


def test_closing_declines_a_caller_who_still_waits_and_tells_nobody() -> None:
    async def story(line: Line) -> None:
        await line.call.close()
        await line.call.close()
        assert line.leg.log == [("reject", {"code": 603, "reason": "Declined", "headers": {}})]
        assert line.leg.over
        assert line.told == []

    play(story)


def test_closing_hangs_up_who_talks() -> None:
    async def story(line: Line) -> None:
        line.call.answer({})
        await asyncio.sleep(1)
        await line.call.close()
        assert [what for what, _ in line.leg.log] == ["answer", "close"]
        assert line.leg.over
        assert line.kinds() == ["Connected", "FirstAudioPacketReceived"]

    play(story)


def test_what_the_far_end_is_given_is_heard_by_taps() -> None:
    async def story(line: Line) -> None:
        heard: list[bytes] = []
        line.call.sink.taps.append(Tap(heard))
        line.call.answer({})
        line.call.sink.write(b"x" * 640, line.leg.audio)
        assert heard == [b"x" * 640]
        assert [frame for _, frame in line.leg.heard] == heard

    play(story)


def test_a_call_that_is_being_answered_can_be_spoken_to_at_once() -> None:
    """A real far end takes its time until audio flows; what is said meanwhile is its leg's to keep."""

    async def story(line: Line) -> None:
        line.leg.answer = lambda headers: None  # type: ignore[method-assign]
        assert not line.call.audible
        line.call.answer({})
        assert line.call.audible
        assert not line.call.connected
        line.call.sink.write(b"x" * 640, line.leg.audio)
        assert [frame for _, frame in line.leg.heard] == [b"x" * 640]

    play(story)
