"""What every kind of leg must do (voxrun.legs.base). A kind brings a ``Kind`` and subclasses ``LegContract``.

Each test plays one call: ``Line`` is a leg with its far end in the test's hands.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest
from tests.media.signals import pcm, sine

from voxrun.legs.base import Leg, LegEvent, MediaCounts
from voxrun.media.frames import FRAME_BYTES
from voxrun.media.graph import Sink, Source
from voxrun.media.levels import peak

FINAL = ("ended", "failed")
LOUD = pcm(sine(440, 500))
AUDIBLE = 1000
"""Of 32768."""


class Ear(Sink):
    """Keeps what the far end says."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)


class Line(ABC):
    """One call: the leg, its events, and its far end."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.events: list[LegEvent] = []
        self.ear = Ear()
        self._changed = asyncio.Event()
        leg.audio.connect(self.ear)
        leg.on_event = self._take

    def _take(self, event: LegEvent) -> None:
        self.events.append(event)
        self._changed.set()

    def kinds(self, *kinds: str) -> list[str]:
        """Kinds of the events so far, only those named if any are."""
        return [event.kind for event in self.events if not kinds or event.kind in kinds]

    async def wait(self, kind: str, count: int = 1) -> LegEvent:
        """The ``count``-th event of ``kind``."""
        async with asyncio.timeout(15):
            while self.kinds().count(kind) < count:
                self._changed.clear()
                await self._changed.wait()
        return [event for event in self.events if event.kind == kind][count - 1]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Look every 20 ms whether ``condition`` holds."""
        async with asyncio.timeout(15):
            while not condition():  # noqa: ASYNC110  (what is waited for has no event)
                await asyncio.sleep(0.02)

    @abstractmethod
    async def answered(self) -> None:
        """Incoming, after ``leg.answer()``: the far end takes the answer. Outgoing: it answers."""

    @abstractmethod
    async def hang_up(self) -> None:
        """The far end hangs up."""

    @abstractmethod
    async def decline(self, code: int) -> None:
        """Outgoing: the far end refuses."""

    @abstractmethod
    async def press(self, digits: str) -> None: ...

    @abstractmethod
    async def info(self, mime: str, body: str) -> None: ...

    @abstractmethod
    async def message(self, text: str) -> None: ...

    @abstractmethod
    async def hold(self, on: bool) -> None: ...

    @abstractmethod
    async def speak(self, pcm: bytes) -> None:
        """The far end says something (16 kHz mono s16le)."""

    @abstractmethod
    def heard(self) -> bytes:
        """What the far end has heard so far."""

    @abstractmethod
    def told(self) -> list[tuple[str, Any]]:
        """Keys, infos and messages that reached the far end: ("dtmf", digits), ("info", (mime, body)),
        ("message", text)."""

    async def close(self) -> None:
        await self.leg.close()


class Kind(ABC):
    """A kind of leg."""

    @abstractmethod
    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        """Run one test in the loop this kind wants."""

    @abstractmethod
    async def incoming(self) -> Line: ...

    @abstractmethod
    async def outgoing(self) -> Line:
        """A call that rings at the far end."""


class LegContract:
    """Subclass with ``kind``."""

    kind: ClassVar[Kind]
    transfers: ClassVar[bool] = False
    """Whether this kind can be transferred."""
    reinvites: ClassVar[bool] = False
    """Whether it takes re-INVITEs."""

    def play(self, incoming: bool, story: Callable[[Line], Awaitable[None]]) -> None:
        async def whole() -> None:
            line = await (self.kind.incoming() if incoming else self.kind.outgoing())
            try:
                await story(line)
            finally:
                await line.close()

        self.kind.run(whole)

    async def talk(self, line: Line, incoming: bool) -> None:
        """Bring a call to the point where both sides talk."""
        if incoming:
            line.leg.answer({})
        await line.answered()
        await line.wait("answered")

    @pytest.mark.parametrize("incoming", [True, False])
    def test_an_answered_call_says_so_once_and_gives_frames_of_20_ms(self, incoming: bool) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, incoming)
            await line.wait("first_audio")
            await line.until(lambda: len(line.ear.frames) >= 5)
            assert line.kinds("answered", "first_audio") == ["answered", "first_audio"]
            assert {len(frame) for frame in line.ear.frames} == {FRAME_BYTES}

        self.play(incoming, story)

    def test_a_second_answer_is_ignored(self) -> None:
        async def story(line: Line) -> None:
            line.leg.answer({})
            line.leg.answer({})
            await line.answered()
            await line.wait("answered")
            line.leg.answer({})
            await line.wait("first_audio")
            assert line.kinds("answered") == ["answered"]

        self.play(True, story)

    def test_events_before_anybody_listens_are_kept_in_order(self) -> None:
        async def story(line: Line) -> None:
            line.leg.on_event = None
            await line.message("one")
            await line.message("two")
            line.leg.hangup({})
            line.leg.on_event = line._take
            await line.wait("ended")
            assert line.kinds() == ["message", "message", "ended"]

        self.play(True, story)

    def test_a_call_is_rejected_with_its_code(self) -> None:
        async def story(line: Line) -> None:
            line.leg.reject(486, "Busy", {})
            event = await line.wait("ended")
            assert (event.data["code"], event.data["by"]) == (486, "local")

        self.play(True, story)

    def test_reject_after_the_answer_does_nothing(self) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, True)
            line.leg.reject(486, "Busy", {})
            assert line.kinds(*FINAL) == []

        self.play(True, story)

    def test_a_declined_call_fails_with_the_code(self) -> None:
        async def story(line: Line) -> None:
            await line.decline(603)
            assert (await line.wait("failed")).data["code"] == 603
            assert line.kinds(*FINAL) == ["failed"]

        self.play(False, story)

    @pytest.mark.parametrize("state", ["alerting", "ringing", "talking"])
    @pytest.mark.parametrize("side", ["local", "remote"])
    def test_an_incoming_call_ends_once_from_either_side(self, state: str, side: str) -> None:
        async def story(line: Line) -> None:
            if state == "ringing":
                line.leg.ring({})
            if state == "talking":
                await self.talk(line, True)
            await self.end(line, side)
            event = await line.wait("ended")
            assert event.data["by"] == side
            before_answer = 603 if side == "local" else 487
            assert event.data["code"] == (200 if state == "talking" else before_answer)
            await self.nothing_follows(line)

        self.play(True, story)

    @pytest.mark.parametrize("side", ["local", "remote"])
    def test_an_outgoing_call_that_talks_ends_once_from_either_side(self, side: str) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, False)
            await self.end(line, side)
            event = await line.wait("ended")
            assert (event.data["code"], event.data["by"]) == (200, side)
            await self.nothing_follows(line)

        self.play(False, story)

    def test_hanging_up_before_the_far_end_answers_fails_with_487(self) -> None:
        async def story(line: Line) -> None:
            line.leg.hangup({})
            assert (await line.wait("failed")).data["code"] == 487
            await self.nothing_follows(line)

        self.play(False, story)

    def test_keys_infos_and_messages_of_the_far_end_arrive(self) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, True)
            await line.press("4#")
            await line.info("application/json", '{"a":1}')
            await line.message("héllo")
            await line.wait("dtmf", 2)
            info, message = await line.wait("info"), await line.wait("message")
            assert [e.data["digit"] for e in line.events if e.kind == "dtmf"] == ["4", "#"]
            assert (info.data["mime"], info.data["body"]) == ("application/json", '{"a":1}')
            assert message.data["text"] == "héllo"

        self.play(True, story)

    def test_keys_infos_and_messages_reach_the_far_end(self) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, True)
            line.leg.send_dtmf("12")
            line.leg.send_info("text/plain", "body", {})
            line.leg.send_message("hello")
            await line.until(lambda: len(line.told()) >= 3)
            assert line.told() == [("dtmf", "12"), ("info", ("text/plain", "body")), ("message", "hello")]

        self.play(True, story)

    def test_hold_and_back(self) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, True)
            await line.hold(True)
            await line.hold(False)
            await line.wait("unhold")
            assert line.kinds("hold", "unhold") == ["hold", "unhold"]

        self.play(True, story)

    @pytest.mark.parametrize("incoming", [True, False])
    def test_on_hold_neither_side_hears_the_other(self, incoming: bool) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, incoming)
            await line.hold(True)
            await line.wait("hold")
            line.ear.frames.clear()
            before = len(line.heard())
            await line.speak(LOUD)
            source = Source()
            source.connect(line.leg.sink)
            for _ in range(10):
                source.push(LOUD[:FRAME_BYTES])
                await asyncio.sleep(0.02)
            await line.until(lambda: len(line.ear.frames) >= 10)
            assert {frame.strip(b"\0") for frame in line.ear.frames} == {b""}
            assert peak(line.heard()[before:]) < AUDIBLE
            await line.hold(False)
            await line.wait("unhold")
            for _ in range(10):
                source.push(LOUD[:FRAME_BYTES])
                await asyncio.sleep(0.02)
            await line.until(lambda: peak(line.heard()[before:]) > AUDIBLE)

        self.play(incoming, story)

    def test_hold_before_the_answer_and_holding_twice_mean_nothing(self) -> None:
        async def story(line: Line) -> None:
            await line.hold(True)
            await self.talk(line, True)
            await line.hold(True)
            await line.hold(True)
            await line.wait("hold")
            assert line.kinds("hold", "unhold") == ["hold"]

        self.play(True, story)

    def test_a_transfer_ends_in_one_event_that_says_how_it_went(self) -> None:
        async def story(line: Line) -> None:
            line.leg.transfer("100", None, {})
            assert line.kinds("transferred", "transfer_failed") == []
            await self.talk(line, True)
            line.leg.transfer("100", None, {"X-A": "b"})
            if not self.transfers:
                assert (await line.wait("transfer_failed")).data["code"] == 501
            line.leg.answer_refer(486, "Busy")
            assert line.kinds(*FINAL) == []

        self.play(True, story)

    def test_a_re_invite_ends_in_one_event_that_says_how_it_went(self) -> None:
        async def story(line: Line) -> None:
            line.leg.reinvite("a/b", "body", {})
            assert line.kinds("reinvite_accepted", "reinvite_rejected") == []
            await self.talk(line, True)
            line.leg.reinvite("a/b", "body", {})
            if not self.reinvites:
                assert (await line.wait("reinvite_rejected")).data["code"] == 488
            line.leg.accept_reinvite("a/b", "", {})
            line.leg.reject_reinvite(488, "", {})
            assert line.kinds(*FINAL) == []

        self.play(True, story)

    def test_packets_are_counted_both_ways(self) -> None:
        async def story(line: Line) -> None:
            assert line.leg.counts() == MediaCounts()
            await self.talk(line, True)
            source = Source()
            source.connect(line.leg.sink)
            for _ in range(10):
                source.push(LOUD[:FRAME_BYTES])
                await asyncio.sleep(0.02)
            await line.until(lambda: line.leg.counts().received >= 5 and line.leg.counts().sent >= 5)
            assert line.leg.counts().lost == 0

        self.play(True, story)

    def test_after_close_nothing_is_told(self) -> None:
        async def story(line: Line) -> None:
            await self.talk(line, True)
            seen = len(line.kinds(*FINAL))
            await line.leg.close()
            await line.leg.close()
            await line.hang_up()
            assert len(line.kinds(*FINAL)) == seen

        self.play(True, story)

    def test_the_call_hears_one_source_at_a_time(self) -> None:
        async def story(line: Line) -> None:
            first, second = Source(), Source()
            first.connect(line.leg.sink)
            second.connect(line.leg.sink)
            assert first.sinks == []
            assert line.leg.sink.sources == [second]

        self.play(True, story)

    async def end(self, line: Line, side: str) -> None:
        if side == "local":
            line.leg.hangup({})
        else:
            await line.hang_up()

    async def nothing_follows(self, line: Line) -> None:
        """Whatever is asked of a call that is over, nothing more is told."""
        count = len(line.events)
        line.leg.answer({})
        line.leg.ring({})
        line.leg.reject(486, "", {})
        line.leg.send_dtmf("1")
        line.leg.send_message("late")
        line.leg.transfer("100", None, {})
        line.leg.reinvite("a/b", "", {})
        line.leg.accept_reinvite("a/b", "", {})
        line.leg.reject_reinvite(488, "", {})
        line.leg.answer_refer(200, "")
        line.leg.hangup({})
        await line.hang_up()
        await asyncio.sleep(0.05)
        assert line.kinds()[count:] == []
