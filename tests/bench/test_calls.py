"""bench/calls.py runs and gives figures."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_it_places_real_calls(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LOOKS", 2)  # how much is left behind is for BENCHMARKS.md
    monkeypatch.setattr(bench, "REST_S", 0.1)
    answer, packet, first, growth = bench.measure(calls=4, settled=2)
    assert packet.value > answer.value > 0
    assert first.value > 0
    assert growth.unit == "%"
