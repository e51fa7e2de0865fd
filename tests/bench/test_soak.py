"""bench/_soak.py tells growth from chance."""

from __future__ import annotations

import asyncio
import random

import pytest


@pytest.fixture
def soak():  # type: ignore[no-untyped-def]
    import _soak

    return _soak


def windows(soak, delay, memory=lambda n: 0, count=88, clicks=80):  # type: ignore[no-untyped-def]
    """Windows as of half an hour: clicks of 1 to 4 ms, one of fifty late by chance, 145 MB."""
    rng = random.Random(11)

    def click(n):  # type: ignore[no-untyped-def]
        return rng.uniform(1, 4) + delay(n, rng) + (rng.uniform(5, 40) if rng.random() < 0.02 else 0)

    return [
        soak.Window(
            tuple(click(n) for _ in range(clicks)), 148_000 + rng.uniform(-300, 300) + memory(n), 50e3
        )
        for n in range(count)
    ]


def grown(soak, *args, **more):  # type: ignore[no-untyped-def]
    return {each.key for each in soak.judge(windows(soak, *args, **more), "in 30 minutes") if each.missed}


def test_noise_is_no_growth(soak) -> None:  # type: ignore[no-untyped-def]
    assert grown(soak, lambda n, rng: 0) == set()
    # Minutes in which the machine is slow, all through the time.
    assert grown(soak, lambda n, rng: 3 if n % 9 < 4 else 0) == set()
    # A last window with disturbed clicks: this was once told as growth.
    assert grown(soak, lambda n, rng: 25 if n == 87 and rng.random() < 0.1 else 0) == set()
    assert grown(soak, lambda n, rng: 0, memory=lambda n: 3000 * (n % 2)) == set()


def test_what_grows_is_told_with_how_much(soak) -> None:  # type: ignore[no-untyped-def]
    """A delay of 8 ms more in the end for all clicks, then for one of ten; 8 MB of memory more."""
    assert grown(soak, lambda n, rng: n / 11) == {"later_middle_ms", "later_ms"}
    assert grown(soak, lambda n, rng: 45 * n / 88 if rng.random() < 0.1 else 0) == {"later_ms"}
    assert grown(soak, lambda n, rng: 0, memory=lambda n: 90 * n) == {"grown"}
    # What varies more in the end, too: from one window to the next by more than it has grown.
    assert "later_middle_ms" in grown(soak, lambda n, rng: (1, 2.5, 4)[n % 3] if n >= 66 else 0)
    memory, middle, _ = soak.judge(windows(soak, lambda n, rng: n / 11), "in 30 minutes")
    assert middle.value == pytest.approx(6, abs=0.3)
    assert 1 <= middle.most < 3
    assert abs(memory.value) < 0.5
    assert "first and of the last quarter: 2.82 to 4.15 ms and 8.84 to 10.3 ms" in middle.against
    assert "; 1 x as long for a fixed piece of work" in middle.against


def test_too_little_is_not_judged(soak) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RuntimeError, match="in 88 of 88 windows the machine stood still"):
        soak.judge(windows(soak, lambda n, rng: 0, clicks=4), "")


@pytest.mark.live
def test_calls_are_listened_to_window_after_window(
    soak, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(soak, "WINDOWS", 2)
    windows = asyncio.run(soak.listen(4, 4.0))
    assert 1 <= len(windows) <= 2
    assert all(each.memory_kb > 10_000 and each.work_ns > 0 for each in windows)
    assert [line[:10] for line in capsys.readouterr().err.splitlines()] == ["  4 calls,"] * len(windows)
