"""voxrun replay, voxrun script and --cassette from the command line: what is printed, and the exit codes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voxrun.cli.main import main

FIXTURES = Path(__file__).parents[1] / "replay" / "fixtures"
JOURNAL, CASSETTE = FIXTURES / "journal-v1", FIXTURES / "cassette-v1"


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The journal's scenario with another log line and another timer."""
    source = (JOURNAL / "scripts" / "0-a.js").read_text()
    file = tmp_path / "new.js"
    file.write_text(source.replace("got ", "received ").replace("2000", "3000"))
    return file


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str]:
    code = main(["replay", *map(str, args)])
    done = capsys.readouterr()
    return code, done.out + done.err


def test_a_journal_and_a_cassette_replay(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, JOURNAL, CASSETTE)
    assert code == 0, out
    assert "equal" in out
    assert "same: 1 request and 1 message to the provider" in out


def test_a_changed_scenario_gives_exit_code_1_and_names_the_change(
    capsys: pytest.CaptureFixture[str], changed: Path
) -> None:
    code, out = run(capsys, "--against", changed, JOURNAL)
    assert code == 1
    assert 'recorded: log "got pong"' in out
    assert "differs from " in out
    assert "not comparable" in out


def test_a_cassette_against_another_scenario(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "new.js"
    file.write_text(next((CASSETTE / "scripts").iterdir()).read_text().replace("'hello'", "'good day'"))
    code, out = run(capsys, "--against", file, CASSETTE)
    assert code == 1
    assert 'recorded: "hello"' in out
    assert 'now:      "good day"' in out
    assert "new.js:11" in out


def test_a_damaged_one_among_many_is_a_line(
    capsys: pytest.CaptureFixture[str], changed: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        shutil.copytree(JOURNAL, tmp_path / "all" / name)
    shutil.copytree(CASSETTE, tmp_path / "all" / "c")
    (tmp_path / "all" / "a" / "journal.jsonl").write_text("{}\n{}")
    (tmp_path / "all" / "c" / "cassette.jsonl").write_text("{}\n{}")
    code, out = run(capsys, tmp_path / "all")
    assert code == 1
    assert out.count("not replayed:") == 2
    assert "b: equal" in out
    code, out = run(capsys, "--against", changed, tmp_path / "all")
    assert code == 1
    assert "2 sessions: 1 differ, 1 not compared" in out


def test_nothing_that_can_be_read_is_exit_code_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, tmp_path)[0] == 2
    assert run(capsys, tmp_path / "missing")[0] == 2
    assert run(capsys, "--against", tmp_path / "missing.js", JOURNAL)[0] == 2


def test_a_script_is_written_where_it_is_wanted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    output = tmp_path / "made.call.yaml"
    assert main(["script", str(JOURNAL), "-o", str(output)]) == 0
    assert "voxrun test" in capsys.readouterr().out
    assert output.read_text().startswith("title: ")
    assert main(["script", str(JOURNAL), "-o", str(output)]) == 2
    assert "is there already" in capsys.readouterr().err
