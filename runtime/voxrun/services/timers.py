"""setTimeout and setInterval of a session."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.session.messages import Command, Event

LONGEST_MS = 2_147_483_647
"""24.8 days, the platform's and every browser's longest."""
SHORTEST_INTERVAL_MS = 100


class TimerService(Service):
    """Timers by id; an interval keeps its grid (deadline n is start + n * period)."""

    handles: ClassVar[frozenset[str]] = frozenset({"timer.set", "timer.clear"})

    def __init__(self, context: ServiceContext, most: int) -> None:
        super().__init__(context)
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def execute(self, command: Command) -> None:
        if command.kind == "timer.clear":
            self._cancel(command.target)
            return
        if command.target in self._timers:
            raise ScenarioError(f"timer.set: there is a timer {command.target!r}")
        if len(self._timers) >= self._most:
            raise ScenarioError(f"more than {self._most} active timers")
        data = Arguments(command)
        repeat = data.flag("repeat")
        # Checked again: a period of 0 would be an endless loop of ours.
        delay = data.number("delay", SHORTEST_INTERVAL_MS if repeat else 0, LONGEST_MS) / 1000
        self._arm(command.target, self._loop.time() + delay, delay if repeat else None)

    def _arm(self, timer_id: str, when: float, period: float | None) -> None:
        self._timers[timer_id] = self._loop.call_at(when, self._fire, timer_id, when, period)

    def _fire(self, timer_id: str, when: float, period: float | None) -> None:
        del self._timers[timer_id]
        if period is not None:
            self._arm(timer_id, max(when + period, self._loop.time()), period)
        self.context.emit(Event("@timer", timer_id))

    def _cancel(self, timer_id: str) -> None:
        handle = self._timers.pop(timer_id, None)
        if handle is not None:
            handle.cancel()

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill every timer (the session is terminating)."""
        for timer_id in tuple(self._timers):
            self._cancel(timer_id)
