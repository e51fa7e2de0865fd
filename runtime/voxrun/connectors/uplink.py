"""The audio of a voice-AI client on its way to the provider: what units send becomes a steady stream.

Providers want one second of audio a second, silence as zeros: a frame goes on at once when it comes, and
the ticker adds silence where none came. Units speak 16 kHz mono s16le; where the provider's rate is another,
it is converted here, once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from voxrun.media.backlog import Surplus
from voxrun.media.frames import FRAME_BYTES, SAMPLE_RATE, SILENCE
from voxrun.media.graph import Sink, Source, Ticker
from voxrun.media.levels import is_silence
from voxrun.media.mix import mix
from voxrun.media.resample import Resampler
from voxrun.media.runs import FRAME_S, AudioDoor, Leaper, Run, Ticks

LIVE_S: Final = 0.1
"""A unit that wrote within this time is sending: what is missing is jitter, not silence."""
BROKEN_OFF_S: Final = 0.3
"""The same for one that broke off in the middle of sound: a pause begins quietly, so this is a stall of its
side, and silence put in for it would be there on top of what follows."""
SOUND_DBFS: Final = -40.0
"""What counts as sound there."""
STALL_S: Final = 0.05
"""A tick so much after the one before: the loop was held up, and no unit could write."""
LIVE_SLACK: Final = 5
"""Frames that a sending unit may be late before silence takes their place."""
MOST_LEAD: Final = 25
"""Frames the stream may be ahead of the clock; a unit that sends faster loses the rest."""
COMFORT: Final = 1
"""Frames it may be ahead before quiet ones are left out: what a stall put in must not stay as delay."""
QUIET_DBFS: Final = -60.0
"""What counts as quiet there."""
DRIFT_FRAMES: Final = 1000
"""A unit that is ahead has one frame of it forgiven in so many: its clock may be faster than ours."""
FORGIVEN: Final = 4
"""Frames it may be ahead for long by that; what is more goes frame by frame also where nobody pauses."""
MIX_WAIT: Final = 3
"""With several units: frames that one may be ahead before it is mixed without the others."""


class Uplink(Sink, Leaper):
    """Audio of units on its way to the provider: ``deliver(pcm)`` is called once in 20 ms.

    Several units that send to one client are mixed. Nothing passes before ``open()`` or after ``close()``.
    ``door`` gives the short way to a provider in this process, None while there is none.
    """

    final = True

    def __init__(
        self,
        ticker: Ticker,
        deliver: Callable[[bytes], None],
        door: Callable[[], AudioDoor | None] = lambda: None,
    ) -> None:
        super().__init__()
        self.dropped = 0
        """Frames lost because units sent faster than real time."""
        self._ticker = ticker
        self._deliver = deliver
        self._door = door
        self._coming: Run | None = None
        """What a unit would write in a leap."""
        self._agreed = False
        """Whether the door has agreed to the run of this leap."""
        self._loop = asyncio.get_running_loop()
        self._opened_at: float | None = None
        self._sent = 0
        self._heard_at = -LIVE_S
        self._last = SILENCE
        self._surplus = Surplus()
        self._ticked_at = 0.0
        self._late_since: float | None = None
        """Since when a sending unit has been further behind than it may be."""
        self._waiting: dict[Source, deque[bytes]] = {}
        self._resampler: Resampler | None = None

    def use_rate(self, rate: int) -> None:
        """The provider wants ``rate`` samples a second (before ``open``)."""
        self._resampler = Resampler(SAMPLE_RATE, rate) if rate != SAMPLE_RATE else None

    def open(self) -> None:
        """The provider listens: from now on it gets 20 ms of audio every 20 ms."""
        self._opened_at = self._ticked_at = self._loop.time()
        self._sent = 0
        self._ticker.start(self)

    def close(self) -> None:
        """Stop for good."""
        self._opened_at = None
        self._waiting.clear()
        self._ticker.stop(self)

    def write(self, frame: bytes, source: Source) -> None:
        if self._opened_at is None:
            return
        self._heard_at = self._loop.time()
        self._last = frame
        if len(self.sources) < 2:
            self._forward(frame)
            return
        self._waiting.setdefault(source, deque()).append(frame)
        self._mix()

    def detached(self, source: Source) -> None:
        self._waiting.pop(source, None)
        self._last = SILENCE  # nothing follows

    def room(self, run: Run, source: Source) -> int:
        self._coming = run
        return run.count if self._opened_at is None or len(self.sources) < 2 else 0

    def write_run(self, run: Run, source: Source) -> None:
        if self._opened_at is not None:
            self._heard_at = run.ticks.last
            self._last = SILENCE if run.pcm is None else run.pcm[-FRAME_BYTES:]
            self._pass_run(run)

    def ahead(self, ticks: Ticks) -> int:
        coming, self._coming = self._coming, None
        door = self._door()
        if self._opened_at is None or door is None or self._resampler is not None:
            return 0
        lead, sending = self._lead(ticks.time(0)), ticks.time(0) - self._heard_at < LIVE_S
        if coming is None or coming.ticks.first != ticks.first:  # no unit sends
            room = door.room(Run(ticks, None)) if lead == -1 and not sending else 0
        else:
            in_step = sending and -LIVE_SLACK < lead <= COMFORT
            room = door.room(coming.cut(ticks.count)) if in_step else 0
        self._agreed = room > 0
        return room

    def leap(self, ticks: Ticks) -> bool:
        self._ticked_at = ticks.last
        if ticks.time(0) - self._heard_at >= LIVE_S:
            self._pass_run(Run(ticks, None))
        return True

    def _pass_run(self, run: Run) -> None:
        door = self._door()
        if door is None or not self._agreed:  # the ticker has dropped this node: nobody asked
            for frame in run.frames():
                self._pass(frame)
            return
        self._agreed = False
        self._sent += run.count
        door.take_run(run)

    def tick(self) -> bool:
        if self._opened_at is None:
            return False
        now = self._loop.time()
        stall, self._ticked_at = now - self._ticked_at, now
        if stall >= STALL_S and self.sources:
            # What it owes comes now: silence would be in the middle of a word, or put before the first one.
            self._heard_at = now
        behind, quiet_s = -self._lead(), now - self._heard_at
        if quiet_s >= LIVE_S:
            if quiet_s < BROKEN_OFF_S and not is_silence(self._last, SOUND_DBFS):
                return True
            for _ in range(behind):
                self._pass(SILENCE)
        elif behind <= LIVE_SLACK:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now
        elif now - self._late_since >= BROKEN_OFF_S:
            # It is sending and catches up no more: its clock is slower than ours, or something was lost.
            # Silence would cut its speech.
            self._opened_at += (behind - LIVE_SLACK) * FRAME_S
        return True

    def _lead(self, now: float | None = None) -> int:
        """Frames by which the stream is ahead of the clock (negative: behind)."""
        assert self._opened_at is not None
        now = self._loop.time() if now is None else now
        # The epsilon keeps a tick exactly on the grid from being counted as the one before.
        return self._sent - int((now - self._opened_at) / FRAME_S + 1e-6)

    def _forward(self, frame: bytes) -> None:
        lead = self._lead()
        if lead >= MOST_LEAD:
            self.dropped += 1
            return
        if self._surplus.found(lead - FORGIVEN):
            self.dropped += 1
            return
        if lead > COMFORT:
            if is_silence(frame, QUIET_DBFS):
                return
            if self._sent % DRIFT_FRAMES == 0:
                assert self._opened_at is not None
                self._opened_at -= FRAME_S
        self._pass(frame)

    def _pass(self, frame: bytes) -> None:
        self._sent += 1
        self._deliver(frame if self._resampler is None else self._resampler.process(frame))

    def _mix(self) -> None:
        """Send the sum of one frame of each unit, as soon as each has one or one is far ahead."""
        while True:
            queues = [self._waiting.setdefault(source, deque()) for source in self.sources]
            ready = [queue for queue in queues if queue]
            if not ready or (len(ready) < len(queues) and max(map(len, ready)) <= MIX_WAIT):
                return
            self._forward(mix([queue.popleft() for queue in ready]))
