"""Input audio counted against the clock: more than a second of it a second, or less. Pure."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

TOLERANCE: Final = 0.5
"""Seconds of surplus or gap that are no one's business."""
DROP: Final = 5.0
"""Seconds of surplus from which audio is dropped."""
MARGIN: Final = 0.001
"""For what floating point makes of a long sum."""
QUIET: Final = 5.0
"""Seconds between two reports of one kind."""


class FlowReport(Struct, frozen=True):
    """The input is out of step by ``seconds``."""

    kind: Literal["overflow", "underflow"]
    seconds: float
    dropped: bool = False


class FlowMeter:
    """Watches one call's input at ``rate`` samples a second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._base: float | None = None
        self._received = 0.0
        self._reported: dict[str, float] = {}
        self.total_gap = 0.0
        """Seconds of audio that never came."""

    @property
    def any(self) -> bool:
        """Whether any audio came at all."""
        return self._base is not None

    def take(self, size: int, now: float) -> tuple[bool, FlowReport | None]:
        """``size`` bytes came. Gives whether to keep them, and a report when one is due."""
        if self._base is None:
            self._base = now
        length = size / 2 / self._rate
        surplus = self._received + length - (now - self._base)
        if surplus > DROP:
            return False, self._report(FlowReport("overflow", surplus, dropped=True), now)
        self._received += length
        if surplus > TOLERANCE:
            return True, self._report(FlowReport("overflow", surplus), now)
        if surplus < -TOLERANCE:
            self.total_gap -= surplus
            self._received -= surplus  # counted once: from here on it is as if silence had come
            return True, self._report(FlowReport("underflow", -surplus), now)
        return True, None

    def is_even(self, size: int, now: float) -> bool:
        """Whether pieces of that size, the first one now and each when the one before is over, would be
        nothing to report."""
        if self._base is None:
            return False
        surplus = self._received + size / 2 / self._rate - (now - self._base)
        return abs(surplus) < TOLERANCE - MARGIN

    def take_even(self, size: int, count: int) -> None:
        """Take so many such pieces."""
        for _ in range(count):
            self._received += size / 2 / self._rate

    def _report(self, report: FlowReport, now: float) -> FlowReport | None:
        last = self._reported.get(report.kind)
        if last is not None and now - last < QUIET:
            return None
        self._reported[report.kind] = now
        return report
