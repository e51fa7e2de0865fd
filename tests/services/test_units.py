"""The media units of a session."""

from __future__ import annotations

from voxrun.media.graph import Sink, Source
from voxrun.services.units import Unit, Units


class Ear(Sink):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []

    def write(self, frame: bytes, source: Source) -> None:
        self.frames.append(frame)


def test_a_unit_is_found_by_its_id() -> None:
    units = Units()
    unit = Unit("a", Source())
    units.add(unit)
    assert units.get("a") is unit
    assert units.get("b") is None


def test_what_a_unit_hears_knows_what_it_says() -> None:
    units = Units()
    unit = Unit("a", Source(), Ear())
    assert unit.sink is not None
    units.add(unit)
    assert unit.sink.own is unit.source


def test_a_removed_unit_loses_every_edge() -> None:
    units = Units()
    a, b = Unit("a", Source(), Ear()), Unit("b", Source(), Ear())
    for unit in (a, b):
        units.add(unit)
    assert a.source is not None
    assert b.source is not None
    assert a.sink is not None
    assert b.sink is not None
    a.source.connect(b.sink)
    b.source.connect(a.sink)
    units.remove("a")
    units.remove("a")
    assert units.get("a") is None
    assert (a.source.sinks, a.sink.sources, b.source.sinks, b.sink.sources) == ([], [], [], [])


def test_units_that_only_give_or_only_take_are_removed_too() -> None:
    units = Units()
    units.add(Unit("giver", source=Source()))
    units.add(Unit("taker", sink=Ear()))
    units.clear()
    assert units.get("giver") is None
    assert units.get("taker") is None
