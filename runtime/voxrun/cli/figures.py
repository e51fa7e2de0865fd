"""What a benchmark gives."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class Figure(Struct, frozen=True):
    """One measured figure; ``most`` and ``least`` are the marks it has to stay under or above, None for none.

    ``spread`` is what the middle eight of ten samples lay between, None where there was one sample;
    ``against`` compares with something well known that was measured in the same run; ``key`` is the name by
    which programs find the figure, "" for one that only people read.
    """

    name: str
    value: float
    unit: str
    most: float | None = None
    spread: tuple[float, float] | None = None
    against: str = ""
    least: float | None = None
    key: str = ""

    @property
    def missed(self) -> bool:
        """Whether the figure is on the wrong side of a mark."""
        over = self.most is not None and self.value > self.most
        return over or (self.least is not None and self.value < self.least)


def share(samples: Sequence[float], part: float) -> float:
    """The sample below which ``part`` (0 to 1) of all lie: 0.5 is the median. Raises ValueError for none."""
    if not samples:
        raise ValueError("no samples")
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * part))]


def figure(
    name: str,
    samples: Sequence[float],
    unit: str,
    most: float | None = None,
    *,
    at: float = 0.5,
    against: str = "",
    least: float | None = None,
    key: str = "",
) -> Figure:
    """The median of ``samples``, or another share of them, with its spread."""
    spread = (share(samples, 0.1), share(samples, 0.9)) if len(samples) > 1 else None
    return Figure(name, share(samples, at), unit, most, spread, against, least, key)


def times(value: float, baseline: float, what: str) -> str:
    """ "2.4 x WHAT": for ``against``."""
    ratio = value / baseline
    return f"{ratio:.0f} x {what}" if ratio >= 10 else f"{ratio:.2g} x {what}"
