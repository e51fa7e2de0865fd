"""bench/conference.py mixes, and takes real calls into one conference."""

from __future__ import annotations

from types import ModuleType

import pytest


def test_it_measures_the_mix_alone(bench: ModuleType) -> None:
    loud, silent = bench.measure(quick=True, parties=4)
    assert loud.value > silent.value > 0
    assert "3 frames each" in loud.against


@pytest.mark.live
def test_callers_meet_in_a_conference(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("_bridges.TRIES", 1)  # the machine need not be calm
    late, lost, cpu, heard = bench.measure(parties=3, seconds=3.0)[2:]
    assert 0 <= lost.value <= late.value <= 100
    assert 0 < cpu.value < 100
    assert 20 < heard.value < 900
