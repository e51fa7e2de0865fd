"""The 20 ms ticker of a process, on the running loop's clock (so it works in virtual time too)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voxrun.media.frames import FRAME_MS
from voxrun.media.graph import Ticking

log = logging.getLogger(__name__)

PERIOD = FRAME_MS / 1000
MOST_CATCH_UP = 10
"""Ticks made up for after a stall of the loop; older ones are skipped."""


class LoopTicker:
    """Ticks every started node on one common grid; no timer is set while no node is started.

    A node whose ``tick`` raises is dropped and logged: it never stops another's audio.
    """

    def __init__(self, on_error: Callable[[Ticking, Exception], None] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._nodes: dict[Ticking, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0
        self._on_error = on_error

    def start(self, node: Ticking) -> None:
        self._nodes.setdefault(node, None)
        if self._timer is None:
            # The epsilon keeps a start exactly on the grid from being rounded below it.
            self._next = int((self._loop.time() - self._zero) / PERIOD + 1e-6) + 1
            self._arm()

    def stop(self, node: Ticking) -> None:
        self._nodes.pop(node, None)
        if not self._nodes:
            self.close()

    def close(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = self._loop.call_at(self._zero + self._next * PERIOD, self._run)

    def _run(self) -> None:
        due = int((self._loop.time() - self._zero) / PERIOD + 1e-6)
        late = due - self._next
        if late > MOST_CATCH_UP:
            self._next = due - MOST_CATCH_UP
        while self._next <= due:
            self._next += 1
            self._tick_all()
        self._timer = None
        if self._nodes:
            self._arm()

    def _tick_all(self) -> None:
        for node in tuple(self._nodes):
            if node in self._nodes:
                self._do(node, node.tick)

    def _do(self, node: Ticking, work: Callable[[], bool]) -> None:
        """Let a node work; drop it where it has nothing more to do, or fails."""
        try:
            busy = work()
        except Exception as error:
            log.exception("a media node failed and was dropped")
            busy = False
            if self._on_error is not None:
                self._on_error(node, error)
        if not busy:
            self._nodes.pop(node, None)
