"""Platform files and their lines."""

from __future__ import annotations

import pytest

from voxrun.realm.sources import SCENARIO_LINE, lay_out, platform


def test_files_follow_one_another() -> None:
    placed = lay_out([("a.js", "1\n2"), ("b.js", "3")], [("m.js", "4\n")])
    assert [file.line for file in (*placed.files, *placed.modules)] == [1, 3, 4]
    assert placed.module_characters == 2


def test_the_installed_platform_fits_below_the_scenario() -> None:
    files = platform()
    assert [file.name for file in files.files[:2]] == ["intrinsics.js", "boot.js"]
    last = (*files.files, *files.modules)[-1]
    assert last.line + last.source.count("\n") < SCENARIO_LINE


def test_too_much_platform_code_is_refused() -> None:
    with pytest.raises(ValueError, match="SCENARIO_LINE"):
        lay_out([("a.js", "\n" * SCENARIO_LINE)], [])
