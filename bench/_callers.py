"""Light callers for load: aiortc for ICE and DTLS, then packets encoded beforehand, over raw SRTP.

A ``talker`` speaks all the time. A ``clicker`` is silent but for three loud frames about once a second, by
which delay is measured; what comes back to it is decoded, to find them. A ``listener`` is silent and looks
for them too.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from voxrun.legs.webrtc import opus
from voxrun.legs.webrtc.aiortc_private import RtpPort, offer_loopback, tap
from voxrun.legs.webrtc.rtp import build, parse
from voxrun.media.frames import SILENCE, split

PERIOD: Final = 0.02
CLICK_EVERY: Final = 50
CLICK_MORE: Final = 3
"""Each clicker clicks in a rhythm of its own, so many frames slower than the one before: nobody's clicks can
be taken for another's."""
CLICK_FRAMES: Final = 3
LOUD: Final = 1500
"""The amplitude from which on a frame is a click."""
OPUS_TYPE: Final = 96


@cache
def speech() -> list[bytes]:
    """Ten seconds of packets of something like speech: syllables of a changing vowel."""
    rng = np.random.default_rng(7)
    t = np.arange(160_000) / 16_000
    pitch = 2 * np.pi * np.cumsum(130 + 30 * np.sin(2 * np.pi * 0.7 * t)) / 16_000
    wave = sum(np.sin(k * pitch) / k for k in range(1, 14)) + 0.1 * rng.standard_normal(len(t))
    wave = 5000 * wave * (0.3 + 0.7 * np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1))
    encoder = opus.Encoder("voip", 32_000, 5)
    return [encoder.encode(frame) for frame in split(wave.astype("<i2").tobytes())]


@cache
def silence() -> list[bytes]:
    encoder = opus.Encoder("voip", 32_000, 5)
    return [encoder.encode(SILENCE) for _ in range(20)][-1:]


@cache
def clicks() -> list[bytes]:
    """Loud packets of an encoder that comes out of silence."""
    encoder = opus.Encoder("voip", 32_000, 5)
    for _ in range(20):
        encoder.encode(SILENCE)
    at = np.arange(320 * CLICK_FRAMES) / 16_000
    tone = (9000 * np.sin(2 * np.pi * 600 * at)).astype("<i2").tobytes()
    return [encoder.encode(frame) for frame in split(tone)]


@dataclass(frozen=True, slots=True)
class Network:
    """What is between the caller and the bridge."""

    loss: float = 0.0
    jitter: float = 0.0
    """Seconds, evenly distributed."""


@dataclass
class Caller:
    """One call. Times are seconds of the monotonic clock: uvloop's own counts whole milliseconds."""

    url: str
    kind: Literal["talker", "clicker", "listener"]
    network: Network = field(default_factory=Network)
    seed: int = 0
    began: float = 0.0
    answer_s: float = 0.0
    sent: list[float] = field(default_factory=list)
    """When each click left (clicker)."""
    loud: list[float] = field(default_factory=list)
    """When loud packets came."""
    lateness: list[tuple[float, float]] = field(default_factory=list)
    """(arrival, seconds against the RTP time of the packet), of every packet."""
    own: list[tuple[float, float]] = field(default_factory=list)
    """(moment, seconds after its time) at which this caller itself was woken, of every packet it sends."""

    async def start(self, client: httpx.AsyncClient) -> None:
        loop = asyncio.get_running_loop()
        self._random = random.Random(self.seed)
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._peer.addTransceiver("audio", direction="sendrecv")
        offer_loopback(transceiver)
        ready: asyncio.Future[RtpPort] = loop.create_future()
        tap(transceiver, lambda port: None if ready.done() else ready.set_result(port))
        await self._peer.setLocalDescription(await self._peer.createOffer())
        sdp = self._peer.localDescription.sdp
        self.began = time.monotonic()
        headers = {"Content-Type": "application/sdp"}
        answer = await client.post(f"{self.url}/whip/100?from=load", content=sdp, headers=headers)
        self.answer_s = time.monotonic() - self.began
        if answer.status_code != 201:
            raise RuntimeError(f"the call was not taken: {answer.status_code} {answer.text[:200]}")
        self._location = self.url + answer.headers["Location"]
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        async with asyncio.timeout(20):
            self._port = await ready
        self._decoder = opus.Decoder()
        self._port.on_rtp = self._packet
        self._sequence, self._timestamp = 0, 0
        self._every = CLICK_EVERY + CLICK_MORE * self.seed
        self._frame = self._random.randrange(self._every)
        # Whole ms, as uvloop's timers have them: between two of them it would be woken again and again.
        self._zero = round(loop.time() + self._random.random() * PERIOD, 3)
        self._count = 0
        self._timer = loop.call_at(self._zero, self._tick)

    async def stop(self, client: httpx.AsyncClient) -> None:
        self._timer.cancel()
        await client.delete(self._location)
        await self._peer.close()

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self.own.append((time.monotonic(), loop.time() - self._zero - self._count * PERIOD))
        while self._zero + self._count * PERIOD <= loop.time() + 1e-4:
            self._count += 1
            self._send(loop)
        self._timer = loop.call_at(self._zero + self._count * PERIOD, self._tick)

    def _send(self, loop: asyncio.AbstractEventLoop) -> None:
        self._frame += 1
        at = self._frame % self._every
        if self.kind == "talker":
            payload = speech()[self._frame % len(speech())]
        elif self.kind == "clicker" and at < CLICK_FRAMES:
            payload = clicks()[at]
            if at == 0:
                self.sent.append(time.monotonic())
        else:
            payload = silence()[0]
        packet = build(OPUS_TYPE, False, self._sequence, self._timestamp, self._port.ssrc, payload)
        self._sequence = (self._sequence + 1) % (1 << 16)
        self._timestamp = (self._timestamp + 960) % (1 << 32)
        if self.network.loss and self._random.random() < self.network.loss:
            return
        if self.network.jitter:
            loop.call_later(self._random.random() * self.network.jitter, self._port.send, packet)
        else:
            self._port.send(packet)

    def _packet(self, data: bytes) -> None:
        now = time.monotonic()
        packet: Any = parse(data)
        if packet is None or packet.payload_type != OPUS_TYPE:
            return
        self.lateness.append((now, now - packet.timestamp / 48_000))
        if self.kind != "talker":
            pcm = np.frombuffer(self._decoder.decode(packet.payload), "<i2")
            if int(pcm.max(initial=0)) > LOUD:
                self.loud.append(now)
