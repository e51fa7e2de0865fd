"""What was said and done, in lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.journals import CLIENT, Writing

from voxrun.report.reading import read_session
from voxrun.report.talk import Line, conversation


@pytest.fixture
def writing() -> Writing:
    return Writing()


def lines(writing: Writing, folder: Path) -> list[Line]:
    return conversation(writing.read(folder))


def test_the_pieces_of_a_sentence_are_one_line(writing: Writing, tmp_path: Path) -> None:
    writing.transcript(100, "agent", 0, False, text="Hello")
    writing.transcript(300, "agent", 0, False, delta=", there")
    writing.transcript(500, "agent", 0, True, text="Hello, there. ")
    writing.transcript(900, "user", 1, True, text="Hi.")
    agent, caller = lines(writing, tmp_path)
    assert (agent.who, agent.text, agent.t, agent.end) == ("agent", "Hello, there.", 100, 500)
    assert (caller.who, caller.text) == ("caller", "Hi.")


def test_an_interrupted_sentence_keeps_what_was_heard_apart_from_what_was_not(
    writing: Writing, tmp_path: Path
) -> None:
    writing.transcript(100, "agent", 0, False, text="It will rain until four and")
    writing.ultravox(400, "PlaybackClearBuffer", type="playback_clear_buffer")
    writing.transcript(410, "agent", 0, True, text="It will rain")
    (line,) = lines(writing, tmp_path)
    assert line.cut
    assert (line.text, line.unheard) == ("It will rain", "until four and")


def test_a_buffer_that_is_cleared_when_nobody_speaks_interrupts_no_sentence(
    writing: Writing, tmp_path: Path
) -> None:
    writing.transcript(100, "agent", 0, True, text="Done.")
    writing.ultravox(110, "State", type="state", state="listening")
    writing.ultravox(400, "PlaybackClearBuffer", type="playback_clear_buffer")
    assert not lines(writing, tmp_path)[0].cut


def test_a_tool_call_stands_with_its_answer_and_the_time_it_took(writing: Writing, tmp_path: Path) -> None:
    writing.ultravox(
        100, "ClientToolInvocation", toolName="getWeather", invocationId="i1", parameters={"city": "Rome"}
    )
    argument = {"invocationId": "i1", "result": '{"celsius": 20}'}
    writing.command(350, "connector.call", CLIENT, method="clientToolResult", argument=argument)
    (line,) = lines(writing, tmp_path)
    assert (line.kind, line.text, line.arguments) == ("tool", "getWeather", '{"city": "Rome"}')
    assert (line.result, line.answered, line.failed, line.end - line.t) == (
        '{"celsius": 20}',
        True,
        False,
        250,
    )
    assert line.where == "x/a.js:5:3"


def test_a_failed_tool_and_one_without_an_answer_are_told_apart(writing: Writing, tmp_path: Path) -> None:
    for number in (1, 2):
        writing.ultravox(100, "ClientToolInvocation", toolName=f"t{number}", invocationId=f"i{number}")
    argument = {"invocationId": "i1", "errorType": "implementation-error", "errorMessage": "HTTP 500"}
    writing.command(350, "connector.call", CLIENT, method="clientToolResult", argument=argument)
    failed, open_ = lines(writing, tmp_path)
    assert (failed.failed, failed.result) == (True, "HTTP 500")
    assert (open_.answered, open_.failed) == (False, False)


def test_keys_that_follow_each_other_are_one_line(writing: Writing, tmp_path: Path) -> None:
    for t, tone in ((0, "1"), (400, "2"), (9000, "#")):
        writing.event(t, "Call.ToneReceived", tone=tone)
    assert [line.text for line in lines(writing, tmp_path)] == ["12", "#"]


def test_what_the_scenario_says_places_and_sends_is_told(writing: Writing, tmp_path: Path) -> None:
    writing.event(0, "Application.CallAlerting", callerid="+49123", destination="100")
    writing.command(1, "call.say", text="Please hold.")
    writing.command(2, "call.dial", "second", destination="operator")
    writing.event(3, "Call.Failed", "second", code=486, reason="Busy Here")
    writing.command(4, "call.message", text="We call back.")
    writing.event(5, "Call.Disconnected", reason="Normal call clearing")
    writing.add(6, "session", state="ended", reason="Normal termination")
    assert [line.text for line in lines(writing, tmp_path)] == [
        "Call from +49123 to 100",
        "Please hold.",
        "The scenario calls operator",
        "The call to operator failed: 486 Busy Here",
        "We call back.",
        "The call ended: Normal call clearing",
        "Session ended: Normal termination",
    ]


def test_what_a_recogniser_understood_and_who_answered_is_told(writing: Writing, tmp_path: Path) -> None:
    writing.event(0, "AMD.Events.DetectionComplete", resultClass="HUMAN", confidence=87)
    writing.event(1, "ASR.InterimResult", text="track")
    writing.event(2, "ASR.Result", text="track my order", confidence=95)
    writing.event(3, "ASR.Result", text="", confidence=0)
    writing.event(4, "AMD.Events.DetectionComplete", resultClass="TIMEOUT")
    writing.event(5, "AMD.Events.DetectionComplete", resultClass="CALL_ENDED")
    assert [(line.kind, line.text) for line in lines(writing, tmp_path)] == [
        ("note", "A person answered (87 % sure)"),
        ("say", "track my order"),
        ("note", "What the caller said was not understood"),
        ("note", "Whether a person answered or a machine could not be told"),
    ]


def test_the_end_of_the_voice_ai_and_errors_are_told_as_bad_news(writing: Writing, tmp_path: Path) -> None:
    writing.ultravox(1, "WebSocketError", code=1006, reason="gone")
    writing.add(2, "error", message="x is not a function\n  3 | x()", where="a.js:3:1")
    found = lines(writing, tmp_path)
    assert [line.tone for line in found] == ["bad", "bad"]
    assert found[0].text == "The connection to the voice AI failed: gone"
    assert found[1].text.startswith("The scenario failed: x is not a function\n")


def test_payloads_of_any_shape_do_no_harm(writing: Writing, tmp_path: Path) -> None:
    shapes: list[object] = [
        None,
        5,
        "text",
        [],
        {"text": {"a": 1}, "ordinal": [], "toolName": 3, "tone": None},
    ]
    for name in (
        "Transcript",
        "PlaybackClearBuffer",
        "State",
        "ClientToolInvocation",
        "ToneReceived",
        "Result",
        "DetectionComplete",
    ):
        for shape in shapes:
            writing.event(1, f"ASR.{name}", data={"payload": shape})
            writing.event(1, name, payload=shape)
    for kind in ("connector.call", "call.dial", "call.say", "call.message", "call.dtmf"):
        for shape in shapes:
            writing.command(
                1, kind, argument=shape, method=shape, text=shape, digits=shape, destination=shape
            )
    lines(writing, tmp_path)


def test_a_real_call_reads_like_the_call(short_call: Path) -> None:
    said = [
        (line.who, line.text) for line in conversation(read_session(short_call).records) if line.kind == "say"
    ]
    assert said[0] == ("agent", "Hello, this is the weather desk.")
    assert ("caller", "What is the weather in Berlin today?") in said
    assert said[-1] == ("agent", "Goodbye, and have a nice walk.")


def test_what_players_say_stands_where_they_begin(writing: Writing, tmp_path: Path) -> None:
    writing.command(100, "player.create", "p1", text="one moment")
    writing.command(
        150, "player.create", "p2", segments=[{"text": "You are"}, {"url": "u"}, {"text": "next"}]
    )
    writing.command(160, "player.create", "p3", script="425")
    for t, kind, player in ((300, "Player", "p1"), (400, "SequencePlayer", "p2"), (500, "Player", "p3")):
        writing.event(t, f"{kind}.Started", player, duration=100)
    first, second = lines(writing, tmp_path)
    assert (first.who, first.text, first.t) == ("scenario", "one moment", 300)
    assert (second.text, second.t) == ("You are next", 400)
