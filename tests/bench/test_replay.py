"""bench/replay.py plays its call and gives figures; what they are is for BENCHMARKS.md, not for a test."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from voxrun.speech.cache import default_folder

CACHE = default_folder().parents[1]
"""That of the other tests: rendering the phrases anew is what takes the time."""


def test_speed_is_the_length_of_the_call_by_what_it_took(bench: ModuleType) -> None:
    cold = bench.Plays(60.0, [9.0], [30.0], [0.1])
    warm = bench.Plays(60.0, [3.0, 0.1, 0.2, 0.3], [3.0, 0.2, 0.4, 0.6], [0.02, 0.02, 0.02, 0.02])
    speed, clock, first, nothing = bench.speeds(cold, warm)
    assert [round(each.value) for each in (speed, clock, first, nothing)] == [300, 150, 20, 2]
    assert speed.against == "0.1 x as fast as moving its frames between two tasks (3000 x)"
    assert {each.key for each in (speed, nothing)} == {"x_real_time", "x_real_time_cold"}
    assert not speed.missed


@pytest.mark.live
def test_it_plays_the_call_alone_and_many_times(bench: ModuleType, tmp_path: Path) -> None:
    plays = bench.play_elsewhere(1, CACHE)
    assert plays.length_s == pytest.approx(60, abs=1)
    assert min(*plays.cpu_s, *plays.wall_s, *plays.bare_s) > 0
    took, held = bench.suite(tmp_path / "suite", CACHE, calls=2)
    assert (took.key, took.most, held.key, held.most) == ("suite_2_s", 30, "peak_pss_mb", 300)
    assert took.value > 0
    assert held.value > 20
    assert bench.menus(tmp_path / "menus", CACHE, calls=2).value > 0
    assert bench.start(tmp_path / "short", CACHE, count=1).against.endswith("x python -c 'import pytest'")
