"""Journals of sessions whose process died."""

from __future__ import annotations

import json
from pathlib import Path

from voxrun.session.bury import bury

WHY = "the worker process of this call ended unexpectedly (SIGKILL)"


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def test_a_journal_that_was_cut_off_ends_with_the_reason(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    journal.write_text(
        '{"n":0,"t":0,"k":"header"}\n{"n":1,"t":40,"k":"log","text":"hello"}\n{"n":2,"t":60,"k'
    )
    (tmp_path / "log.txt").write_text("hello\n")
    assert bury(tmp_path, WHY)
    assert lines(tmp_path)[1:] == [
        {"n": 1, "t": 40, "k": "log", "text": "hello"},
        {"n": 2, "t": 40, "k": "error", "message": WHY},
        {"n": 3, "t": 40, "k": "session", "state": "ended", "reason": WHY},
    ]
    assert (tmp_path / "log.txt").read_text() == f"hello\n{WHY}\n"


def test_a_journal_that_was_complete_stays_as_it_is(tmp_path: Path) -> None:
    text = '{"n":0,"t":0,"k":"header"}\n{"n":1,"t":9,"k":"session","state":"ended","reason":"Normal"}\n'
    (tmp_path / "journal.jsonl").write_text(text)
    assert not bury(tmp_path, WHY)
    assert (tmp_path / "journal.jsonl").read_text() == text


def test_where_there_is_no_journal_none_is_made(tmp_path: Path) -> None:
    assert not bury(tmp_path, WHY)
    (tmp_path / "journal.jsonl").write_text("")
    assert not bury(tmp_path, WHY)
    (tmp_path / "journal.jsonl").write_text("binary \\ garbage\n")
    assert not bury(tmp_path, WHY)
