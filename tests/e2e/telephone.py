"""A caller without a browser: aiortc at the WHIP door, with a mouth that can be told what to say."""

from __future__ import annotations

import asyncio
import fractions
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from tests.e2e.sounds import piecewise

from voxrun.legs.webrtc.aiortc_private import close_peer, offer_loopback
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE, split


class Mouth(MediaStreamTrack):
    """Plays what it is given, in real time; silence otherwise, or a steady ``hum`` that repeats."""

    kind = "audio"

    def __init__(self, hum: bytes = b"") -> None:
        super().__init__()
        self.waiting: deque[bytes] = deque()
        self._hum = list(split(hum))
        self._sent = 0
        self._zero: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._zero = loop.time() if self._zero is None else self._zero
        await asyncio.sleep(max(0.0, self._zero + self._sent * FRAME_MS / 1000 - loop.time()))
        pcm = self._hum[self._sent % len(self._hum)] if self._hum else SILENCE
        pcm = self.waiting.popleft() if self.waiting else pcm
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(pcm.ljust(FRAME_BYTES, b"\0"))
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._sent * FRAME_SAMPLES
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._sent += 1
        return frame


@dataclass(frozen=True, slots=True)
class Arrival:
    """One packet of audio: loop time at which it came, and its RTP time in seconds."""

    at: float
    rtp: float


@dataclass
class Telephone:
    """One call. ``heard`` is everything that came back."""

    base_url: str
    to: str = "100"
    hum: bytes = b""
    query: dict[str, str] = field(default_factory=dict)
    heard: bytearray = field(default_factory=bytearray)
    arrivals: list[Arrival] = field(default_factory=list)
    session: str = ""
    status: int = 0
    problem: dict[str, Any] = field(default_factory=dict)

    async def __aenter__(self) -> Telephone:
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.mouth = Mouth(self.hum)
        transceiver = self._peer.addTransceiver(self.mouth, direction="sendrecv")
        offer_loopback(transceiver)
        self._receiver: Any = transceiver.receiver
        self._listening: asyncio.Task[None] | None = None
        self._location = ""
        self._peer.on("track", self._on_track)
        return self

    async def __aexit__(self, *_: object) -> None:
        await close_peer(self._peer)
        if self._listening is not None:
            await asyncio.wait([self._listening], timeout=5)

    async def call(self, *, connect: bool = True) -> Telephone:
        """Call and wait for the answer; ``status`` says what came of it (201: answered).

        ``connect`` False does not wait for audio: a scenario may have hung up before.
        """
        await self._peer.setLocalDescription(await self._peer.createOffer())
        headers = {"Content-Type": "application/sdp"}
        url = f"{self.base_url}/whip/{self.to}"
        async with httpx.AsyncClient(timeout=90, trust_env=False, verify=False) as client:
            query = {"from": "phone", **self.query}
            sdp = self._peer.localDescription.sdp
            answer = await client.post(url, params=query, content=sdp, headers=headers)
        self.status = answer.status_code
        if answer.status_code != 201:
            self.problem = answer.json()
            return self
        self.session = answer.headers["X-Voxrun-Session"]
        self._location = self.base_url + answer.headers["Location"]
        self._watch_packets()
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        async with asyncio.timeout(20):
            while connect and self.state != "connected":
                changed = asyncio.get_running_loop().create_future()
                self._peer.once("connectionstatechange", lambda f=changed: f.done() or f.set_result(None))
                if self.state != "connected":
                    await changed
        return self

    @property
    def state(self) -> str:
        """ "new", "connecting", "connected", "closed" or "failed"; a far end that hangs up closes it."""
        return cast(str, self._peer.connectionState)

    def say(self, pcm: bytes) -> None:
        """Speak, after what still waits to be said."""
        self.mouth.waiting.extend(split(pcm))

    async def hears(self, said: bytes, seconds: float = 20.0) -> None:
        """Wait until ``said`` was heard, apart from slips of aiortc's jitter buffer.

        Looks twice a second, in another thread: audio must not wait for it.
        """
        best = 0.0
        try:
            async with asyncio.timeout(seconds):
                while best < 0.9:
                    await asyncio.sleep(0.5)
                    best = await asyncio.to_thread(piecewise, bytes(self.heard), said)
        except TimeoutError:
            raise AssertionError(f"not heard within {seconds:g} s: the correlation is {best:.2f}") from None

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait until ``condition()`` holds."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 (conditions of another process)
                await asyncio.sleep(0.02)

    async def over(self, seconds: float = 20.0) -> None:
        """Wait until the far end is gone."""
        await self.until(lambda: self.state in ("closed", "failed"), seconds)

    async def hang_up(self) -> int:
        """Gives the HTTP status: 200, or 404 when the call was over already."""
        async with httpx.AsyncClient(timeout=10, trust_env=False, verify=False) as client:
            return (await client.delete(self._location)).status_code

    def _on_track(self, track: MediaStreamTrack) -> None:
        self._listening = asyncio.ensure_future(self._listen(track))

    async def _listen(self, track: MediaStreamTrack) -> None:
        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        try:
            while True:
                frame = cast(AudioFrame, await track.recv())
                frame.pts = None
                for out in resampler.resample(frame):
                    self.heard += bytes(out.planes[0])[: out.samples * 2]
        except MediaStreamError:
            return

    def _watch_packets(self) -> None:
        """Note when packets come, before any jitter buffer."""
        receiver, loop = self._receiver, asyncio.get_running_loop()
        handle = receiver._handle_rtp_packet

        async def note(packet: Any, arrival_time_ms: int) -> None:
            self.arrivals.append(Arrival(loop.time(), packet.timestamp / 48_000))
            await handle(packet, arrival_time_ms)

        receiver._handle_rtp_packet = note
