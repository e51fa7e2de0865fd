"""bench/barge_in.py runs and gives figures."""

from __future__ import annotations

from types import ModuleType

import pytest

pytestmark = pytest.mark.live


def test_it_hears_the_agent_stop_and_times_both_ways(bench: ModuleType) -> None:
    stop, _, longest, outward, inward = bench.measure(trials=2)
    assert longest.most == 40
    assert longest.value >= stop.value >= 0
    assert stop.value < bench.SPEECH_MS  # it did stop: the agent had this much to say
    assert outward.value > 0
    assert inward.value > 0
    assert "a bare 20 ms timer" in stop.against
