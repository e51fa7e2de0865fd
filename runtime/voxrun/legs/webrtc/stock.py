"""The way audio goes where the private names of aiortc that the fast path leans on are not as expected:
aiortc's own tracks, by its public names only.

It costs several times the processor, holds audio back by 100 ms and more, and knows no telephone-event: keys
are sent in band, and received only as messages. Calls work.
"""

from __future__ import annotations

import asyncio
import fractions
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from aiortc import MediaStreamTrack, RTCRtpTransceiver
from aiortc.mediastreams import MediaStreamError

from voxrun.legs.webrtc import telephone_event
from voxrun.legs.webrtc.quality import Quality
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE

FRAME_SECONDS: Final = FRAME_MS / 1000
RTP_SILENCE_SECONDS: Final = 6.0


class Mouth(MediaStreamTrack):
    """What the far end is sent: frames of a queue, one every 20 ms, silence where there is none."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.next: Callable[[], bytes] = lambda: SILENCE
        self._sent = 0
        self._zero: float | None = None

    async def recv(self) -> Any:
        from av.audio.frame import AudioFrame

        loop = asyncio.get_running_loop()
        if self._zero is None:
            self._zero = loop.time()
        await asyncio.sleep(max(0.0, self._zero + self._sent * FRAME_SECONDS - loop.time()))
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME_SAMPLES)
        frame.planes[0].update(self.next())
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._sent * FRAME_SAMPLES
        frame.time_base = fractions.Fraction(1, SAMPLE_RATE)
        self._sent += 1
        return frame


class StockPort:
    """A connected call on aiortc's own sender and receiver."""

    def __init__(self, transceiver: RTCRtpTransceiver, mouth: Mouth) -> None:
        self.transceiver = transceiver
        self.mouth = mouth


class StockMedia:
    """Both directions of a connected call; the same for the leg as ``media.MediaPath``."""

    can_send_keys = False

    def __init__(self, port: StockPort, frames: deque[bytes]) -> None:
        self.on_frame: Callable[[bytes], None] = lambda frame: None
        self.on_digit: Callable[[str], None] = lambda digit: None
        self.on_rtp: Callable[[bool, bool], None] = lambda flowing, first: None
        self.flowing = False
        self.tones: deque[bytes] = deque()
        self.keys = telephone_event.Sender(8_000)
        """Never sent."""
        self._frames = frames
        self._received = self._sent = 0
        self._loop = asyncio.get_running_loop()
        port.mouth.next = self._next
        self._listening = self._loop.create_task(self._listen(port.transceiver.receiver.track))
        self._quiet: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Stop both directions."""
        self._listening.cancel()
        if self._quiet is not None:
            self._quiet.cancel()

    def written(self) -> None:
        """A frame was added to the queue; it leaves in its turn."""

    def cut(self) -> None:
        """What waited was forgotten; silence follows in its turn."""

    @property
    def quality(self) -> Quality:
        """Frames counted as packets; aiortc's statistics are not asked."""
        return Quality(received=self._received, sent=self._sent)

    def _next(self) -> bytes:
        self._sent += 1
        frame = self._frames.popleft() if self._frames else SILENCE
        return self.tones.popleft() if self.tones else frame

    async def _listen(self, track: MediaStreamTrack) -> None:
        from av.audio.resampler import AudioResampler

        resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE, frame_size=FRAME_SAMPLES)
        while True:
            try:
                frame: Any = await track.recv()
            except MediaStreamError:
                return
            self._flows()
            frame.pts = None
            for out in resampler.resample(frame):
                pcm = bytes(out.planes[0])[:FRAME_BYTES]
                try:
                    self.on_frame(pcm)
                except Exception as error:  # a unit behind the leg must not end the call's audio
                    self._loop.call_exception_handler(
                        {"message": "webrtc: a frame of the far end was not digested", "exception": error}
                    )

    def _flows(self) -> None:
        self._received += 1
        if not self.flowing:
            self.flowing = True
            self.on_rtp(True, self._received == 1)
        if self._quiet is not None:
            self._quiet.cancel()
        self._quiet = self._loop.call_later(RTP_SILENCE_SECONDS, self._stopped)

    def _stopped(self) -> None:
        self.flowing = False
        self.on_rtp(False, False)
