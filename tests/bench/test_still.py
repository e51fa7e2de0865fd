"""bench/_still.py finds when the machine stood still."""

from __future__ import annotations

import asyncio
import time

import pytest


@pytest.fixture
def still():  # type: ignore[no-untyped-def]
    import _still

    return _still


def test_work_that_takes_far_longer_than_usual_is_slow(still) -> None:  # type: ignore[no-untyped-def]
    rows = [(n / 200, 50_000 + n % 7) for n in range(100)] + [
        (0.5, 151_000),
        (0.505, 400_000),
        (0.6, 149_000),
    ]
    assert still.slow_moments(rows) == [0.5, 0.505]
    assert still.slow_moments([]) == []


def test_slow_moments_close_together_are_a_disturbance_with_its_aftermath(still) -> None:  # type: ignore[no-untyped-def]
    spans = still.disturbances([9.0, 1.0, 1.04, 1.08, 5.0, 5.01, 5.15, 5.16])
    assert spans == [pytest.approx((0.99, 1.23)), pytest.approx((4.99, 5.31))]  # 9.0 alone is chance


def test_a_moment_or_a_span_is_disturbed_or_not(still) -> None:  # type: ignore[no-untyped-def]
    found = still.Stillness([(1.0, 1.2), (3.0, 3.5)], 10.0)
    assert [found.at(moment) for moment in (0.99, 1.0, 1.2, 1.21, 3.4, 9.0)] == [0, 1, 1, 0, 1, 0]
    assert found.between(0.5, 1.0)
    assert found.between(1.1, 2.0)
    assert found.between(2.0, 4.0)
    assert not found.between(1.3, 2.9)
    assert found.share == pytest.approx(7.0)


@pytest.mark.live
def test_all_processors_are_watched(still) -> None:  # type: ignore[no-untyped-def]
    async def some_time():  # type: ignore[no-untyped-def]
        async with still.watch() as machine:
            await asyncio.sleep(0.5)
        return machine

    began = time.monotonic()
    machine = asyncio.run(some_time())
    assert 0.5 <= machine.seconds < 60
    assert all(began - 1 <= first < last for first, last in machine.spans)
