"""The WebRTC of a phone: a call to one of our own legs over loopback."""

from __future__ import annotations

import asyncio

import pytest
from tests.legs.webrtc.test_leg import Far, voice
from tests.server.scripted import Events

from voxrun.errors import PeerError
from voxrun.legs.webrtc.leg import WebRtcLeg
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.legs.webrtc.sdp import read_offer
from voxrun.media.frames import split
from voxrun.media.graph import Sink, Source
from voxrun.media.levels import correlation
from voxrun.replay.live.line import Line, Wire, with_keys

OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96 9 0 8\r\na=rtpmap:96 opus/48000/2\r\n"


def test_keys_are_offered_at_the_clock_of_opus() -> None:
    lines = with_keys(OFFER).split("\r\n")
    assert lines[1] == "m=audio 9 UDP/TLS/RTP/SAVPF 96 9 0 8 101"
    assert "a=rtpmap:101 telephone-event/48000" in lines
    assert lines[-1] == ""


class Port:
    """A port that keeps what is sent."""

    ssrc, cname = 7, "c"

    def __init__(self) -> None:
        self.on_rtp = self.on_rtcp = None
        self.sent: list[bytes] = []
        self.closed = False

    def send(self, packet: bytes) -> bool:
        self.sent.append(packet)
        return True

    send_rtcp = send

    def close(self) -> None:
        self.closed = True


def test_a_wire_that_is_down_loses_what_is_sent_and_still_receives() -> None:
    port, came = Port(), []
    wire = Wire(port)  # type: ignore[arg-type]
    wire.on_rtp, wire.on_rtcp = came.append, came.append
    assert wire.send(b"1")
    wire.up = False
    assert wire.send(b"2")
    assert wire.send_rtcp(b"3")
    port.on_rtp(b"4")  # type: ignore[misc]
    port.on_rtcp(b"5")  # type: ignore[misc]
    wire.up = True
    assert wire.send_rtcp(b"6")
    wire.close()
    assert (port.sent, came, port.closed, wire.ssrc, wire.cname) == ([b"1", b"6"], [b"4", b"5"], True, 7, "c")
    assert (wire.on_rtp, wire.on_rtcp) == (port.on_rtp, port.on_rtcp)


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.heard = bytearray()

    def write(self, frame: bytes, source: Source) -> None:
        self.heard += frame


def best(heard: bytes, said: bytes, size: int = 6400) -> float:
    """How well the best 200 ms came through: a machine that stalls shifts the rest."""
    pieces = (said[at : at + size] for at in range(0, len(said) - size + 1, size))
    return max(correlation(heard, piece).value for piece in pieces)


@pytest.mark.live
@pytest.mark.alone
def test_audio_and_keys_go_both_ways() -> None:
    async def main() -> None:
        line, far = Line(), Far()
        offer = await line.offer()
        assert read_offer(offer).telephone_event == 101
        leg = await WebRtcLeg.incoming(far, offer, PeerConfig())
        events = Events(leg)
        ear = Ear()
        leg.audio.connect(ear)
        leg.answer({})
        await line.accept(await asyncio.wait_for(far.answers.get(), 10))
        await asyncio.wait_for(line.up.wait(), 10)
        await events.wait("answered")
        heard, pressed = bytearray(), []
        line.on_frame, line.on_digit = heard.extend, pressed.append
        assert line.press("7")
        leg.send_dtmf("12")
        there, back, source = voice(1, 1.0), voice(2, 1.0), Source()
        source.connect(leg.sink)
        for mine, theirs in zip(split(there), split(back), strict=True):
            line.write(mine)
            source.push(theirs)
            await asyncio.sleep(0.02)
        async with asyncio.timeout(10):
            while pressed != ["1", "2"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await events.wait("dtmf")).data["digit"] == "7"
        assert best(bytes(ear.heard), there) > 0.9
        assert best(bytes(heard), back) > 0.9
        await line.close()
        await line.close()
        assert not line.press("1")
        line.write(bytes(640))
        await leg.close()

    asyncio.run(main())


def test_an_answer_that_is_none_is_told() -> None:
    async def main() -> None:
        line = Line()
        await line.offer()
        with pytest.raises(PeerError, match="not SDP"):
            await line.accept("nonsense")
        await line.close()

    asyncio.run(main())
