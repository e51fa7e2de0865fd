"""What people read of a comparison: the change, both sides, the line, and a table for many."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.test_against import SCENARIO, against, record

from voxrun.replay.against import Outcome
from voxrun.replay.against_report import exit_code, report, summary


def test_a_changed_argument_is_told_by_its_place_with_both_sides(tmp_path: Path) -> None:
    folder = record(tmp_path)
    lines = report(against(SCENARIO.replace("2000", "3000"), folder))
    text = "\n".join(lines)
    assert f"{folder}: differs from new.js:9:" in text
    assert "timer.set:\n    delay\n      recorded: 2000\n      now:      3000" in text
    assert "not comparable" in lines[-1]


def test_a_command_that_is_missing_is_told_with_its_old_line(tmp_path: Path) -> None:
    folder = record(tmp_path)
    text = "\n".join(report(against(SCENARIO.replace("call.answer();", ""), folder)))
    assert "from a.js:4" in text or "from new.js" in text
    assert "recorded: call.answer {" in text


def test_log_lines_are_listed_with_their_turn(tmp_path: Path) -> None:
    text = "\n".join(report(against(SCENARIO.replace("call of", "from"), record(tmp_path))))
    assert "1 log line changes" in text
    assert 'recorded: log "call of alice"' in text
    assert 'now:      log "from alice"' in text
    assert "Application.CallAlerting at 0 ms" in text


def test_many_sessions_end_with_a_table(tmp_path: Path) -> None:
    folders = [record(tmp_path / str(n), who) for n, who in enumerate(("alice", "bob"))]
    (tmp_path / "bad").mkdir()
    lines = report(against(SCENARIO.replace("Hello Bob", "Hi"), *folders, tmp_path / "bad"))
    header = next(line for line in lines if line.startswith("session "))
    rows = lines[lines.index(header) + 1 : lines.index(header) + 4]
    assert ["same" in rows[0], "DIFFERS" in rows[1], "UNREADABLE" in rows[2]] == [True, True, True]
    assert lines[-1] == "3 sessions: 1 same, 1 differ, 1 not compared"
    assert sum("cannot be read" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        (["same", "same"], 0),
        (["same", "logs"], 1),
        (["differs"], 1),
        (["same", "unreadable"], 1),
        (["unreadable"], 2),
    ],
)
def test_exit_codes(verdicts: list[str], code: int) -> None:
    assert exit_code([Outcome(Path("x"), verdict) for verdict in verdicts]) == code  # type: ignore[arg-type]


def test_the_summary_counts() -> None:
    outcomes = [Outcome(Path("x"), "same"), Outcome(Path("y"), "logs"), Outcome(Path("z"), "same")]
    assert summary(outcomes) == "3 sessions: 2 same, 1 with other log lines"
