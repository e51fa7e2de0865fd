from __future__ import annotations

import json
from pathlib import Path

import pytest

from voxrun.cli.bench import run
from voxrun.errors import ConfigError

BENCH = '''"""Counts something.

More words.
"""
from voxrun.cli.figures import Figure

def measure():
    return [Figure("quick", 1.0, "ms", 2.0), Figure("heavy", {value}, "MB", 2.0), Figure("free", 7, "s")]
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "start.py").write_text(BENCH.format(value=1.5))
    (tmp_path / "over.py").write_text(BENCH.format(value=2.5))
    (tmp_path / "_shared.py").write_text("")
    return tmp_path


def said(folder: Path, *names: str, as_json: bool = False) -> tuple[int, list[str]]:
    lines: list[str] = []
    return run(names, as_json, lines.append, folder), lines


def test_without_a_name_the_benchmarks_are_listed(folder: Path) -> None:
    code, lines = said(folder)
    assert code == 0
    assert [line.split() for line in lines[1:]] == [
        ["over", "Counts", "something"],
        ["start", "Counts", "something"],
    ]


def test_figures_come_as_rows_of_a_table(folder: Path) -> None:
    code, lines = said(folder, "start")
    assert code == 0
    assert lines[2:] == [
        "| quick | 1 ms |  | under 2 |  |",
        "| heavy | 1.5 MB |  | under 2 |  |",
        "| free | 7 s |  |  |  |",
    ]


def test_a_figure_over_its_mark_gives_1(folder: Path) -> None:
    code, lines = said(folder, "start", "over")
    assert code == 1
    assert "| heavy | 2.5 MB |  | over 2 |  |" in lines


def test_figures_come_as_json(folder: Path) -> None:
    _, lines = said(folder, "start", as_json=True)
    assert json.loads("\n".join(lines))["figures"][0] == {
        "name": "quick",
        "value": 1.0,
        "unit": "ms",
        "most": 2.0,
        "spread": None,
        "against": "",
        "least": None,
        "key": "",
    }


def test_programs_find_a_figure_by_its_key(folder: Path) -> None:
    (folder / "keyed.py").write_text(
        "from voxrun.cli.figures import Figure\n"
        "def measure():\n    return [Figure('speed of it', 250.0, 'x', least=300, key='x_speed')]\n"
    )
    code, lines = said(folder, "keyed", "start", as_json=True)
    found = json.loads("\n".join(lines))
    assert code == 1
    assert found["x_speed"] == 250
    assert [each["name"] for each in found["figures"]] == ["speed of it", "quick", "heavy", "free"]
    assert said(folder, "keyed")[1][2:] == ["| speed of it | 250 x |  | under 300 |  |"]


def test_benchmarks_share_what_is_in_files_with_an_underscore(folder: Path) -> None:
    (folder / "_shared_by_these.py").write_text("NAME = 'shared'")
    (folder / "third.py").write_text(
        "from _shared_by_these import NAME\nfrom voxrun.cli.figures import Figure\n"
        "def measure():\n    return [Figure(NAME, 1312.4, 'ms', None, (0.5, 2.25), '2 x cat')]\n"
    )
    _, lines = said(folder, "third")
    assert lines[2:] == ["| shared | 1312 ms | 0.5 to 2.25 |  | 2 x cat |"]


def test_an_unknown_benchmark_names_the_nearest(folder: Path) -> None:
    with pytest.raises(ConfigError, match='Did you mean "start"'):
        said(folder, "strat")


def test_without_the_repository_it_says_where_benchmarks_come_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clone of the repository"):
        said(tmp_path)


def test_a_wish_goes_to_the_benchmark_that_knows_it_and_is_refused_by_others(tmp_path: Path) -> None:
    (tmp_path / "live.py").write_text(
        BENCH.format(value=1).replace("measure():", "measure(quick=False):").replace("1.0", "float(quick)")
    )
    (tmp_path / "start.py").write_text(BENCH.format(value=1))
    lines: list[str] = []
    assert run(["live"], False, lines.append, tmp_path, {"quick": True}) == 0
    assert "| quick | 1 ms |  | under 2 |  |" in lines
    with pytest.raises(ConfigError, match="start has no --quick"):
        run(["start"], False, lines.append, tmp_path, {"quick": True})
