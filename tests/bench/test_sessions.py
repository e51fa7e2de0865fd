"""bench/sessions.py runs and gives figures."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_it_times_offers_and_weighs_sessions(bench: ModuleType) -> None:
    offer, _, first, growth = bench.measure(offers=2, sessions=12, settled=8)
    assert (offer.most, growth.most) == (10, 10)
    assert offer.value > 0
    assert first.value > 0
    assert "after 8 sessions" in growth.against
