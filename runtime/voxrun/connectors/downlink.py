"""The audio of a voice-AI client on its way from the provider: what comes in bursts is paced.

Messages of any length and rate come in, a frame goes out every 20 ms. Units hear 16 kHz mono s16le; where the
provider's rate is another, it is converted here, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from voxrun.media.frames import FRAME_BYTES, SAMPLE_RATE, SILENCE
from voxrun.media.graph import Source, Ticker
from voxrun.media.playout import PcmQueue
from voxrun.media.resample import Resampler
from voxrun.media.runs import FRAME_S, Leaper, Run, Ticks

LIVE_S: Final = 0.1
"""After a frame that was played ticks go on for so long: they tell a stall from a pause."""
PATIENCE_S: Final = 0.1
"""How long after a stall of the loop frames of the provider are given at once that should have been played
meanwhile. Played later instead, they would leave everything after them late."""
MOST_MISSED: Final = 10
"""Frames that are caught up with after one stall; as many as the ticker makes up for."""
MOST_DRY: Final = 15
"""Frames after which a stream that ran dry is no stalled one any more, but one that begins."""
QUIET_AFTER_S: Final = 1.0
"""Silence of the provider after which its media has ended, as on the platform."""


class Downlink(Leaper):
    """The provider's audio: ``receive`` takes what comes, ``source`` gives a frame every 20 ms.

    ``started`` is called when the first sound is played, ``ended(seconds)`` a second after the last one (or
    at the end) with the time from the first sound to the last.
    """

    def __init__(
        self, source: Source, ticker: Ticker, started: Callable[[], None], ended: Callable[[float], None]
    ) -> None:
        self.queue = PcmQueue()
        self._source = source
        self._ticker = ticker
        self._started = started
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._halves = SampleJoiner()
        self._first_sound: float | None = None
        self._last_sound = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._short = False
        self._dry = asyncio.Event()
        self._dry.set()
        self._resampler: Resampler | None = None
        self._ahead: Run | None = None
        self._ticked_at: float | None = None
        self._played_at = -QUIET_AFTER_S
        self._missed, self._patience = 0, 0.0

    def use_rate(self, rate: int) -> None:
        """The provider gives ``rate`` samples a second (before the first ``receive``)."""
        self._resampler = Resampler(rate, SAMPLE_RATE) if rate != SAMPLE_RATE else None

    def receive(self, pcm: bytes) -> None:
        """Queue audio of any length; what exceeds the queue is dropped and counted there."""
        pcm = self._halves.join(pcm)
        if not pcm:
            return
        self._short = False
        now = self._loop.time()
        dry = int((now - self._played_at) / FRAME_S)
        if 0 < dry <= MOST_DRY and len(self.queue) < FRAME_BYTES:
            self._miss(max(dry, self._missed), now)  # the other side may have stalled
        self.queue.push(pcm if self._resampler is None else self._resampler.process(pcm))
        self._dry.clear()
        while self._missed and now <= self._patience and len(self.queue) >= FRAME_BYTES:
            self._missed -= 1
            self._give(self.queue.peek(1), now)
            self.queue.skip(1)
        self._ticker.start(self)

    def clear(self) -> None:
        """Drop what was not played; the next tick has nothing."""
        self.queue.clear()
        self._halves.forget()
        if self._resampler is not None:
            self._resampler.reset()
        self._missed = 0
        self._played_at = self._loop.time() - QUIET_AFTER_S  # what comes next begins anew
        self._dry.set()

    def finish(self) -> None:
        """No more audio: drop the queue and report the end of media where it was playing."""
        self.clear()
        self._ticker.stop(self)
        self._end()

    async def drained(self) -> None:
        """Wait until all that came was played (or cleared)."""
        await self._dry.wait()

    def tick(self) -> bool:
        now = self._loop.time()
        late = self._notice_stall(now)
        # A rest shorter than a frame waits one tick for its continuation, then it is the end of a phrase.
        frame = self.queue.pop(partial=self._short)
        self._short = frame is None and len(self.queue) > 0
        if frame is not None:
            self._missed -= late and self._missed > 0
            self._give(frame, now)
            return True
        return self._short or self._rest(now)

    def _rest(self, now: float) -> bool:
        """A tick for which there is no audio; False when they are over."""
        self._dry.set()
        self._watch_quiet()
        if now - self._played_at >= LIVE_S:
            self._ticked_at = None
            return False
        # Nothing is there in its time: what comes next goes on at once. A stream that comes in real time
        # finds it so with each frame, and waits for no tick any more.
        self._miss(self._missed + 1, now)
        return True

    def _notice_stall(self, now: float) -> bool:
        """Whether this tick is late, or one of those that make up for late ones."""
        due = 1 if self._ticked_at is None else int((now - self._ticked_at) / FRAME_S + 1e-6)
        self._ticked_at = now
        if due > 1:
            self._miss(due, now)
        return due != 1

    def _miss(self, frames: int, now: float) -> None:
        """So many should have been played by now: they are given at once when they come soon."""
        self._missed, self._patience = min(frames, MOST_MISSED), now + PATIENCE_S

    def _give(self, frame: bytes, now: float) -> None:
        self._played_at = now
        if frame.count(0) == FRAME_BYTES:
            frame = SILENCE
            self._hush(now)
        else:
            self._sounds(now)
        self._source.push(frame)

    def ahead(self, ticks: Ticks) -> int:
        whole = len(self.queue) // FRAME_BYTES
        if not whole:
            self._ahead = None
            return self._rests(ticks)
        ticks = ticks.cut(whole)
        run = Run(ticks, self.queue.peek(ticks.count))
        told = self._first_told(run)
        self._ahead = run if told is None else run.cut(told + 1)
        return self._source.room(self._ahead)

    def _rests(self, ticks: Ticks) -> int:
        """How many of them have no audio, once the first one has told so."""
        told = self._dry.is_set() and (self._first_sound is None or self._timer is not None)
        if not told or len(self.queue):
            return 0
        left = (index for index in range(ticks.count) if ticks.time(index) - self._played_at >= LIVE_S)
        return next(left, ticks.count - 1) + 1

    def leap(self, ticks: Ticks) -> bool:
        if self._ahead is None:
            self._ticked_at = ticks.last
            return all(self._rest(ticks.time(index)) for index in range(ticks.count))
        run, self._ahead = self._ahead.cut(ticks.count), None
        self.queue.skip(run.count)
        self._short = False
        self._ticked_at = self._played_at = ticks.last
        loud = [index for index, peak in enumerate(run.peaks) if peak]
        if loud:
            self._sounds(ticks.time(loud[-1]))
        if not run.peaks[-1]:
            self._hush(ticks.last)
        self._source.push_run(run)
        return True

    def _first_told(self, run: Run) -> int | None:
        """The first frame of a run at which media starts or ends."""
        if self._first_sound is None:
            return next((index for index, peak in enumerate(run.peaks) if peak), None)
        if all(run.peaks):
            return None
        last = self._last_sound
        for index, peak in enumerate(run.peaks):
            if peak:
                last = run.ticks.time(index)
            elif _is_over(last, run.ticks.time(index)):
                return index
        return None

    def _sounds(self, at: float) -> None:
        self._last_sound = at
        if self._first_sound is None:
            self._first_sound = at
            self._started()

    def _hush(self, now: float) -> None:
        """A silent frame came."""
        if self._first_sound is not None and _is_over(self._last_sound, now):
            self._end()

    def _watch_quiet(self) -> None:
        """Nothing comes any more: the clock has to tell when it has been quiet for long enough."""
        if self._first_sound is not None and self._timer is None:
            self._timer = self._loop.call_at(self._last_sound + QUIET_AFTER_S, self._check_quiet)

    def _check_quiet(self) -> None:
        self._timer = None
        if _is_over(self._last_sound, self._loop.time()):
            self._end()
        elif not len(self.queue):
            self._watch_quiet()

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._first_sound is not None:
            duration = self._last_sound + FRAME_S - self._first_sound
            self._first_sound = None
            self._ended(duration)


def _is_over(last_sound: float, now: float) -> bool:
    return now >= last_sound + QUIET_AFTER_S - 1e-6


class SampleJoiner:
    """Whole samples from messages that may be cut anywhere, or may just be broken.

    A byte left over is the first half of a sample when the next message is odd too. When that one is even,
    the byte was garbage: joining it would shift every sample after it and turn speech into noise.
    """

    def __init__(self) -> None:
        self._half = b""

    def join(self, data: bytes) -> bytes:
        if not data:
            return data
        half, self._half = self._half, b""
        if len(data) % 2 == 0:
            return data
        if half:
            return half + data
        self._half = data[-1:]
        return data[:-1]

    def forget(self) -> None:
        """The stream begins anew."""
        self._half = b""
