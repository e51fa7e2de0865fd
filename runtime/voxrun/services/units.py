"""The media units of a session by id: what sendMediaTo can name."""

from __future__ import annotations

from dataclasses import dataclass

from voxrun.media.graph import Sink, Source, disconnect_sink


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: it may give audio, take audio, or both. ``clear`` empties what it has not played."""

    id: str
    source: Source | None = None
    sink: Sink | None = None


class Units:
    """Registry of a session's units."""

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}

    def add(self, unit: Unit) -> None:
        if unit.sink is not None:
            unit.sink.own = unit.source
        self._units[unit.id] = unit

    def get(self, unit_id: str) -> Unit | None:
        return self._units.get(unit_id)

    def remove(self, unit_id: str) -> None:
        """Forget a unit and every edge it has."""
        unit = self._units.pop(unit_id, None)
        if unit is None:
            return
        if unit.source is not None:
            unit.source.disconnect_all()
        if unit.sink is not None:
            disconnect_sink(unit.sink)

    def clear(self) -> None:
        for unit_id in tuple(self._units):
            self.remove(unit_id)
