"""Everything that happened, as rows and as bars."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.journals import CLIENT, Writing

from voxrun.report.course import Bar, Row, bars, rows
from voxrun.report.reading import read_session


@pytest.fixture
def writing() -> Writing:
    return Writing()


def on(lane: str, writing: Writing, folder: Path) -> list[Bar]:
    return [bar for bar in bars(writing.read(folder)) if bar.lane == lane]


def test_every_record_is_in_exactly_one_row(short_call: Path) -> None:
    records = read_session(short_call).records
    held = sorted(n for row in rows(records) for n in row.records)
    assert held == [record.n for record in records]


def test_the_pieces_of_a_transcript_share_a_row_and_its_words_are_no_moments(
    writing: Writing, tmp_path: Path
) -> None:
    for t, final, text in (
        (1, False, {"text": "Hel"}),
        (2, False, {"delta": "lo"}),
        (3, True, {"text": "Hello."}),
    ):
        payload = {"type": "transcript", "role": "agent", "ordinal": 0, "final": final, **text}
        writing.wire(t, "in", "ws", payload)
        writing.transcript(t, "agent", 0, final, **text)
    records = writing.read(tmp_path)
    wire, event = rows(records)[1:]
    assert (wire.group, wire.about, len(wire.records)) == ("message", "Hello.", 3)
    assert (event.group, event.about, len(event.records)) == ("event", "Hello.", 3)
    assert [bar.start for bar in bars(records) if bar.lane == "events"] == [1, 3]


def test_a_request_and_its_answer_are_one_bar(writing: Writing, tmp_path: Path) -> None:
    writing.command(100, "http.request", "r1", url="https://user:pass@api.test/v1?x=1", method="POST")
    writing.wire(400, "in", "http", {"code": 503}, "r1")
    writing.event(400, "@http", "r1", code=503, text="later")
    (bar,) = on("http", writing, tmp_path)
    assert (bar.start, bar.end, bar.label, bar.tone) == (100, 400, "POST api.test/v1: 503", "bad")


def test_a_request_of_a_connector_is_a_bar_too(writing: Writing, tmp_path: Path) -> None:
    writing.wire(10, "out", "http", {"method": "POST", "url": "https://ai.test/calls", "body": {}})
    writing.wire(30, "in", "http", {"status": 201, "statusText": "Created"})
    (bar,) = on("http", writing, tmp_path)
    assert (bar.start, bar.end, bar.label, bar.tone) == (10, 30, "POST ai.test/calls: 201 Created", "")


def test_a_request_that_is_never_answered_stays_open(writing: Writing, tmp_path: Path) -> None:
    writing.command(100, "http.request", "r1", url="https://api.test/", method="GET")
    assert on("http", writing, tmp_path)[0].end is None


def test_a_timer_lasts_until_it_fires_an_interval_until_it_is_cleared(
    writing: Writing, tmp_path: Path
) -> None:
    writing.command(0, "timer.set", "1", delay=500, repeat=False)
    writing.command(0, "timer.set", "2", delay=200, repeat=True)
    writing.event(200, "@timer", "2")
    writing.event(400, "@timer", "2")
    writing.event(500, "@timer", "1")
    writing.command(700, "timer.clear", "2")
    once, again, *fires = on("timers", writing, tmp_path)
    assert (once.start, once.end, once.label) == (0, 500, "setTimeout 500 ms, a.js:5")
    assert (again.end, again.label) == (700, "setInterval 200 ms, a.js:5, cleared")
    assert [bar.start for bar in fires] == [200, 400]
    fired = [row for row in rows(writing.read(tmp_path)) if row.kind == "timer fires"]
    assert {row.about for row in fired} == {"set at a.js:5"}


def test_a_tool_call_lasts_until_its_result(writing: Writing, tmp_path: Path) -> None:
    writing.ultravox(100, "ClientToolInvocation", toolName="getWeather", invocationId="i1", parameters={})
    argument = {"invocationId": "i1", "errorMessage": "no"}
    writing.command(350, "connector.call", CLIENT, method="clientToolResult", argument=argument)
    (bar,) = on("tools", writing, tmp_path)
    assert (bar.start, bar.end, bar.label, bar.tone) == (100, 350, "getWeather", "bad")


def test_messages_go_out_or_come_in(writing: Writing, tmp_path: Path) -> None:
    writing.wire(1, "out", "ws", {"type": "user_text_message", "text": "hi"})
    writing.wire(2, "in", "ws", {"type": "state", "state": "idle"})
    writing.wire(3, "in", "ws", "plain text")
    sent, came, plain = on("messages", writing, tmp_path)
    assert (sent.out, sent.label) == (True, "user_text_message hi")
    assert (came.out, came.label) == (False, "state idle")
    assert plain.label == "ws plain text"


def test_log_lines_errors_and_warnings_have_their_tones(writing: Writing, tmp_path: Path) -> None:
    writing.add(1, "log", level="write", text="fine")
    writing.add(2, "log", level="warning", text="hm")
    writing.add(3, "error", message="broken")
    writing.add(4, "something-new", of="a later version")
    found: list[Row] = rows(writing.read(tmp_path))[1:]
    assert [(row.group, row.tone) for row in found] == [
        ("log", ""),
        ("log", "warn"),
        ("log", "bad"),
        ("session", "quiet"),
    ]
    assert [bar.tone for bar in on("log", writing, tmp_path)] == ["", "warn", "bad"]


def test_data_of_any_shape_does_no_harm(writing: Writing, tmp_path: Path) -> None:
    for value in (None, 3, "x", [1], {"a": []}, 1e300):
        for kind in ("timer.set", "timer.clear", "http.request", "connector.call"):
            writing.command(1, kind, url=value, delay=value, method=value, argument=value)
        for kind in ("@timer", "@http", "Ultravox.Transcript", "Ultravox.ClientToolInvocation"):
            writing.event(1, kind, code=value, data=value, payload=value)
        for what in ("http", "ws", value):
            writing.add(1, "wire", dir=value, what=what, payload=value)
        writing.add(1, "log", level=value, text=value)
    writing.command(1, "http.request", url="http://[half", method="GET")
    records = writing.read(tmp_path)
    rows(records)
    bars(records)
