"""A session and its outcome, as what a report shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.calls import missed_outcome, weather_call
from tests.report.journals import Writing

from voxrun.report.build import Listener, Report, build
from voxrun.report.outcome import Expectation, Outcome
from voxrun.report.reading import read_session


@pytest.fixture(scope="module")
def report(short_call: Path) -> Report:
    return build(read_session(short_call))


def test_each_turn_has_the_caller_s_words_and_the_wait_as_it_was_heard(report: Report) -> None:
    waits = {words: turn.wait_ms for turn, words in report.turns}
    assert abs(waits["What is the weather in Berlin today?"] - 1000) <= 60  # 0.6 s and the tool's 0.4
    assert abs(waits["And do I need an umbrella in the evening?"] - 600) <= 60
    assert abs(waits["Thank you, that is all."] - 2000) <= 60


def test_the_caller_s_words_stand_where_they_were_spoken_not_where_they_were_understood(
    report: Report,
) -> None:
    line = next(line for line in report.lines if line.text.startswith("What is the weather"))
    turn, _ = report.turns[0]
    assert (line.t, line.end) == (turn.start, turn.end)
    assert [line.t for line in report.lines] == sorted(line.t for line in report.lines)


def test_an_interruption_is_measured(report: Report) -> None:
    (cut,) = report.interruptions
    assert 200 <= cut.stopped_ms <= 340  # the agent hears it after 0.3 s


def test_the_figures_are_told_in_sentences(report: Report) -> None:
    told = " ".join(report.sentences)
    assert "The caller was answered 3 times" in told
    assert "1 interruption: the agent was silent within" in told
    assert "1 tool call." in told


def test_a_session_without_a_script_ended_and_says_how(report: Report) -> None:
    assert (report.verdict.state, report.verdict.text) == ("ended", "Normal termination")
    assert ("Call", "alice → 100") in report.facts
    assert report.title == "a.js"


def test_a_missed_expectation_makes_a_failed_report(short_call: Path) -> None:
    report = build(read_session(short_call), missed_outcome(), listen=False)
    assert report.title == "weather.call.yaml"
    assert (report.verdict.state, report.verdict.heading) == ("failed", "Failed")
    assert report.verdict.reproduce.startswith("voxrun test")


def test_a_passed_script_says_how_much_was_expected(short_call: Path) -> None:
    outcome = missed_outcome()
    passed = Outcome("w", True, expectations=outcome.expectations[:3])
    assert build(read_session(short_call), passed, listen=False).verdict.text == "3 expectations met."


def test_a_failed_tool_is_told(tmp_path: Path) -> None:
    report = build(read_session(weather_call(tmp_path, status=500)), listen=False)
    assert "1 tool call: 1 failed." in report.sentences


def test_a_scenario_that_throws_is_a_failed_session_with_its_message(tmp_path: Path) -> None:
    writing = Writing()
    writing.add(5, "error", message="call.answr is not a function", where="a.js:3:1")
    writing.add(6, "session", state="ended", reason="JS session error")
    verdict = build(read_session(writing.save(tmp_path))).verdict
    assert (verdict.state, verdict.heading) == ("failed", "The scenario failed")
    assert verdict.text == "call.answr is not a function"


def test_a_journal_that_stops_in_the_middle_says_so(tmp_path: Path) -> None:
    writing = Writing()
    writing.event(5, "Application.Started", "")
    assert build(read_session(writing.save(tmp_path))).verdict.heading == "No end"


def test_a_call_without_a_recording_has_no_turns_and_no_notes(tmp_path: Path) -> None:
    writing = Writing()
    writing.transcript(5, "user", 0, True, text="Hi")
    report = build(read_session(writing.save(tmp_path)))
    assert (report.recordings, report.turns, report.notes) == ((), (), ())


def test_a_recording_that_is_gone_or_elsewhere_is_told_or_left_alone(tmp_path: Path) -> None:
    writing = Writing()
    writing.add(1, "media", recording="recording.wav", call="c")
    writing.add(2, "media", recording="../../secret.wav", call="c")
    report = build(read_session(writing.save(tmp_path)))
    assert [each.name for each in report.recordings] == ["recording.wav"]
    assert report.notes[0].startswith("recording.wav cannot be read")


def test_listeners_that_never_ran_are_told_by_the_journal(tmp_path: Path) -> None:
    writing = Writing()
    rows = [{"label": "Call", "event": f"Call.{n}", "where": "a.js:1:2", "fired": n} for n in range(2)]
    writing.add(9, "listeners", listeners=[*rows, "damage"])
    report = build(read_session(writing.save(tmp_path / "s")))
    assert report.silent == (Listener("Call.0", "a.js:1:2"),)
    assert "2 listeners, 1 never ran" in [row.about for row in report.rows]


def test_a_wait_beyond_the_end_of_the_session_is_in_the_report(tmp_path: Path) -> None:
    session = read_session(Writing().save(tmp_path / "s"))
    late = Outcome("w", False, script="w.call.yaml", expectations=(Expectation("log", False, at_ms=99_000),))
    report = build(session, late)
    assert report.length_ms == 99_000
    assert ("Script", "w.call.yaml") in report.facts
