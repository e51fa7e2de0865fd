"""bench/report.py makes a call of some length and opens its report in Chromium."""

from __future__ import annotations

from types import ModuleType

import pytest
from tests.bench.test_replay import CACHE

pytestmark = [pytest.mark.live, pytest.mark.browser]


def test_it_writes_and_opens_the_report_of_a_call(bench: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = bench.environment
    monkeypatch.setattr(bench, "environment", lambda folder: plain(folder) | {"XDG_CACHE_HOME": str(CACHE)})
    opened, size, wrote = bench.measure(minutes=0.5, openings=1)
    assert (opened.key, opened.most, size.key, size.most) == ("open_s", 2, "size_mb", 10)
    assert opened.name.startswith("report of a call of 1 minutes")
    assert opened.value > 0
    assert 0.1 < size.value < 10
    assert wrote.value > 0
