"""What a benchmark gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; ``most`` is the mark it has to stay under, None for a figure without one."""

    name: str
    value: float
    unit: str
    most: float | None = None

    @property
    def missed(self) -> bool:
        """Whether the figure is over its mark."""
        return self.most is not None and self.value > self.most
