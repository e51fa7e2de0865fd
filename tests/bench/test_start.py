"""bench/start.py runs and gives figures; what they are is for BENCHMARKS.md, not for a test."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_it_starts_voxrun_and_compares_with_an_import(bench: ModuleType) -> None:
    start, imported, bare = bench.measure(rounds=1)
    assert start.most == 1500
    assert start.value > imported.value > bare.value > 0
    assert start.against.endswith("x python -c 'import aiortc'")
