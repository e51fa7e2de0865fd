"""A WebRTC program that calls: aiortc itself, as anybody would use it, in the test's own loop."""

from __future__ import annotations

import asyncio
import fractions
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from voxrun.legs.webrtc.aiortc_private import close_peer, offer_loopback


class PcmTrack(MediaStreamTrack):
    """Plays 16 kHz mono PCM in real time, then silence."""

    kind = "audio"

    def __init__(self, pcm: bytes = b"") -> None:
        super().__init__()
        self.pcm = pcm
        self._at = 0
        self._start: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._start = loop.time() if self._start is None else self._start
        await asyncio.sleep(max(0.0, self._start + self._at * 0.02 - loop.time()))
        piece = self.pcm[self._at * 640 : self._at * 640 + 640]
        frame = AudioFrame(format="s16", layout="mono", samples=320)
        frame.sample_rate = 16000
        frame.pts = self._at * 320
        frame.time_base = fractions.Fraction(1, 16000)
        frame.planes[0].update(piece + bytes(640 - len(piece)))
        self._at += 1
        return frame


class Caller:
    """Offers, takes the answer, records what it hears as 16 kHz mono."""

    def __init__(self, pcm: bytes = b"") -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.transceiver = self.connection.addTransceiver(PcmTrack(pcm), direction="sendrecv")
        offer_loopback(self.transceiver)
        self.heard = bytearray()
        self._task: asyncio.Task[None] | None = None
        self.connection.on("track", self._track)

    async def offer(self, telephone_event: bool = True, codecs: tuple[str, ...] = ()) -> str:
        if codecs:
            capabilities = self.transceiver.sender.getCapabilities("audio").codecs
            wanted = [c for name in codecs for c in capabilities if c.mimeType == f"audio/{name}"]
            self.transceiver.setCodecPreferences(wanted)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        sdp = self.connection.localDescription.sdp
        return with_telephone_event(sdp) if telephone_event else sdp

    async def take(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def connected(self) -> None:
        while self.connection.connectionState != "connected":
            changed = asyncio.get_running_loop().create_future()
            self.connection.once("connectionstatechange", lambda f=changed: f.done() or f.set_result(None))
            await asyncio.wait_for(changed, 10)

    async def close(self) -> None:
        await close_peer(self.connection)
        if self._task is not None:
            await asyncio.wait([self._task], timeout=5)

    def vanish(self) -> None:
        """Be gone without a word, as a machine whose cable is pulled."""
        connection: Any = self.transceiver.receiver.transport.transport._connection
        for protocol in connection._protocols:
            protocol.transport.close()

    async def send_packet(self, packet: Any) -> None:
        """Send a hand-made RTP packet over the connection's own SRTP."""
        await self.transceiver.sender.transport._send_rtp(packet.serialize())

    def take_payload_type(self, payload_type: int) -> None:
        """Let packets of a type that aiortc does not know through to its receiver object."""
        router = self.transceiver.receiver.transport._rtp_router
        router.register_receiver(self.transceiver.receiver, ssrcs=[], payload_types=[payload_type])

    def _track(self, track: MediaStreamTrack) -> None:
        self._task = asyncio.ensure_future(self._record(track))

    async def _record(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=16000)
        try:
            while True:
                frame = await track.recv()
                frame.pts = None
                for out in resampler.resample(frame):
                    self.heard += bytes(out.planes[0])[: out.samples * 2]
        except MediaStreamError:
            return


def with_telephone_event(sdp: str) -> str:
    """Offer keys as a browser does, at both clock rates (aiortc offers none)."""
    lines = []
    for line in sdp.split("\r\n"):
        if line.startswith("m=audio"):
            line += " 110 126"
        lines.append(line)
        if line.startswith("a=rtpmap:") and "a=rtpmap:110 telephone-event/48000" not in lines:
            lines += ["a=rtpmap:110 telephone-event/48000", "a=rtpmap:126 telephone-event/8000"]
    return "\r\n".join(lines)
