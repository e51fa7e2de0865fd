"""Frames that come from a live source, without the holes: silence stands in for those that do not come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voxrun.media.frames import SILENCE
from voxrun.media.graph import Ticker

LATE_SECONDS = 0.060
"""Without a frame for this long the source counts as silent: its packets stopped (mute, a dead network)."""


class Steady:
    """Gives ``take`` every frame written, and silence in their place as long as it says that it waits.

    Who counts frames would never learn otherwise that somebody who stopped sending in mid-word has stopped
    speaking. ``take(frame)`` tells whether more silence would matter.
    """

    def __init__(self, ticker: Ticker, take: Callable[[bytes], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ticker = ticker
        self._take = take
        self._last = self._loop.time()

    def write(self, frame: bytes) -> None:
        """Take a frame (640 bytes) that came."""
        self._last = self._loop.time()
        self._ticker.start(self)
        self._take(frame)

    def tick(self) -> bool:
        if self._loop.time() - self._last < LATE_SECONDS:
            return True
        return self._take(SILENCE)

    def stop(self) -> None:
        """Fill in nothing any more."""
        self._ticker.stop(self)
