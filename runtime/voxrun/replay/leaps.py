"""The ticker of virtual time: where tick after tick would only pass audio on, it does many at once."""

from __future__ import annotations

import math
from functools import partial
from typing import Final

from voxrun.media.runs import Leaper, Ticks
from voxrun.services.ticker import PERIOD, LoopTicker
from voxrun.session.virtual import RESOLUTION, VirtualLoop

LONGEST: Final = 500
"""Ticks in one leap (10 s): what is joined for it has to fit in memory."""


class LeapingTicker(LoopTicker):
    """``LoopTicker`` on a virtual loop, with leaps (``voxrun.media.runs``)."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._virtual = loop

    def _run(self) -> None:
        ticks = self._ticks()
        if ticks is None or not (leapt := self._ahead(ticks)):
            super()._run()
            return
        self._virtual.advance(leapt.last)
        self._next += leapt.count
        for node in tuple(self._nodes):
            if node in self._nodes and isinstance(node, Leaper):
                self._do(node, partial(node.leap, leapt))
        self._timer = None
        if self._nodes:
            self._arm()

    def _ticks(self) -> Ticks | None:
        """The ticks before anything else is due; None for less than two."""
        horizon = self._virtual.horizon()
        if horizon is None:
            return None
        count = LONGEST
        if math.isfinite(horizon):
            count = min(count, int((horizon - self._zero) / PERIOD) - self._next + 2)
        # What is due with a tick, as far as the loop tells times apart, comes before or after it.
        while count > 1 and self._zero + (self._next + count - 1) * PERIOD + RESOLUTION >= horizon:
            count -= 1
        return Ticks(self._zero, self._next, count) if count > 1 else None

    def _ahead(self, ticks: Ticks) -> Ticks | None:
        """So many of them as everybody can do at once; None where they have to come one by one."""
        last: Leaper | None = None
        for node in self._nodes:
            if not isinstance(node, Leaper):
                return None
            if not node.final:
                ticks = ticks.cut(node.ahead(ticks))
                if ticks.count < 2:
                    return None
            elif last is None:
                last = node
            else:
                return None  # two that answer by trying would have to agree
        if last is not None:
            ticks = ticks.cut(last.ahead(ticks))
        return ticks if ticks.count > 0 else None
