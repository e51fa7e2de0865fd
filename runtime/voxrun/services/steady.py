"""Frames that come from a live source, without the holes: silence stands in for those that do not come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voxrun.media.frames import SILENCE
from voxrun.media.graph import Ticker
from voxrun.media.runs import Leaper, Run, Ticks

LATE_SECONDS = 0.060
"""Without a frame for this long the source counts as silent: its packets stopped (mute, a dead network)."""


class Steady(Leaper):
    """Gives ``take`` every frame written, and silence in their place as long as it says that it waits.

    Who counts frames would never learn otherwise that somebody who stopped sending in mid-word has stopped
    speaking. ``take(frame)`` tells whether more silence would matter.
    """

    def __init__(self, ticker: Ticker, take: Callable[[bytes], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ticker = ticker
        self._take = take
        self._last = self._loop.time()
        self._coming: Ticks | None = None

    def write(self, frame: bytes) -> None:
        """Take a frame (640 bytes) that came."""
        self._last = self._loop.time()
        self._ticker.start(self)
        self._take(frame)

    def tick(self) -> bool:
        if self._loop.time() - self._last < LATE_SECONDS:
            return True
        return self._take(SILENCE)

    def room(self, run: Run) -> int:
        """As ``Sink.room``: while frames come nothing has to stand in for them."""
        self._coming = run.ticks
        return run.count

    def came(self, run: Run) -> None:
        """Many frames came at once, and somebody else has taken them."""
        self._last = run.ticks.last
        self._ticker.start(self)

    def ahead(self, ticks: Ticks) -> int:
        coming, self._coming = self._coming, None
        return min(ticks.count, coming.count) if coming is not None and coming.first == ticks.first else 0

    def leap(self, ticks: Ticks) -> bool:
        return True

    def stop(self) -> None:
        """Fill in nothing any more."""
        self._ticker.stop(self)
