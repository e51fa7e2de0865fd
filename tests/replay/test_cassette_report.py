"""What people read of a playback."""

from __future__ import annotations

from pathlib import Path

from tests.replay.test_cassette_read import HEADER, cassette

from voxrun.replay.cassette_play import TapeDifference
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.cassette_report import report
from voxrun.replay.cassette_session import Played

MESSAGE = {"t": 5, "k": "out", "socket": 1, "json": {}}
SOCKET = {"t": 0, "k": "connect", "socket": 1, "url": "u", "host": "h"}
END = {"t": 9, "k": "end", "reason": "x"}


def test_the_same_is_one_line(tmp_path: Path) -> None:
    read = read_cassette(cassette(tmp_path, HEADER, END))
    (line,) = report(Played(read, messages=0, requests=1, ended_ms=1500))
    assert line.endswith("same: 1 request and 0 messages to the provider, 1.5 s of virtual time")


def test_a_difference_names_line_place_both_sides_and_what_is_not_comparable(tmp_path: Path) -> None:
    read = read_cassette(cassette(tmp_path, HEADER, SOCKET, MESSAGE, MESSAGE, MESSAGE, END))
    found = TapeDifference(70, "message 2 to the provider", {"a": 1}, {"a": 2})
    lines = [*report(Played(read, found, "new.js:3:1", messages=1))]
    assert lines[0].endswith("differs from new.js:3:1 at 70 ms: message 2 to the provider")
    assert lines[1:4] == ["  a", "    recorded: 1", "    now:      2"]
    assert lines[-1] == "  not comparable any more: 0 requests and 1 message to the provider"


def test_a_side_that_is_not_there_is_nothing_and_a_cut_recording_says_so(tmp_path: Path) -> None:
    read = read_cassette(cassette(tmp_path, HEADER, SOCKET))
    lines = [*report(Played(read, TapeDifference(7, "message 1 to the provider", None, {"a": 2})))]
    assert "cut off at 0 ms" in lines[0]
    assert lines[2:4] == ["  recorded: nothing", '  now:      {"a": 2}']
