"""bench/live.py places calls and gives figures."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_callers_talk_through_the_baseline_and_through_voxrun(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("_bridges.TRIES", 1)  # the machine need not be calm
    stock, ours, one_way, cpu = bench.measure(quick=True, base=2, seconds=2.0)
    assert 0 <= stock.value <= 100
    assert 0 <= ours.value <= 100
    assert 0 < one_way.value < 900
    assert 0 < cpu.value < 100
