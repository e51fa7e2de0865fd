"""The WebRTC of one call of a phone: the offering side, with audio in frames and keys by RFC 4733.

aiortc does SDP, ICE, DTLS and SRTP; audio and keys go through the RTP path of the legs, which is as quick
in this direction: what is measured on the line is what the scenario does, and not a jitter buffer.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import Final

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from voxrun.errors import PeerError
from voxrun.legs.webrtc import aiortc_private
from voxrun.legs.webrtc.aiortc_private import RtpPort
from voxrun.legs.webrtc.codec import make_codec
from voxrun.legs.webrtc.media import MAX_QUEUE, MediaPath
from voxrun.legs.webrtc.sdp import Offer, read_offer

EVENTS: Final = 101
"""Payload type of telephone-event in our offers; aiortc gives 0, 8, 9 and 96 to audio."""
_AUDIO: Final = re.compile(r"^m=audio .*$", re.MULTILINE)


class Line:
    """See the module docstring. ``up`` is set when audio can flow. Made within the running loop."""

    def __init__(self) -> None:
        self.on_frame: Callable[[bytes], None] = lambda frame: None
        """Takes 20 ms of what the other side says (16 kHz mono s16le)."""
        self.on_digit: Callable[[str], None] = lambda digit: None
        """Takes a key that came as RTP."""
        self.up = asyncio.Event()
        self._frames: deque[bytes] = deque(maxlen=MAX_QUEUE)
        self._answer: Offer | None = None
        self._media: MediaPath | None = None
        self._network = True
        self._wire: Wire | None = None
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._connection.addTransceiver("audio", direction="sendrecv")
        try:
            aiortc_private.offer_loopback(transceiver)
            aiortc_private.tap(transceiver, self._ready)
        except AttributeError as error:
            raise PeerError(
                f"aiortc is of a version that real time does not know ({error}): voxrun doctor tells more"
            ) from None

    async def offer(self) -> str:
        """The whole offer, its candidates in it."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        return with_keys(self._connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """Take the other side's answer; the line goes up by itself. Raises PeerError."""
        self._answer = read_offer(answer)
        await self._connection.setRemoteDescription(RTCSessionDescription(self._answer.text, "answer"))

    def write(self, frame: bytes) -> None:
        """Send 20 ms of speech; silence goes by itself."""
        if self._media is not None:
            self._frames.append(frame)
            self._media.written()

    def press(self, digits: str) -> bool:
        """Send keys as RTP; False where the line has no telephone-event, or is not up."""
        if self._media is None or not self._media.can_send_keys:
            return False
        self._media.keys.queue(digits)
        return True

    def network(self, up: bool) -> None:
        """Whether packets of ours arrive; the connection outlives that they do not."""
        self._network = up
        if self._wire is not None:
            self._wire.up = up

    async def close(self) -> None:
        """End the connection. Idempotent."""
        media, self._media = self._media, None
        if media is not None:
            media.close()
        await self._connection.close()

    def _ready(self, port: RtpPort) -> None:
        if self._answer is None:
            return
        self._wire = Wire(port)
        self._wire.up = self._network
        media = MediaPath(self._answer, make_codec(self._answer.codec), self._wire, self._frames)
        media.on_frame = lambda frame: self.on_frame(frame)
        media.on_digit = lambda digit: self.on_digit(digit)
        self._media = media
        self.up.set()


class Wire:
    """A port whose packets get lost while it is not ``up``."""

    def __init__(self, port: RtpPort) -> None:
        self.ssrc, self.cname = port.ssrc, port.cname
        self.up = True
        self._port = port

    @property
    def on_rtp(self) -> Callable[[bytes], None] | None:
        return self._port.on_rtp

    @on_rtp.setter
    def on_rtp(self, take: Callable[[bytes], None] | None) -> None:
        self._port.on_rtp = take

    @property
    def on_rtcp(self) -> Callable[[bytes], None] | None:
        return self._port.on_rtcp

    @on_rtcp.setter
    def on_rtcp(self, take: Callable[[bytes], None] | None) -> None:
        self._port.on_rtcp = take

    def send(self, packet: bytes) -> bool:
        return self._port.send(packet) if self.up else True

    def send_rtcp(self, packet: bytes) -> bool:
        return self._port.send_rtcp(packet) if self.up else True

    def close(self) -> None:
        self._port.close()


def with_keys(sdp: str) -> str:
    """An offer of aiortc, which knows no telephone-event, with telephone-event at the clock of Opus."""
    keys = f"a=rtpmap:{EVENTS} telephone-event/48000\r\na=fmtp:{EVENTS} 0-15\r\n"
    return _AUDIO.sub(lambda found: f"{found[0].rstrip()} {EVENTS}\r", sdp, count=1) + keys
