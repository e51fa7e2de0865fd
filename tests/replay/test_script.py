"""A call script as data."""

from __future__ import annotations

from pathlib import Path

from voxrun.replay.script import CallScript, Faults


def test_a_script_is_called_by_its_file() -> None:
    assert CallScript(Path("a/booking.busy.call.yaml"), ()).name == "booking.busy"


def test_whether_anything_goes_wrong() -> None:
    assert not Faults().any
    assert Faults(delay_ms=1).any
