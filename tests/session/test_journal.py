"""The journal and the log beside it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from tests.full_disk import files_end_at

from voxrun.session.journal import Journal, command_record, log_line
from voxrun.session.messages import Command, Event, JsonObject
from voxrun.session.redact import Redactor


class FixedClock:
    """A date that a test moves."""

    def __init__(self) -> None:
        self.ms = 1_736_154_000_000

    def now(self) -> float:
        return self.ms / 1000

    def unix_ms(self) -> int:
        return self.ms

    async def sleep_until(self, when: float) -> None:
        raise AssertionError("nothing sleeps here")


def journal(folder: Path, secrets: dict[str, str] | None = None) -> tuple[Journal, FixedClock]:
    clock = FixedClock()
    return Journal(folder, clock, Redactor(secrets or {}), clock.ms), clock


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]


def test_records_are_numbered_and_stamped_with_session_time(tmp_path: Path) -> None:
    book, clock = journal(tmp_path)
    book.event(Event("Call.Connected", "c1", {"headers": {}}), clock.ms)
    clock.ms += 20
    book.command(Command("call.hangup", "c1", {}, "a.js:3:1"))
    book.close()
    assert lines(tmp_path) == [
        {"n": 0, "t": 0, "k": "event", "kind": "Call.Connected", "id": "c1", "data": {"headers": {}}},
        {"n": 1, "t": 20, "k": "command", "kind": "call.hangup", "id": "c1", "data": {}, "where": "a.js:3:1"},
    ]


def test_every_record_is_on_disk_before_the_next_one(tmp_path: Path) -> None:
    book, _clock = journal(tmp_path)
    book.log("write", "one")
    assert len(lines(tmp_path)) == 1
    book.close()


def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    book, _clock = journal(tmp_path)
    book.close()
    for name in ("journal.jsonl", "log.txt"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_secrets_are_redacted_in_journal_log_and_what_observers_see(tmp_path: Path) -> None:
    book, clock = journal(tmp_path, {"KEY": "tops3cret"})
    seen: list[object] = []
    book.observe(seen.append)
    book.log("write", "my key is tops3cret")
    book.event(Event("@http", "1", {"headers": [{"key": "Authorization", "value": "tops3cret"}]}), clock.ms)
    book.close()
    everything = (tmp_path / "journal.jsonl").read_text() + (tmp_path / "log.txt").read_text() + repr(seen)
    assert "tops3cret" not in everything
    assert "«secret:KEY»" in repr(seen)


def test_the_log_reads_like_the_platform_s(tmp_path: Path) -> None:
    book, clock = journal(tmp_path)
    book.log("write", "hello")
    clock.ms += 1500
    book.event(Event("Call.Connected", "c1", {"headers": {}}), clock.ms)
    book.event(Event("@timer", "1"), clock.ms)
    book.command(Command("timer.set", "1", {"delay": 5}))
    book.close()
    assert (tmp_path / "log.txt").read_text().splitlines() == [
        "2025-01-06 09:00:00.000 hello",
        '2025-01-06 09:00:01.500 <- Call.Connected {"headers":{}}',
    ]


def test_lone_surrogates_and_nul_characters_do_not_break_a_line(tmp_path: Path) -> None:
    book, _clock = journal(tmp_path)
    book.log("write", "a\x00b \ud800 c")
    book.close()
    assert lines(tmp_path)[0]["text"] == "a\x00b \ud800 c"
    assert "\\x00" in (tmp_path / "log.txt").read_text()


def test_long_data_is_cut_in_the_log_but_whole_in_the_journal(tmp_path: Path) -> None:
    book, clock = journal(tmp_path)
    book.event(Event("Call.MessageReceived", "c", {"text": "x" * 5000}), clock.ms)
    book.close()
    assert len((tmp_path / "log.txt").read_text()) < 600
    assert lines(tmp_path)[0]["data"] == {"text": "x" * 5000}


def test_what_a_person_would_not_want_in_the_log_is_left_out() -> None:
    assert log_line({"n": 0, "t": 0, "k": "wire", "payload": 1}, 0) == ""


def test_a_full_disk_ends_the_files_and_is_told_once(tmp_path: Path) -> None:
    book, _clock = journal(tmp_path)
    seen: list[JsonObject] = []
    book.observe(seen.append)
    with files_end_at(3000):
        for number in range(100):
            book.log("write", f"line {number} of the log")
        book.close()
    assert [r["text"] for r in seen if r["k"] == "log"] == [f"line {n} of the log" for n in range(100)]
    told = [str(r["message"]) for r in seen if r["k"] == "error"]
    assert [text.split(": ")[0] for text in told] == [
        f"{tmp_path / name} cannot be written any more" for name in ("journal.jsonl", "log.txt")
    ]
    assert all("File too large" in text for text in told)
    assert [r["n"] for r in seen] == [*range(102)]
    whole = (tmp_path / "journal.jsonl").read_text().splitlines()[:-1]
    assert [json.loads(line)["n"] for line in whole] == [*range(len(whole))]
    assert len(whole) > 20


def test_an_observer_that_fails_is_left_out_and_the_others_see_everything(tmp_path: Path) -> None:
    book, _clock = journal(tmp_path)
    seen: list[JsonObject] = []

    def fail(record: JsonObject) -> None:
        seen.append({"failed": record["n"]})
        raise RuntimeError("gone")

    book.observe(fail)
    book.observe(seen.append)
    book.log("write", "a")
    book.log("write", "b")
    book.close()
    assert [record.get("failed", record.get("text")) for record in seen] == [0, "a", "b"]


def test_without_a_folder_nothing_is_written_and_observers_still_see() -> None:
    clock = FixedClock()
    book = Journal(None, clock, Redactor({}), clock.ms)
    seen: list[JsonObject] = []
    book.observe(seen.append)
    book.log("write", "a")
    book.close()
    assert len(seen) == 1


def test_nothing_is_written_after_close_and_nobody_fails(tmp_path: Path) -> None:
    book, _clock = journal(tmp_path)
    book.close()
    book.log("write", "late")
    book.close()
    assert lines(tmp_path) == []


def test_hidden_tones_are_stars_in_the_log_only(tmp_path: Path) -> None:
    book, clock = journal(tmp_path)
    for hide in (False, True):
        book.command(Command("log.tones", "", {"hide": hide}))
        book.event(Event("Call.ToneReceived", "c1", {"tone": "7", "type": "1"}), clock.ms)
        book.command(Command("call.dtmf", "c1", {"digits": "42"}))
    book.close()
    keys = [line["data"] for line in lines(tmp_path) if line["kind"] != "log.tones"]
    assert keys == [{"tone": "7", "type": "1"}, {"digits": "42"}] * 2
    log = (tmp_path / "log.txt").read_text()
    assert [log.count(text) for text in ('"tone":"7"', '"tone":"*"', '"digits":"42"', '"digits":"**"')] == [
        1
    ] * 4


def test_what_the_scenario_hides_is_in_no_file_and_replays_see_the_same() -> None:
    command = Command("player.create", "p1", {"url": "u", "body": {"text": "card"}, "hide": ["body"]})
    kind, record = command_record(command)
    assert (kind, record["data"]) == ("command", {"url": "u", "body": "«hidden»", "hide": ["body"]})
    assert command_record(Command("x", "", {"hide": "body", "body": 1}))[1]["data"] == {
        "hide": "body",
        "body": 1,
    }
