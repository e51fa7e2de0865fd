"""Journal records become moments: speech as it grows, tools with their results, recordings."""

from __future__ import annotations

from typing import Any

from voxrun.replay.sightings import Sightings
from voxrun.replay.timeline import Timeline


def read(*records: dict[str, Any]) -> Timeline:
    timeline = Timeline()
    sightings = Sightings(timeline)
    for number, record in enumerate(records):
        sightings.record({"n": number, "t": number * 100, "id": "u1", **record})
    return timeline


def event(name: str, **payload: Any) -> dict[str, Any]:
    return {"k": "event", "kind": f"Ultravox.WebSocketAPI.{name}", "data": {"data": {"payload": payload}}}


def transcript(role: str = "agent", **payload: Any) -> dict[str, Any]:
    return event("Transcript", role=role, **{"ordinal": 0, "final": False, **payload})


def test_speech_grows_word_by_word_and_is_final_once() -> None:
    timeline = read(
        transcript(text="Hello"),
        transcript(delta=" th"),
        transcript(delta="ere.", text=""),
        transcript(text="Hello there.", final=True),
        transcript(text="Bye", final=True, ordinal=1),
    )
    stream = timeline.stream("agent_says")
    assert stream.words == ["Hello", "there.", "Bye"]
    assert stream.times == [0, 100, 400]
    finals = [moment for moment in timeline.moments if moment.kind == "agent_says"]
    assert [(moment.text, moment.data["began"]) for moment in finals] == [("Hello there.", 0), ("Bye", 400)]


def test_what_the_agent_understood_is_a_stream_of_its_own() -> None:
    timeline = read(transcript("user", text="good morning", final=True))
    assert timeline.stream("agent_hears").words == ["good", "morning"]
    assert timeline.stream("agent_says").words == []


def test_a_tool_and_its_result_belong_together() -> None:
    result = {"invocationId": "i", "result": '{"a": 1}'}
    timeline = read(
        event("ClientToolInvocation", toolName="book", invocationId="i", parameters={"n": 1}),
        {
            "k": "command",
            "kind": "connector.call",
            "data": {"method": "clientToolResult", "argument": result},
        },
    )
    tool = next(moment for moment in timeline.moments if moment.kind == "tool")
    answer = next(moment for moment in timeline.moments if moment.kind == "tool_result")
    assert (tool.text, tool.data["arguments"]) == ("book", {"n": 1})
    assert (answer.text, answer.data["result"]) == ("book", {"a": 1})


def test_a_recording_is_complete_at_the_latest_with_the_session() -> None:
    started = {"k": "event", "kind": "Call.RecordStarted", "data": {"url": "http://x/a.mp3"}}
    over = {"k": "event", "kind": "Call.Disconnected", "data": {}}
    ended = {"k": "session", "state": "ended", "reason": "Normal termination"}
    timeline = read(started, {**over, "t": 2600}, {**ended, "t": 9000})
    found = [dict(moment.data) for moment in timeline.moments if moment.kind == "recording"]
    assert found == [{"$started": True}, {"url": "http://x/a.mp3", "duration": 3}]
    timeline = read(started, {**ended, "t": 1000})
    assert timeline.moments[-2].data["duration"] == 1


def test_a_recording_is_named_by_its_file_also_where_a_server_adds_a_token() -> None:
    url = "http://x/a.mp3?token=abc"
    timeline = read(
        {"k": "event", "kind": "Call.RecordStarted", "data": {"url": url}}, {"k": "session", "state": "ended"}
    )
    found = [
        (moment.text, moment.data.get("url")) for moment in timeline.moments if moment.kind == "recording"
    ]
    assert found == [("http://x/a.mp3", None), ("http://x/a.mp3", url)]


def test_recorders_and_several_recordings_of_a_call_are_told_apart() -> None:
    def event(kind: str, target: str, t: int, **data: Any) -> dict[str, Any]:
        return {"k": "event", "kind": kind, "id": target, "data": data, "t": t}

    timeline = read(
        event("Call.RecordStarted", "c1", 0, url="a", recorder="r1"),
        event("Call.RecordStarted", "c1", 1000, url="b", recorder="r2"),
        event("Recorder.Started", "r3", 1000, url="c"),
        event("Call.RecordStopped", "c1", 2000, url="b", duration=1, recorder="r2"),
        event("Call.Disconnected", "c1", 4000),
        event("Recorder.Stopped", "r3", 9000, url="c", duration=2),
    )
    found = [dict(moment.data) for moment in timeline.moments if moment.kind == "recording"]
    assert found[3:] == [
        {"url": "b", "duration": 1}, {"url": "a", "duration": 4}, {"url": "c", "duration": 2},
    ]  # fmt: skip


def test_other_records() -> None:
    timeline = read(
        {"k": "log", "level": "write", "text": "hello", "where": "a.js:1:2"},
        {"k": "error", "message": "boom"},
        {
            "k": "command",
            "kind": "call.dial",
            "data": {"kind": "pstn", "destination": "+49"},
            "where": "a.js:2:1",
        },
        {"k": "event", "kind": "@timer", "data": {}},
        {"k": "header", "version": 1},
    )
    kinds = [(moment.kind, moment.text, moment.where) for moment in timeline.moments]
    assert kinds == [
        ("log", "hello", "a.js:1:2"),
        ("error", "boom", ""),
        ("command", "call.dial", "a.js:2:1"),
        ("call", "+49", "a.js:2:1"),
    ]
