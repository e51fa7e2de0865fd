"""bench/realm.py runs and gives figures."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_it_times_turns_and_weighs_a_realm(bench: ModuleType) -> None:
    figures = {figure.name: figure for figure in bench.measure(turns=40, realms=4, boots=2)}
    assert {figure.most for figure in figures.values()} >= {50, 400, 2048}
    assert all(figure.value > 0 for figure in figures.values())
