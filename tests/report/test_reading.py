"""A damaged journal is read as far as it goes, and the damage is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.errors import ConfigError
from voxrun.report.reading import is_session, read_session

HEADER = b'{"n":0,"t":0,"k":"header","version":1,"startMs":5}'
LOG = b'{"n":1,"t":120,"k":"log","level":"write","text":"hello","where":"a.js:1:2"}'


def journal(folder: Path, *lines: bytes) -> Path:
    (folder / "journal.jsonl").write_bytes(b"\n".join(lines))
    return folder


def test_a_journal_gives_its_header_and_its_records(tmp_path: Path) -> None:
    session = read_session(journal(tmp_path, HEADER, LOG, b""))
    assert session.header["startMs"] == 5
    assert [(record.k, record.t, record.where) for record in session.records] == [
        ("header", 0, ""),
        ("log", 120, "a.js:1:2"),
    ]
    assert session.length_ms == 120
    assert session.notes == ()
    assert is_session(tmp_path)


def test_keys_that_the_scenario_hid_are_in_no_report(tmp_path: Path) -> None:
    hide = b'{"n":1,"t":0,"k":"command","kind":"log.tones","id":"","data":{"hide":true}}'
    key = b'{"n":2,"t":9,"k":"event","kind":"Call.ToneReceived","id":"c","data":{"tone":"7"}}'
    session = read_session(journal(tmp_path, HEADER, key, hide, key))
    assert [record.data for record in session.records[1:]] == [{"tone": "7"}, {"hide": True}, {"tone": "*"}]
    assert '"7"' not in session.records[-1].json


@pytest.mark.parametrize(
    "damage",
    [
        b'{"n":2,"t":',
        b"[1]",
        b"\xff\xfe\x00",
        b'{"t":NaN}',
        b"[" * 5000,
        b'{"a":' * 3000 + b"1" + b"}" * 3000,
    ],
)
def test_a_line_that_is_no_record_is_left_out_and_told(tmp_path: Path, damage: bytes) -> None:
    session = read_session(journal(tmp_path, HEADER, damage, LOG))
    assert len(session.records) == 2
    assert session.notes == ("Line 2 of journal.jsonl cannot be read and is left out.",)


def test_many_damaged_lines_are_counted_not_listed(tmp_path: Path) -> None:
    session = read_session(journal(tmp_path, HEADER, *[b"x"] * 9))
    assert session.notes == ("Lines 2, 3, 4 and more of journal.jsonl cannot be read and are left out.",)


@pytest.mark.parametrize("t", [b'"soon"', b"-4", b"1e300", b"null", b"true"])
def test_a_time_that_cannot_be_is_that_of_the_record_before(tmp_path: Path, t: bytes) -> None:
    session = read_session(journal(tmp_path, HEADER, LOG, b'{"k":"log","t":' + t + b"}"))
    assert session.records[-1].t == 120


def test_fields_of_wrong_types_do_no_harm(tmp_path: Path) -> None:
    session = read_session(
        journal(tmp_path, HEADER, b'{"k":7,"kind":[],"id":{},"where":1,"data":"x","t":1.5}')
    )
    record = session.records[1]
    assert (record.k, record.kind, record.id, record.where, record.data, record.t) == ("", "", "", "", {}, 1)


def test_a_lost_header_is_told(tmp_path: Path) -> None:
    assert read_session(journal(tmp_path, LOG)).notes == ("The journal does not begin with its header.",)


def test_a_folder_without_a_journal_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a session.s folder, which has a journal\.jsonl in it"):
        read_session(tmp_path)
    assert not is_session(tmp_path)


def test_an_empty_journal_is_no_session(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no records"):
        read_session(journal(tmp_path, b""))
