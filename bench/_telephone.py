"""A caller for benchmarks: aiortc at the WHIP door, which notes when packets come and which are loud.

Packets are looked at as they arrive, before any jitter buffer: what is measured is when voxrun sent them.
"""

from __future__ import annotations

import asyncio
import fractions
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, cast

import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket, is_rtcp
from av.audio.frame import AudioFrame

from voxrun.legs.webrtc.aiortc_private import close_peer, offer_loopback
from voxrun.legs.webrtc.codec import make_codec
from voxrun.legs.webrtc.sdp import Codec
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE, split

LOUD_RMS: Final = 300.0
"""About -41 dBFS: far below what benchmarks play, far above what a codec makes of silence."""


def tone(ms: int, hertz: float = 440.0, amplitude: int = 8000) -> bytes:
    """16 kHz mono s16le."""
    at = np.arange(ms * SAMPLE_RATE // 1000) / SAMPLE_RATE
    return (amplitude * np.sin(2 * np.pi * hertz * at)).astype("<i2").tobytes()


def is_loud(pcm: bytes) -> bool:
    """Whether a person would hear it."""
    values = np.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(np.float64)
    return bool(len(values)) and float(np.sqrt(np.mean(values * values))) > LOUD_RMS


@dataclass(frozen=True, slots=True)
class Arrival:
    """One packet: loop time, and whether it holds sound."""

    at: float
    loud: bool


class Mouth(MediaStreamTrack):
    """Says what waits, silence otherwise; in real time."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[bytes] = deque()
        self._sent = 0
        self._zero: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._zero = loop.time() if self._zero is None else self._zero
        await asyncio.sleep(max(0.0, self._zero + self._sent * FRAME_MS / 1000 - loop.time()))
        pcm = self.waiting.popleft() if self.waiting else SILENCE
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(pcm.ljust(FRAME_BYTES, b"\0"))
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._sent * FRAME_SAMPLES
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._sent += 1
        return frame


class Telephone:
    """One call, from ``async with`` to its end. ``answered_at`` is when the answer came (loop time)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.mouth = Mouth()
        transceiver = self._peer.addTransceiver(self.mouth, direction="sendrecv")
        offer_loopback(transceiver)
        self._receiver: Any = transceiver.receiver
        self._sender: Any = transceiver.sender
        self._own = make_codec(Codec("opus", 111, 48000))
        self._codec = make_codec(Codec("opus", 111, 48000))
        self._changed = asyncio.Event()
        self._location = ""
        self.arrivals: list[Arrival] = []
        self.spoke_at: float | None = None
        """When the first loud packet of what was said last went out."""
        self.offered_at = 0.0
        self.answered_at = 0.0
        self.session = ""

    async def __aenter__(self) -> Telephone:
        loop = asyncio.get_running_loop()
        await self._peer.setLocalDescription(await self._peer.createOffer())
        headers = {"Content-Type": "application/sdp"}
        async with httpx.AsyncClient(timeout=90, trust_env=False) as client:
            await client.get(f"{self._url}/healthz")  # connected: what follows is the call alone
            self.offered_at = loop.time()
            answer = await client.post(
                f"{self._url}/whip/100?from=bench", content=self._peer.localDescription.sdp, headers=headers
            )
        self.answered_at = loop.time()
        if answer.status_code != 201:
            raise RuntimeError(f"the call was not taken: {answer.status_code} {answer.text}")
        self.session = answer.headers["X-Voxrun-Session"]
        self._location = self._url + answer.headers["Location"]
        self._receiver._handle_rtp_packet = self._packet
        self._watch_sender(self._sender.transport)
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            await client.delete(self._location)
        await close_peer(self._peer)

    async def _packet(self, packet: Any, arrival_time_ms: int) -> None:
        at = asyncio.get_running_loop().time()
        pcm = self._codec.decode(cast(bytes, packet.payload))
        self.arrivals.append(Arrival(at, is_loud(pcm)))
        self._changed.set()

    def _watch_sender(self, transport: Any) -> None:
        """Note when sound leaves: aiortc's own encoder holds a frame back, which is not voxrun's delay."""
        send = transport._send_rtp

        async def watched(data: bytes) -> None:
            if not is_rtcp(data):
                loud = is_loud(self._own.decode(RtpPacket.parse(data).payload))
                if loud and self.spoke_at is None:
                    self.spoke_at = asyncio.get_running_loop().time()
            await send(data)

        transport._send_rtp = watched

    def say(self, pcm: bytes) -> None:
        """Speak, from the next frame on."""
        self.spoke_at = None
        self.mouth.waiting.extend(split(pcm))

    def heard(self, since: float) -> list[float]:
        """When loud packets came from ``since`` on."""
        found = []
        for arrival in reversed(self.arrivals):
            if arrival.at < since:
                break
            if arrival.loud:
                found.append(arrival.at)
        return found[::-1]

    async def first_packet(self, seconds: float = 30.0) -> float:
        """Wait for audio of any kind; gives when its first packet came."""
        async with asyncio.timeout(seconds):
            while not self.arrivals:
                self._changed.clear()
                await self._changed.wait()
        return self.arrivals[0].at

    async def hears(self, since: float, seconds: float = 30.0) -> float:
        """Wait for sound; gives when the first packet of it came."""
        async with asyncio.timeout(seconds):
            while not (found := self.heard(since)):
                self._changed.clear()
                await self._changed.wait()
        return found[0]

    async def silence(self, ms: int, seconds: float = 30.0) -> None:
        """Wait until packets have been silent for so long."""
        async with asyncio.timeout(seconds):
            while True:
                tail = self.arrivals[-(ms // FRAME_MS) :]
                if len(tail) == ms // FRAME_MS and not any(arrival.loud for arrival in tail):
                    return
                self._changed.clear()
                await self._changed.wait()
