"""How late a call is whose voice AI gives back all it hears, on a machine that stands still now and then:
nothing that a stall puts in may stay. Connector and leg with their real queues, in virtual time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from voxrun.connectors.downlink import Downlink
from voxrun.connectors.uplink import Uplink
from voxrun.legs.webrtc import media, rtp
from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.media import MediaPath
from voxrun.legs.webrtc.sdp import Codec, Offer
from voxrun.media.graph import Sink, Source
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import VirtualLoop, run_virtual

SECONDS = 40
CLICK_EVERY = 57
CLICK = np.full(320, 9000, "<i2").tobytes()
NOISE = {"quiet": np.full(320, 10, "<i2").tobytes(), "loud": np.full(320, 1000, "<i2").tobytes()}
OPUS = Codec("opus", 111, 48000)


class Plain(AudioCodec):
    """A codec that sends the first sample."""

    def decode(self, payload: bytes) -> bytes:
        return payload

    def conceal(self, samples: int) -> bytes:
        return bytes(2 * samples)

    def encode(self, frame: bytes) -> bytes:
        return frame[:2]


class Wire:
    """A port that keeps when clicks left."""

    def __init__(self) -> None:
        self.ssrc, self.cname = 1, "us"
        self.on_rtp: Callable[[bytes], None] | None = None
        self.on_rtcp: Callable[[bytes], None] | None = None
        self.clicks: list[float] = []

    def send(self, packet: bytes) -> bool:
        parsed = rtp.parse(packet)
        if parsed is not None and parsed.payload == CLICK[:2]:
            self.clicks.append(asyncio.get_running_loop().time())
        return True

    def send_rtcp(self, packet: bytes) -> bool:
        return True

    def close(self) -> None:
        pass


class Echo:
    """A call: a caller who sends a frame every 20 ms, and a voice AI one ms away."""

    def __init__(self, noise: bytes) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.loop = loop
        self.noise = noise
        self.wire = Wire()
        self.sent: list[float] = []
        self.awake_at = 0.0
        """Until then the machine stands still: neither the caller nor the voice AI does anything."""
        frames: deque[bytes] = deque(maxlen=media.MAX_QUEUE)
        self.path = path = MediaPath(Offer("", OPUS, 110, (), 0), Plain(OPUS), self.wire, frames)

        class Leg(Sink):
            def write(self, frame: bytes, source: Source) -> None:
                frames.append(frame)
                path.written()

        self.caller, back, ticker = Source(), Source(), LoopTicker()
        back.connect(Leg())
        self.down = Downlink(back, ticker, lambda: None, lambda seconds: None)
        self.up = Uplink(ticker, lambda pcm: self.later(0.001, self.down.receive, pcm))
        self.caller.connect(self.up)
        self.up.open()

    def later(self, seconds: float, work: Callable[[bytes], None], pcm: bytes) -> None:
        self.loop.call_at(max(self.loop.time() + seconds, self.awake_at + seconds), work, pcm)

    def send(self, number: int) -> None:
        click = number > 2 * CLICK_EVERY and number % CLICK_EVERY < 3
        if click and number % CLICK_EVERY == 0:
            self.sent.append(self.due)
        self.later(0.0, self.caller.push, CLICK if click else self.noise)

    async def run(self) -> None:
        await asyncio.sleep(0.017)
        zero = self.loop.time()
        for number in range(SECONDS * 50):
            self.due = zero + number * 0.02
            await asyncio.sleep(max(0.0, self.due - self.loop.time()))
            self.send(number)
        await asyncio.sleep(1)
        self.path.close()
        self.up.close()
        self.down.finish()

    async def stalls(self, random: Random) -> None:
        while True:
            await asyncio.sleep(0.8 + 1.4 * random.random())
            until = self.loop.time() + 0.07 + 0.06 * random.random()
            self.awake_at = until + 0.003 * random.random()  # who is the first is chance
            self.loop.advance(until)

    @property
    def round_trips(self) -> list[float]:
        """ms from each click to the first packet of it."""
        heard = self.wire.clicks
        first = [at for n, at in enumerate(heard) if n == 0 or at - heard[n - 1] > 0.3]
        return [1e3 * min(at - sent for at in first if at >= sent) for sent in self.sent]


@pytest.mark.parametrize("noise", NOISE)
def test_an_unbroken_echo_stays_in_time_on_a_machine_that_stalls(noise: str) -> None:
    async def main(clock: LoopClock) -> list[float]:
        echo = Echo(NOISE[noise])
        stalling = asyncio.create_task(echo.stalls(Random(6)))
        await echo.run()
        stalling.cancel()
        return echo.round_trips

    ways = sorted(run_virtual(main))
    assert len(ways) > SECONDS - 10
    assert ways[0] < 10
    assert ways[len(ways) * 9 // 10] < 45
