"""The media units of a session by id: what sendMediaTo can name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from voxrun.media.graph import Sink, Source, disconnect_sink
from voxrun.session.messages import Json


class EdgeOptions(Struct, frozen=True):
    """What sendMediaTo and stopMediaTo say beside the unit; "" and None where they say nothing."""

    tag: str = ""
    encoding: str = ""
    custom: Json = None
    """customParameters."""


class Ports(Protocol):
    """The ways into and out of a unit that has several, told apart by the options of an edge (WebSockets)."""

    def output(self, options: EdgeOptions) -> Source | None:
        """Where the unit's audio comes from; made when it is first asked for. None: there is none."""
        ...

    def input(self, options: EdgeOptions) -> Sink | None:
        """Where audio for the unit goes; made when it is first asked for. None: it takes none."""
        ...

    def outputs(self, tag: str) -> Sequence[Source]:
        """Those there are with this tag; all of them for ""."""
        ...

    def inputs(self, tag: str) -> Sequence[Sink]:
        """Those there are with this tag; all of them for ""."""
        ...


class Unit(Struct, frozen=True):
    """One unit: it may give audio, take audio, or both. Either its ``source`` and ``sink``, or ``ports``."""

    id: str
    source: Source | None = None
    sink: Sink | None = None
    ports: Ports | None = None

    def output(self, options: EdgeOptions) -> Source | None:
        return self.source if self.ports is None else self.ports.output(options)

    def input(self, options: EdgeOptions) -> Sink | None:
        return self.sink if self.ports is None else self.ports.input(options)

    def outputs(self, tag: str = "") -> Sequence[Source]:
        if self.ports is not None:
            return self.ports.outputs(tag)
        return () if self.source is None else (self.source,)

    def inputs(self, tag: str = "") -> Sequence[Sink]:
        if self.ports is not None:
            return self.ports.inputs(tag)
        return () if self.sink is None else (self.sink,)


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
        for source in unit.outputs():
            source.disconnect_all()
        for sink in unit.inputs():
            disconnect_sink(sink)

    def clear(self) -> None:
        for unit_id in tuple(self._units):
            self.remove(unit_id)
