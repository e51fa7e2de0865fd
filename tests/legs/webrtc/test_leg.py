"""The WebRTC leg against aiortc as the far end, over loopback."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import aioice.ice
import numpy as np
import pytest
from aiortc.rtp import RtpPacket
from tests.legs.contract import Kind, LegContract, Line
from tests.legs.webrtc.caller import Caller, PcmTrack

from voxrun.errors import PeerError
from voxrun.legs.base import Headers
from voxrun.legs.webrtc import media, telephone_event
from voxrun.legs.webrtc.far_end import By
from voxrun.legs.webrtc.leg import WebRtcLeg
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.media.graph import Sink, Source
from voxrun.media.levels import correlation, rms_dbfs

pytestmark = pytest.mark.live


def voice(seed: int, seconds: float = 2.0) -> bytes:
    """Noise shaped like speech: 300 to 3,000 Hz, in syllables."""
    size = int(seconds * 16000)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    at = np.fft.rfftfreq(size, 1 / 16000)
    wave = np.fft.irfft(np.where((at > 300) & (at < 3000), spectrum, 0), size)
    syllables = 0.6 + 0.4 * np.sin(np.arange(size) * (2 * np.pi * 3.1 / 16000) + seed)
    return bytes((wave * syllables * 9000).astype("<i2").tobytes())


class Far:
    """The signalling of the far end: answers go to the caller, the rest is written down."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Any]] = []
        self.answers: asyncio.Queue[str] = asyncio.Queue()
        self.ends: list[tuple[int, str, By]] = []

    def ringing(self, headers: Headers) -> None:
        self.said.append(("ringing", dict(headers)))

    def early(self, sdp: str, headers: Headers) -> None:
        self.said.append(("early", dict(headers)))
        self.answers.put_nowait(sdp)

    def answered(self, sdp: str | None, headers: Headers) -> None:
        self.said.append(("answered", dict(headers)))
        if sdp is not None:
            self.answers.put_nowait(sdp)

    def ended(self, code: int, reason: str, by: By, headers: Headers, duration: float) -> None:
        self.ends.append((code, reason, by))

    def dtmf(self, digits: str, method: str) -> None:
        self.said.append(("dtmf", digits))

    def info(self, mime: str, body: str, headers: Headers) -> None:
        self.said.append(("info", (mime, body)))

    def message(self, text: str) -> None:
        self.said.append(("message", text))


class WebRtcLine(Line):
    leg: WebRtcLeg

    def __init__(self, leg: WebRtcLeg, far: Far, caller: Caller, offer: str, outgoing: bool) -> None:
        super().__init__(leg)
        self.far, self.caller = far, caller
        self._offer, self._outgoing = offer, outgoing

    async def answered(self) -> None:
        if self._outgoing:
            await self.leg.far_answer(self._offer, {})
        await self.caller.take(await asyncio.wait_for(self.far.answers.get(), 10))

    async def hang_up(self) -> None:
        self.leg.far_hangup({})

    async def decline(self, code: int) -> None:
        self.leg.far_decline(code)

    async def press(self, digits: str) -> None:
        self.leg.far_dtmf(digits)

    async def info(self, mime: str, body: str) -> None:
        self.leg.far_info(mime, body, {})

    async def message(self, text: str) -> None:
        self.leg.far_message(text)

    async def hold(self, on: bool) -> None:
        self.leg.far_hold(on)

    async def speak(self, pcm: bytes) -> None:
        track = self.caller.transceiver.sender.track
        track.pcm = bytes(track._at * 640) + pcm

    def heard(self) -> bytes:
        return bytes(self.caller.heard)

    def told(self) -> list[tuple[str, Any]]:
        return [entry for entry in self.far.said if entry[0] in ("dtmf", "info", "message")]

    async def say(self, pcm: bytes) -> None:
        """Give the far end ``pcm`` in real time."""
        source = Source()
        source.connect(self.leg.sink)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(len(pcm) // 640):
            await asyncio.sleep(max(0.0, start + number * 0.02 - loop.time()))
            source.push(pcm[number * 640 : number * 640 + 640])
        source.disconnect_all()

    async def close(self) -> None:
        await super().close()
        await self.caller.close()


class WebRtc(Kind):
    """``pcm`` is what the far end says."""

    def __init__(self, pcm: bytes = b"", config: PeerConfig | None = None, **offer: Any) -> None:
        self._pcm, self._offer = pcm, offer
        self._config = config or PeerConfig()

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        async def limited() -> None:
            async with asyncio.timeout(30):
                await story()

        asyncio.run(limited())

    async def incoming(self) -> WebRtcLine:
        caller, far = Caller(self._pcm), Far()
        offer = await caller.offer(**self._offer)
        leg = await WebRtcLeg.incoming(far, offer, self._config)
        return WebRtcLine(leg, far, caller, offer, False)

    async def outgoing(self) -> WebRtcLine:
        caller, far = Caller(self._pcm), Far()
        leg = WebRtcLeg(far, self._config, outgoing=True)
        leg.far_ringing({})
        return WebRtcLine(leg, far, caller, await caller.offer(**self._offer), True)


class TestWebRtcLeg(LegContract):
    kind = WebRtc()


def play(kind: WebRtc, story: Callable[[WebRtcLine], Awaitable[None]], outgoing: bool = False) -> None:
    async def whole() -> None:
        line = await (kind.outgoing() if outgoing else kind.incoming())
        try:
            await story(line)
        finally:
            await line.close()

    kind.run(whole)


async def talk(line: WebRtcLine) -> None:
    line.leg.answer({})
    await line.answered()
    await line.wait("answered")


@pytest.mark.alone
@pytest.mark.parametrize("codec", ["opus", "G722", "PCMU", "PCMA"])
def test_audio_goes_both_ways(codec: str) -> None:
    up, down = voice(1), voice(2)

    async def story(line: WebRtcLine) -> None:
        await talk(line)
        await line.say(down)
        await asyncio.sleep(0.4)
        heard = b"".join(line.ear.frames)
        assert correlation(up, heard).value > 0.9
        assert correlation(down, bytes(line.caller.heard)).value > 0.9
        assert abs(correlation(up, bytes(line.caller.heard)).value) < 0.1

    play(WebRtc(up, codecs=(codec,)), story)


@pytest.mark.alone
def test_early_media_is_heard_before_the_answer_and_goes_one_way() -> None:
    down = voice(3, 1.0)

    async def story(line: WebRtcLine) -> None:
        line.leg.early_media({"X-Early": "1"})
        await line.answered()
        await line.caller.connected()
        await line.say(down)
        await asyncio.sleep(0.4)
        assert correlation(down, bytes(line.caller.heard)).value > 0.9
        assert line.ear.frames == []
        assert line.kinds() == []
        line.leg.answer({"X-Now": "2"})
        await line.wait("first_audio")
        assert line.kinds() == ["answered", "first_audio"]
        assert line.far.said == [("early", {"X-Early": "1"}), ("answered", {"X-Now": "2"})]

    play(WebRtc(voice(4)), story)


def test_answer_while_early_media_is_being_set_up() -> None:
    async def story(line: WebRtcLine) -> None:
        line.leg.early_media({})
        line.leg.answer({})
        await line.answered()
        await line.wait("answered")
        assert [what for what, _ in line.far.said] == ["early", "answered"]

    play(WebRtc(), story)


@pytest.mark.alone
def test_the_first_word_is_not_lost_when_the_scenario_speaks_at_once() -> None:
    word = voice(5, 0.4)

    async def story(line: WebRtcLine) -> None:
        line.leg.answer({})
        await line.say(word)  # before the far end even has the answer
        await line.answered()
        await line.wait("answered")
        await asyncio.sleep(0.9)
        found = correlation(word, bytes(line.caller.heard), 1500)
        assert found.value > 0.9

    play(WebRtc(), story)


def test_a_far_end_that_closes_its_connection_hangs_up() -> None:
    async def story(line: WebRtcLine) -> None:
        await talk(line)
        await line.caller.close()
        event = await line.wait("ended")
        assert (event.data["code"], event.data["by"]) == (200, "remote")

    play(WebRtc(), story)


def test_a_far_end_that_never_connects_ends_the_call_with_a_reason() -> None:
    async def story(line: WebRtcLine) -> None:
        line.leg.answer({})
        event = await line.wait("ended")
        assert event.data["by"] == "error"
        assert event.data["code"] == 488
        assert "media path" in event.data["reason"]

    play(WebRtc(config=PeerConfig(connect_seconds=0.3)), story)


def test_a_call_nobody_answers_ends_with_408() -> None:
    async def story(line: WebRtcLine) -> None:
        event = await line.wait("ended")
        assert (event.data["code"], event.data["by"]) == (408, "local")

    play(WebRtc(config=PeerConfig(no_answer_seconds=0.1)), story)


def test_a_garbage_offer_makes_no_leg_and_leaves_other_calls_alone() -> None:
    async def story(line: WebRtcLine) -> None:
        await talk(line)
        for garbage in ("", "hello", "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\n", "v=0\r\n\x00m=audio"):
            with pytest.raises(PeerError):
                await WebRtcLeg.incoming(Far(), garbage, PeerConfig())
        before = len(line.ear.frames)
        await line.until(lambda: len(line.ear.frames) > before + 5)

    play(WebRtc(), story)


def test_a_garbage_answer_leaves_the_outgoing_call_ringing() -> None:
    async def story(line: WebRtcLine) -> None:
        with pytest.raises(PeerError):
            await line.leg.far_answer("garbage", {})
        assert line.kinds() == ["ringing"]
        await line.answered()
        await line.wait("answered")

    play(WebRtc(), story, outgoing=True)


def test_only_the_first_answer_to_an_outgoing_call_counts() -> None:
    async def story(line: WebRtcLine) -> None:
        await line.answered()
        second = Caller()
        with pytest.raises(PeerError, match="answered or ended"):
            await line.leg.far_answer(await second.offer(), {})
        await second.close()
        await line.wait("answered")

    play(WebRtc(), story, outgoing=True)


@pytest.mark.alone
def test_two_calls_at_once_do_not_mix() -> None:
    one, two = voice(6), voice(7)

    async def story() -> None:
        lines = [await WebRtc(one).incoming(), await WebRtc(two).incoming()]
        for line in lines:
            await talk(line)
        await asyncio.sleep(2.3)
        heard = [b"".join(line.ear.frames) for line in lines]
        assert correlation(one, heard[0]).value > 0.9
        assert correlation(two, heard[1]).value > 0.9
        assert correlation(one, heard[1]).value < 0.1
        for line in lines:
            await line.close()

    WebRtc().run(story)


def test_keys_to_the_far_end_go_in_band_without_telephone_event() -> None:
    async def story(line: WebRtcLine) -> None:
        await talk(line)
        line.leg.send_dtmf("5")
        await asyncio.sleep(0.6)
        heard = np.frombuffer(bytes(line.caller.heard), "<i2").astype(float)
        spectrum = np.abs(np.fft.rfft(heard))
        at = np.fft.rfftfreq(heard.size, 1 / 16000)
        loudest = sorted(
            float(f) for f in (at[spectrum.argmax()], at[np.where(at > 1050, spectrum, 0).argmax()])
        )
        assert loudest[0] == pytest.approx(770, abs=15) or loudest[0] == pytest.approx(1336, abs=15)
        assert rms_dbfs(bytes(line.caller.heard)) > -45

    play(WebRtc(telephone_event=False), story)


def key(event: int, duration: int, end: bool, sequence: int, timestamp: int, ssrc: int) -> RtpPacket:
    body = struct.pack("!BBH", event, (0x80 if end else 0) | 10, duration)
    return RtpPacket(110, int(duration == 960), sequence, timestamp, ssrc, body)


def test_keys_by_rfc_4733_arrive_and_audio_goes_on_after_them() -> None:
    async def story(line: WebRtcLine) -> None:
        await talk(line)
        await line.wait("first_audio")
        ssrc, sequence = 0x1234, 500  # a stream of its own: the packets are made by hand
        for number, event in enumerate((1, 10, 11)):
            for duration in (960, 1920, 2880, 3840):
                await line.caller.send_packet(key(event, duration, False, sequence, 9000 * number, ssrc))
                sequence += 1
            for _ in range(3):
                await line.caller.send_packet(key(event, 4800, True, sequence, 9000 * number, ssrc))
                sequence += 1
        await line.wait("dtmf", 3)
        count = len(line.ear.frames)
        await line.until(lambda: len(line.ear.frames) > count + 10)
        digits = [(e.data["digit"], e.data["method"]) for e in line.events if e.kind == "dtmf"]
        assert digits == [("1", "rfc2833"), ("*", "rfc2833"), ("#", "rfc2833")]

    play(WebRtc(voice(8)), story)


def test_keys_to_the_far_end_go_by_rfc_4733_when_it_takes_them() -> None:
    async def story(line: WebRtcLine) -> None:
        packets: list[RtpPacket] = []
        receiver: Any = line.caller.transceiver.receiver
        handle = receiver._handle_rtp_packet

        async def tap(packet: RtpPacket, arrival_time_ms: int) -> None:
            packets.append(packet)
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = tap
        line.caller.take_payload_type(110)
        await talk(line)
        line.leg.send_dtmf("4D")
        await line.until(lambda: sum(p.payload_type == 110 for p in packets) >= 14)
        keys = telephone_event.Receiver()
        told = [keys.receive(p.timestamp, p.payload) for p in packets if p.payload_type == 110]
        assert [digit for digit in told if digit] == ["4", "D"]
        numbers = [p.sequence_number for p in packets]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    play(WebRtc(), story)


def test_rtp_that_stops_and_flows_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "RTP_SILENCE_SECONDS", 0.3)

    async def story(line: WebRtcLine) -> None:
        await talk(line)
        await line.wait("first_audio")
        line.caller.transceiver.sender.replaceTrack(None)
        await line.wait("rtp_stopped")
        line.caller.transceiver.sender.replaceTrack(PcmTrack())
        await line.wait("rtp_resumed")
        assert line.kinds("rtp_stopped", "rtp_resumed") == ["rtp_stopped", "rtp_resumed"]

    play(WebRtc(), story)


def test_a_far_end_that_vanishes_ends_the_call_as_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "CONSENT_INTERVAL", 0.1)
    monkeypatch.setattr(aioice.ice, "CONSENT_FAILURES", 2)

    async def story(line: WebRtcLine) -> None:
        await talk(line)
        await line.wait("first_audio")
        line.caller.vanish()
        event = await line.wait("ended")
        assert (event.data["code"], event.data["by"]) == (408, "error")
        assert "lost" in event.data["reason"]

    play(WebRtc(), story)


def test_datagrams_of_strangers_do_not_disturb_a_call() -> None:
    async def story(line: WebRtcLine) -> None:
        line.leg.answer({})
        answer = await asyncio.wait_for(line.far.answers.get(), 10)
        await line.caller.take(answer)
        await line.wait("first_audio")
        candidates = [entry.split() for entry in answer.split("\r\n") if entry.startswith("a=candidate")]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for port in [int(parts[5]) for parts in candidates if parts[4] == "127.0.0.1"]:
                for data in (b"", b"\x00", b"\x80", b"\x80\x6f" + bytes(30), b"\x16\xfe\xff" + bytes(40)):
                    stranger.sendto(data, ("127.0.0.1", port))
        before = len(line.ear.frames)
        await line.until(lambda: len(line.ear.frames) > before + 25)
        assert line.kinds() == ["answered", "first_audio"]

    play(WebRtc(voice(9)), story)


@pytest.mark.parametrize(
    ("codec", "wide"), [("opus", True), ("G722", True), ("PCMU", False), ("PCMA", False)]
)
def test_the_codec_says_whether_a_call_is_wideband(codec: str, wide: bool) -> None:
    async def story(line: WebRtcLine) -> None:
        assert line.leg.wideband is wide

    play(WebRtc(codecs=(codec,)), story)


def test_the_far_end_of_an_outgoing_call_is_heard_before_it_answers() -> None:
    said = voice(8)

    async def story(line: WebRtcLine) -> None:
        ear = Ear()
        line.leg.audio.connect(ear)
        await line.leg.far_early(line._offer, {"X-Early": "1"})
        second = Caller()
        with pytest.raises(PeerError, match="has audio already"):
            await line.leg.far_early(await second.offer(), {})
        await second.close()
        await line.caller.take(await asyncio.wait_for(line.far.answers.get(), 10))
        early = await line.wait("early_media")
        assert early.data == {"headers": {"X-Early": "1"}}
        assert line.leg.state == "PROGRESSING"
        await asyncio.wait_for(ear.heard.wait(), 10)
        assert line.kinds() == ["ringing", "early_media"]
        line.leg.far_accept({"X-Up": "1"})
        answered = await line.wait("answered")
        assert answered.data == {"headers": {"X-Up": "1"}}
        assert line.leg.state == "CONNECTED"

    play(WebRtc(said), story, outgoing=True)


class Ear(Sink):
    """``heard`` is set at the first frame that is not silent."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    def write(self, frame: bytes, source: Source) -> None:
        if any(frame):
            self.heard.set()
