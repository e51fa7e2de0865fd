from __future__ import annotations

import pytest

from voxrun.cli.figures import Figure, figure, share, times


def test_a_figure_misses_its_mark_only_above_it() -> None:
    assert not Figure("start", 1.5, "s", 1.5).missed
    assert Figure("start", 1.6, "s", 1.5).missed
    assert not Figure("start", 99, "s").missed


def test_a_figure_misses_the_mark_it_has_to_reach_below_it() -> None:
    assert Figure("speed", 299, "x", least=300).missed
    assert not Figure("speed", 300, "x", least=300).missed


def test_a_figure_of_samples_is_their_median_with_what_most_of_them_lay_between() -> None:
    found = figure("turn", [9.0, 1, 2, 3, 4, 5, 6, 7, 8, 100], "us", 50)
    assert (found.value, found.spread, found.most) == (6, (2, 100), 50)
    assert figure("turn", [9.0, 1, 2, 3, 4, 5, 6, 7, 8, 100], "us", at=0.95).value == 100
    assert figure("start", [3.0], "s").spread is None


def test_a_share_of_nothing_is_a_mistake() -> None:
    assert share([2.0, 1.0], 0) == 1.0
    with pytest.raises(ValueError, match="no samples"):
        share([], 0.5)


def test_a_comparison_names_what_it_compares_with() -> None:
    assert times(50, 20, "a bare call") == "2.5 x a bare call"
