"""bench/first_words.py runs and gives figures."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_it_hears_the_agent_greet(bench: ModuleType) -> None:
    at_once, later, again = bench.measure(rounds=1, warm_after_s=0.1)
    assert at_once.value > again.value > 0
    assert later.value > again.value
