from __future__ import annotations

from voxrun.cli.figures import Figure


def test_a_figure_misses_its_mark_only_above_it() -> None:
    assert not Figure("start", 1.5, "s", 1.5).missed
    assert Figure("start", 1.6, "s", 1.5).missed
    assert not Figure("start", 99, "s").missed
