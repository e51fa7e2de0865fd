"""Linked legs: the contract of every leg from both sides, and the sound between the two."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.legs.contract import Kind, LegContract, Line

from voxrun.legs.base import LegEvent
from voxrun.legs.linked import MOST_WAITING, LinkedLeg, linked_legs
from voxrun.media.frames import SILENCE, split
from voxrun.media.graph import Sink, Source
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)


class LinkedLine(Line):
    """One side is looked at, the other is the far end."""

    leg: LinkedLeg

    def __init__(self, leg: LinkedLeg, far: LinkedLeg) -> None:
        super().__init__(leg)
        self.far = far
        self.far_events: list[LegEvent] = []
        far.on_event = self.far_events.append
        self.far_ear = Ear()
        far.audio.connect(self.far_ear)

    async def answered(self) -> None:
        self.far.answer({})

    async def hang_up(self) -> None:
        self.far.hangup({})

    async def decline(self, code: int) -> None:
        self.far.reject(code, "", {})

    async def press(self, digits: str) -> None:
        self.far.send_dtmf(digits)

    async def info(self, mime: str, body: str) -> None:
        self.far.send_info(mime, body, {})

    async def message(self, text: str) -> None:
        self.far.send_message(text)

    async def hold(self, on: bool) -> None:
        self.far.hold(on)

    async def speak(self, pcm: bytes) -> None:
        for frame in split(pcm):
            self.far.sink.write(frame, self.far.audio)

    def heard(self) -> bytes:
        return b"".join(self.far_ear.frames)

    def told(self) -> list[tuple[str, Any]]:
        keys = "".join(event.data["digit"] for event in self.far_events if event.kind == "dtmf")
        told: list[tuple[str, Any]] = [("dtmf", keys)] if keys else []
        for event in self.far_events:
            if event.kind == "info":
                told.append(("info", (event.data["mime"], event.data["body"])))
            elif event.kind == "message":
                told.append(("message", event.data["text"]))
        return told


class Linked(Kind):
    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        async def main(clock: LoopClock) -> None:
            await story()

        run_virtual(main)

    async def incoming(self) -> Line:
        outgoing, incoming = linked_legs(LoopTicker())
        return LinkedLine(incoming, outgoing)

    async def outgoing(self) -> Line:
        outgoing, incoming = linked_legs(LoopTicker())
        incoming.ring({})
        return LinkedLine(outgoing, incoming)


class TestContract(LegContract):
    kind = Linked()
    reinvites = True


def play(story: Callable[[LinkedLeg, LinkedLeg, list[str]], Awaitable[None]]) -> list[str]:
    """A story with both legs; gives what each was told, in order: "out answered", "in dtmf"..."""
    told: list[str] = []

    async def main(clock: LoopClock) -> None:
        ticker = LoopTicker()
        outgoing, incoming = linked_legs(ticker)
        for name, leg in (("out", outgoing), ("in", incoming)):
            leg.on_event = lambda event, name=name: told.append(  # type: ignore[misc]
                " ".join(str(v) for v in (name, event.kind, event.data.get("code", "")) if v != "")
            )
        await story(outgoing, incoming, told)
        await outgoing.close()
        await incoming.close()
        assert ticker._nodes == {}

    run_virtual(main)
    return told


def test_both_sides_see_one_call() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        incoming.ring({})
        incoming.early_media({})
        incoming.answer({"X-A": "b"})
        outgoing.send_dtmf("1pd")
        incoming.hangup({})

    assert play(story) == [
        "out ringing", "out early_media", "in answered", "out answered", "in dtmf", "in dtmf",
        "in ended 200", "out ended 200",
    ]  # fmt: skip


def test_a_refusal_fails_the_call_that_went_out() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        incoming.reject(486, "Busy", {})

    assert play(story) == ["in ended 486", "out failed 486"]


def test_a_session_that_closes_its_leg_ends_the_call_for_the_other() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        incoming.answer({})
        await incoming.close()

    assert play(story) == ["in answered", "out answered", "out ended 200"]


def test_sound_crosses_in_both_directions_and_silence_fills_the_rest() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        incoming.answer({})
        mouths, ears = [Source(), Source()], [Ear(), Ear()]
        for leg, mouth, ear in zip((outgoing, incoming), mouths, ears, strict=True):
            mouth.connect(leg.sink)
            leg.audio.connect(ear)
        mouths[0].push(b"a" * 640)
        mouths[1].push(b"b" * 640)
        await asyncio.sleep(0.05)
        assert ears[1].frames == [b"a" * 640, SILENCE]
        assert ears[0].frames == [b"b" * 640, SILENCE]

    play(story)


def test_before_the_answer_only_early_media_sounds() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        ears = [Ear(), Ear()]
        outgoing.audio.connect(ears[0])
        incoming.audio.connect(ears[1])
        await asyncio.sleep(0.1)
        assert ears[0].frames == []
        incoming.early_media({})
        await asyncio.sleep(0.1)
        assert (len(ears[0].frames), len(ears[1].frames)) == (5, 0)

    play(story)


def test_a_burst_is_bounded_and_a_backlog_melts_in_silence() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        mouth, ear = Source(), Ear()
        mouth.connect(outgoing.sink)
        incoming.audio.connect(ear)
        for number in range(100):
            mouth.push(bytes([number]) * 640)
        for _ in range(3):
            mouth.push(SILENCE)
        incoming.answer({})
        await asyncio.sleep(0.02 * MOST_WAITING + 0.05)
        sounds = [frame[0] for frame in ear.frames if frame is not SILENCE]
        assert sounds == [*range(103 - MOST_WAITING, 100)]

    play(story)


def test_what_was_taken_back_is_not_heard() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        mouth, ear = Source(), Ear()
        mouth.connect(outgoing.sink)
        incoming.audio.connect(ear)
        incoming.answer({})
        for _ in range(10):
            mouth.push(b"a" * 640)
        mouth.flush()
        await asyncio.sleep(0.05)
        assert ear.frames == [SILENCE, SILENCE]

    play(story)


def test_a_re_invite_crosses_and_so_does_its_answer() -> None:
    async def story(outgoing: LinkedLeg, incoming: LinkedLeg, told: list[str]) -> None:
        incoming.reinvite("a/b", "early", {})
        incoming.answer({})
        outgoing.reinvite("a/b", "c", {})
        incoming.accept_reinvite("a/b", "d", {})
        incoming.reinvite("a/b", "e", {})
        outgoing.reject_reinvite(603, "no", {})

    assert play(story)[2:6] == [
        "in reinvite",
        "out reinvite_accepted",
        "out reinvite",
        "in reinvite_rejected 603",
    ]
