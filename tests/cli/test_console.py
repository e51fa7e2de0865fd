"""What the terminal shows: short lines, in order, and nothing that could play tricks on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.cli.console import Console, printable, tell
from voxrun.session.messages import JsonObject


def transcript(role: str, text: str, final: bool = True) -> JsonObject:
    payload: JsonObject = {"type": "transcript", "role": role, "text": text, "final": final, "ordinal": 1}
    return {
        "k": "event",
        "t": 1200,
        "kind": "Ultravox.WebSocketAPI.Transcript",
        "data": {"data": {"customEvent": "Transcript", "payload": payload}},
    }


def ai(name: str, **payload: object) -> JsonObject:
    return {
        "k": "event",
        "t": 0,
        "kind": f"Ultravox.WebSocketAPI.{name}",
        "data": {"data": {"payload": payload}},
    }  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (transcript("agent", "Hello. "), ("agent", "Hello.")),
        (transcript("user", "Hi"), ("caller", "Hi")),
        (transcript("agent", "Hel", final=False), None),
        ({"k": "log", "level": "write", "text": "x"}, ("log", "x")),
        ({"k": "log", "level": "warning", "text": "x"}, ("note", "x")),
        ({"k": "error", "message": "boom"}, ("error", "boom")),
        ({"k": "wire", "payload": {}}, None),
        ({"k": "event", "kind": "@timer", "data": {}}, None),
        (
            ai("ClientToolInvocation", toolName="weather", parameters={"city": "Rome"}),
            ("tool", "weather(city='Rome')"),
        ),
        (
            ai("HTTPResponse", status=402, body="pay"),
            ("error", "voice AI refused: {'status': 402, 'body': 'pay'}"),
        ),
        (ai("HTTPResponse", status=201), None),
        (ai("PlaybackClearBuffer"), ("note", "the caller interrupts: the agent's audio is cleared")),
        (
            {"k": "event", "kind": "Call.Failed", "data": {"code": 486, "reason": "Busy here"}},
            ("call", "failed: 486 Busy here"),
        ),
        (
            {
                "k": "command",
                "kind": "connector.call",
                "data": {"method": "clientToolResult", "argument": {"result": "ok"}},
            },
            ("tool", "-> ok"),
        ),
        (
            {"k": "command", "kind": "call.dial", "data": {"kind": "user", "destination": "bob"}},
            ("call", "calls user bob"),
        ),
    ],
)
def test_a_person_is_told_what_matters(record: JsonObject, told: tuple[str, str] | None) -> None:
    assert tell(record) == told


def lines(*records: JsonObject, colour: bool = False) -> list[str]:
    out: list[str] = []
    console = Console(out.append, colour, lambda session: Path("/x/session"))
    for record in records:
        console("s1", record)
    return out


def test_a_line_has_session_number_time_and_what_it_is_about() -> None:
    assert lines(transcript("agent", "Hello")) == [" 1 00:01.2  agent  Hello"]


def test_sessions_are_numbered_in_the_order_they_appear() -> None:
    out: list[str] = []
    console = Console(out.append, False, lambda session: None)
    for session in ("a", "b", "a"):
        console(session, {"k": "log", "t": 0, "level": "write", "text": session})
    assert [line.split()[0] for line in out] == ["1", "2", "1"]


def test_the_end_names_the_folder() -> None:
    out = lines({"k": "session", "t": 0, "state": "ended", "reason": "Normal termination"})
    assert out == [" 1 00:00.0  call   session over: Normal termination; everything is in /x/session"]


def test_further_lines_of_a_message_are_indented() -> None:
    out = lines({"k": "error", "t": 0, "message": "first\n> 2 | code"})
    assert out[1].startswith(" " * 12)
    assert out[1].strip() == "> 2 | code"


def test_colours_only_where_the_terminal_has_them() -> None:
    assert "\x1b[" not in lines(transcript("agent", "x"))[0]
    assert "\x1b[35m" in lines(transcript("agent", "x"), colour=True)[0]


def test_a_scenario_cannot_send_control_characters_to_the_terminal() -> None:
    assert printable("a\x1b[2Jb\r\x07\u202ec\td") == "a\\x1b[2Jb\\x0d\\x07\\x202ec d"
    assert "\x1b" not in lines({"k": "log", "t": 0, "level": "write", "text": "\x1b[31mred"})[0]


def test_what_a_recogniser_understood_and_who_answered_is_printed() -> None:
    said: JsonObject = {"k": "event", "t": 0, "kind": "ASR.Result", "data": {"text": "yes please"}}
    unclear: JsonObject = {"k": "event", "t": 0, "kind": "ASR.Result", "data": {"text": "", "confidence": 0}}
    amd = "AMD.Events.DetectionComplete"
    who: JsonObject = {"k": "event", "t": 0, "kind": amd, "data": {"resultClass": "VOICEMAIL"}}
    assert lines(said)[0].endswith("caller yes please")
    assert lines(unclear)[0].endswith("caller (not understood)")
    assert lines(who)[0].endswith("call   who answered: VOICEMAIL")


def test_keys_that_the_scenario_hides_are_not_printed() -> None:
    lines: list[str] = []
    console = Console(lines.append, False, lambda session: None)
    key: JsonObject = {"k": "event", "t": 0, "kind": "Call.ToneReceived", "data": {"tone": "7"}}
    console("a", {"k": "command", "t": 0, "kind": "log.tones", "data": {"hide": True}})
    for session in ("a", "b"):
        console(session, key)
    console("a", {"k": "session", "t": 0, "state": "ended", "reason": "done"})
    assert [line.rpartition("call   ")[2] for line in lines[:2]] == ["key *", "key 7"]
