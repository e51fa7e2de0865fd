"""Clocks: the wall and the virtual one.

Everything below the entry points measures time with ``loop.time()`` of the running asyncio loop (and so
with ``asyncio.sleep``, ``loop.call_at``), and asks a ``Clock`` for the date. In virtual time the loop
itself is ``VirtualLoop`` (``voxrun.session.virtual``), whose selector jumps to the next deadline.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

DEFAULT_START_MS = 1_736_154_000_000
"""2025-01-06T09:00:00Z, where virtual time starts unless told otherwise."""


class Clock(Protocol):
    """Session time."""

    def now(self) -> float:
        """Seconds on the loop's clock (monotonic, arbitrary zero)."""
        ...

    def unix_ms(self) -> int:
        """The date, in milliseconds since 1970-01-01T00:00:00Z."""
        ...

    async def sleep_until(self, when: float) -> None:
        """Sleep until ``now() >= when``."""
        ...


class LoopClock:
    """A clock that follows the running loop: ``unix_ms`` is ``start_ms`` plus the loop time since."""

    def __init__(self, start_ms: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._start_ms = start_ms

    def now(self) -> float:
        return self._loop.time()

    def unix_ms(self) -> int:
        return self._start_ms + round((self._loop.time() - self._zero) * 1000)

    async def sleep_until(self, when: float) -> None:
        await asyncio.sleep(max(0.0, when - self._loop.time()))


def real_clock() -> LoopClock:
    """The wall clock, read once; afterwards it follows the loop's monotonic time."""
    return LoopClock(time.time_ns() // 1_000_000)
