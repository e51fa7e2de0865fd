"""One call that carries speech both ways, for those who listen to what became of it.

The caller's packets are encoded beforehand as a browser would, and what comes back is decoded packet by
packet, without a jitter buffer: between the two there is the bridge and nothing else.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Final

import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from voxrun.legs.webrtc import opus
from voxrun.legs.webrtc.aiortc_private import RtpPort, close_peer, offer_loopback, tap
from voxrun.legs.webrtc.rtp import build, parse
from voxrun.media.frames import FRAME_BYTES, SILENCE, split

PERIOD: Final = 0.02
OPUS_TYPE: Final = 96
LOUD: Final = 500
"""The amplitude from which on a frame is speech."""
LEAD: Final = 50
"""Frames of silence before the speech: jitter buffers have their size by then."""
TAIL: Final = 50


@dataclass(frozen=True, slots=True)
class Lost:
    """Which packets the network loses in each direction, counted from the first; the seed decides."""

    share: float
    seed: int

    def packets(self, count: int) -> set[int]:
        chance = random.Random(self.seed)
        return {n for n in range(count) if chance.random() < self.share}


def packets(speech: bytes, fec: int) -> list[bytes]:
    """Speech (16 kHz mono s16le) with silence around it, as a browser's encoder makes packets of it: with FEC
    for so many per cent of loss, where the far end wants that."""
    encoder = opus.Encoder("voip", 32_000, 9, fec=fec > 0, expected_loss=fec)
    frames = [frame.ljust(FRAME_BYTES, b"\0") for frame in split(speech)]
    return [encoder.encode(frame) for frame in [SILENCE] * LEAD + frames + [SILENCE] * TAIL]


class SpeechCall:
    """``async with``: a call that is up. ``talk`` sends everything in real time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._transceiver = self._peer.addTransceiver("audio", direction="sendrecv")
        offer_loopback(self._transceiver)
        self._received: dict[int, bytes] = {}

    async def __aenter__(self) -> SpeechCall:
        ready: asyncio.Future[RtpPort] = asyncio.get_running_loop().create_future()
        tap(self._transceiver, lambda port: None if ready.done() else ready.set_result(port))
        await self._peer.setLocalDescription(await self._peer.createOffer())
        headers = {"Content-Type": "application/sdp"}
        async with httpx.AsyncClient(timeout=90, trust_env=False) as client:
            sdp = self._peer.localDescription.sdp
            answer = await client.post(f"{self._url}/whip/100?from=bench", content=sdp, headers=headers)
        if answer.status_code != 201:
            raise RuntimeError(f"the call was not taken: {answer.status_code} {answer.text[:200]}")
        self._location = self._url + answer.headers["Location"]
        self._wants_fec = "useinbandfec=1" in answer.text
        await self._peer.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        async with asyncio.timeout(20):
            self._port = await ready
        self._port.on_rtp = self._packet
        return self

    async def __aexit__(self, *_: object) -> None:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            await client.delete(self._location)
        await close_peer(self._peer)

    async def talk(self, speech: bytes, lost: Lost) -> None:
        """Send a packet each 20 ms; those that are lost leave a hole in the sequence numbers."""
        payloads = packets(speech, round(100 * lost.share) if self._wants_fec else 0)
        loop, missing = asyncio.get_running_loop(), lost.packets(len(payloads))
        zero = loop.time()
        for number, payload in enumerate(payloads):
            await asyncio.sleep(max(0.0, zero + number * PERIOD - loop.time()))
            if number not in missing:
                self._port.send(build(OPUS_TYPE, False, number, number * 960, self._port.ssrc, payload))

    def heard(self, lost: Lost) -> bytes:
        """What came, in order, 16 kHz mono s16le; lost packets are concealed as every decoder does."""
        numbers = range(min(self._received, default=0), max(self._received, default=-1) + 1)
        began = self._speech_begins(numbers)
        missing = lost.packets(len(numbers))
        decoder, pcm = opus.Decoder(), bytearray()
        for number in numbers:
            payload = self._received.get(number)
            gone = payload is None or number - began in missing
            pcm += decoder.conceal() if gone or payload is None else decoder.decode(payload)
        return bytes(pcm)

    def _speech_begins(self, numbers: range) -> int:
        """The packet from which on packets are lost: the same words are hit in every bridge."""
        decoder = opus.Decoder()
        for number in numbers:
            pcm = decoder.decode(self._received[number]) if number in self._received else decoder.conceal()
            if int(np.frombuffer(pcm, "<i2").max(initial=0)) > LOUD:
                return number
        return numbers.start

    def _packet(self, data: bytes) -> None:
        packet = parse(data)
        if packet is None or packet.payload_type != OPUS_TYPE:
            return
        number = packet.sequence_number
        if self._received:  # sequence numbers go round at 65536
            latest = next(reversed(self._received))
            number = latest + (number - latest + (1 << 15)) % (1 << 16) - (1 << 15)
        self._received[number] = packet.payload
