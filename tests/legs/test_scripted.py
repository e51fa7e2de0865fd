"""The scripted leg: the contract of every leg, and its far end in the hands of a script."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.legs.contract import Kind, LegContract, Line

from voxrun.legs.base import LegEvent
from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class ScriptedLine(Line):
    """One call whose far end is ``leg.remote``."""

    leg: ScriptedLeg

    async def answered(self) -> None:
        if not self.leg.incoming:
            self.leg.remote.answer()

    async def hang_up(self) -> None:
        self.leg.remote.hang_up()

    async def decline(self, code: int) -> None:
        self.leg.remote.refuse(code)

    async def press(self, digits: str) -> None:
        self.leg.remote.press(digits)

    async def info(self, mime: str, body: str) -> None:
        self.leg.remote.info(mime, body)

    async def message(self, text: str) -> None:
        self.leg.remote.message(text)

    async def hold(self, on: bool) -> None:
        self.leg.remote.hold(on)

    async def speak(self, pcm: bytes) -> None:
        self.leg.remote.speak(pcm)

    def heard(self) -> bytes:
        return self.leg.heard_pcm()

    def told(self) -> list[tuple[str, Any]]:
        kinds = {"dtmf": "digits", "message": "text"}
        return [
            (what, data[kinds[what]]) if what in kinds else (what, (data["mime"], data["body"]))
            for what, data in self.leg.log
            if what in ("dtmf", "info", "message")
        ]


class Scripted(Kind):
    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        async def main(clock: LoopClock) -> None:
            await story()

        run_virtual(main)

    async def incoming(self) -> Line:
        return ScriptedLine(ScriptedLeg(LoopTicker(), incoming=True))

    async def outgoing(self) -> Line:
        line = ScriptedLine(ScriptedLeg(LoopTicker(), incoming=False))
        line.leg.remote.ring()
        return line


class TestContract(LegContract):
    kind = Scripted()


class Ear(Sink):
    """Keeps frames with their time in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[tuple[int, bytes]] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append((round(asyncio.get_running_loop().time() * 1000), frame))


def play(story: Callable[[ScriptedLeg, Ear], Awaitable[None]], incoming: bool = True) -> list[LegEvent]:
    """A story with a leg; gives the events it told."""
    events: list[LegEvent] = []

    async def main(clock: LoopClock) -> None:
        ticker = LoopTicker()
        leg, ear = ScriptedLeg(ticker, incoming), Ear()
        leg.audio.connect(ear)
        leg.on_event = events.append
        await story(leg, ear)
        await leg.close()
        ticker.close()

    run_virtual(main)
    return events


def test_a_connected_leg_gives_a_frame_every_20_ms_speech_or_the_one_silence() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.answer({})
        await asyncio.sleep(0.05)
        leg.remote.speak(b"ab" * 400)
        await asyncio.sleep(0.07)
        assert [at for at, _ in ear.frames] == [20, 40, 60, 80, 100, 120]
        assert ear.frames[2][1] == b"ab" * 320
        assert ear.frames[3][1] == b"ab" * 80 + bytes(480)
        assert all(frame is SILENCE for _, frame in (*ear.frames[:2], *ear.frames[4:]))

    play(story)


def test_speech_queues_up_and_can_be_cut_off() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.answer({})
        leg.remote.speak(b"a" * 640)
        leg.remote.speak(b"b" * 1280)
        await asyncio.sleep(0.05)
        leg.remote.fall_silent()
        await asyncio.sleep(0.05)
        assert [frame[:1] for _, frame in ear.frames] == [b"a", b"b", b"\0", b"\0", b"\0"]

    play(story)


def test_packets_stop_and_come_again() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.answer({})
        await asyncio.sleep(0.05)
        leg.remote.stop_sending()
        await asyncio.sleep(1)
        leg.remote.resume_sending()
        await asyncio.sleep(0.03)
        assert [at for at, _ in ear.frames] == [20, 40, 1060, 1080]

    play(story)


def test_early_media_gives_audio_before_the_answer() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.remote.ring({"X-A": "1"})
        await asyncio.sleep(0.1)
        assert ear.frames == []
        leg.remote.early_media()
        await asyncio.sleep(0.05)
        assert len(ear.frames) == 2
        leg.remote.answer()

    events = play(story, incoming=False)
    assert [event.kind for event in events] == ["ringing", "early_media", "first_audio", "answered"]
    assert events[0].data == {"headers": {"X-A": "1"}}


@pytest.mark.parametrize("way", ["hang_up", "refuse", "close"])
def test_after_its_end_a_leg_gives_no_audio_and_takes_nothing(way: str) -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.answer({})
        await asyncio.sleep(0.05)
        if way == "close":
            await leg.close()
        else:
            getattr(leg.remote, way)(486)
        count = len(ear.frames)
        leg.remote.resume_sending()
        leg.remote.speak(b"late")
        leg.sink.write(SILENCE, leg.audio)
        leg.send_info("a/b", "late", {})
        await asyncio.sleep(1)
        assert len(ear.frames) == count
        assert (leg.heard, leg.infos) == ([], [])

    play(story)


def test_what_it_heard_lies_on_a_grid_with_gaps_as_silence() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.sink.write(b"a" * 640, leg.audio)
        await asyncio.sleep(0.020)
        leg.sink.write(b"b" * 640, leg.audio)
        await asyncio.sleep(0.060)
        leg.sink.write(b"c" * 640, leg.audio)
        assert leg.heard_pcm() == b"a" * 640 + b"b" * 640 + SILENCE * 2 + b"c" * 640
        assert leg.heard_pcm(since_ms=50) == b"c" * 640

    play(story)


def test_what_was_asked_of_it_is_kept_in_order() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.ring({"A": "b"})
        leg.early_media({})
        leg.answer({})
        leg.send_dtmf("12")
        leg.send_message("hi")
        leg.hangup({"X": "y"})
        assert [what for what, _ in leg.log] == ["ring", "early_media", "answer", "dtmf", "message", "hangup"]
        assert leg.log[0][1] == {"headers": {"A": "b"}}
        assert (leg.digits, leg.messages) == ("12", ["hi"])

    play(story)


def test_keys_say_how_they_came() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.remote.press("1#", "inband")

    assert [event.data for event in play(story)] == [
        {"digit": "1", "method": "inband"},
        {"digit": "#", "method": "inband"},
    ]


def test_packets_that_stop_are_told_after_six_seconds_and_their_return_too() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.answer({})
        await asyncio.sleep(1)
        leg.remote.stop_sending()
        await asyncio.sleep(5)
        leg.remote.resume_sending()
        leg.remote.stop_sending()
        await asyncio.sleep(6.5)
        assert leg.over is False
        leg.remote.resume_sending()
        await asyncio.sleep(1)
        leg.remote.stop_sending()

    kinds = [event.kind for event in play(story)]
    assert kinds == ["answered", "first_audio", "rtp_stopped", "rtp_resumed"]


def test_a_sip_phone_follows_a_transfer_and_takes_the_other_with_it() -> None:
    async def main(clock: LoopClock) -> None:
        ticker = LoopTicker()
        legs = [ScriptedLeg(ticker, True, "sip"), ScriptedLeg(ticker, False, "pstn")]
        told: list[tuple[int, str]] = []
        for number, leg in enumerate(legs):
            leg.on_event = lambda event, number=number: told.append((number, event.kind))  # type: ignore[misc]
        legs[0].answer({})
        legs[1].remote.answer()
        legs[0].transfer("100", legs[1], {"X-A": "b"})
        assert legs[0].log[-1] == ("transfer", {"to": "100", "attended": legs[1], "headers": {"X-A": "b"}})
        legs[0].remote.go_over()
        assert told[2:] == [(0, "transferred"), (0, "ended"), (1, "ended")]
        ticker.close()

    run_virtual(main)


def test_a_sip_phone_takes_its_time_with_re_invites() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.can_reinvite = True
        leg.answer({})
        leg.reinvite("a/b", "c", {})
        leg.remote.accept_reinvite("a/b", "d")
        leg.reinvite("a/b", "e", {})
        leg.remote.reject_reinvite(488, "no")
        leg.remote.reinvite("a/b", "f")
        leg.accept_reinvite("a/b", "g", {})
        assert [what for what, _ in leg.log] == ["answer", "reinvite", "reinvite", "accept_reinvite"]

    events = play(story)
    assert [event.kind for event in events[1:]] == ["reinvite_accepted", "reinvite_rejected", "reinvite"]
    assert events[2].data == {"code": 488, "reason": "no", "headers": {}}


@pytest.mark.parametrize(("client", "wide"), [("pstn", False), ("user", True), ("sip", True), ("wab", True)])
def test_telephone_numbers_speak_in_narrow_band(client: str, wide: bool) -> None:
    async def main(clock: LoopClock) -> None:
        assert ScriptedLeg(LoopTicker(), True, client).wideband is wide

    run_virtual(main)


def test_an_answer_may_bring_custom_data() -> None:
    async def story(leg: ScriptedLeg, ear: Ear) -> None:
        leg.remote.answer({"X-A": "b"}, "from the app")

    assert play(story, incoming=False)[0].data == {"headers": {"X-A": "b"}, "custom_data": "from the app"}
