"""Records are kept for pages that come later, but not for ever."""

from __future__ import annotations

from pathlib import Path

from tests.server.scripted import ScriptedRuntime, Session

from voxrun.server.feed import MAX_RECORDS, MAX_SESSIONS, Feed


def test_the_last_records_of_recent_sessions_are_kept() -> None:
    runtime = ScriptedRuntime()
    feed = Feed(runtime)
    for number in range(MAX_RECORDS + 5):
        runtime.record("a", {"n": number})
    assert [record["n"] for _, record in feed.history("a")][:1] == [5]
    for number in range(MAX_SESSIONS):
        runtime.record(f"s{number}", {"n": number})
    assert feed.history("a") == []
    assert len(feed.history("*")) == MAX_SESSIONS
    assert feed.history("unknown") == []


def test_pages_do_not_see_keys_that_the_scenario_hides() -> None:
    runtime = ScriptedRuntime()
    feed = Feed(runtime)
    seen: list[object] = []
    feed.subscribe(lambda session, record: seen.append(record["data"]))
    runtime.record("a", {"k": "command", "kind": "log.tones", "data": {"hide": True}})
    for session in ("a", "b"):
        runtime.record(session, {"k": "event", "kind": "Call.ToneReceived", "data": {"tone": "7"}})
    assert seen[1:] == [{"tone": "*"}, {"tone": "7"}]
    assert feed.history("a")[-1][1]["data"] == {"tone": "*"}


def test_who_unsubscribes_hears_no_more() -> None:
    runtime = ScriptedRuntime()
    feed = Feed(runtime)
    heard: list[str] = []
    stop = feed.subscribe(lambda session, record: heard.append(session))
    runtime.record("a", {})
    stop()
    stop()
    runtime.record("b", {})
    assert heard == ["a"]
    feed.close()
    assert runtime.observers == []


def test_where_a_session_is_kept_is_told_with_addresses(tmp_path: Path) -> None:
    runtime = ScriptedRuntime()
    feed = Feed(runtime)
    (tmp_path / "recording.wav").write_bytes(b"x")
    (tmp_path / "scripts").mkdir()
    runtime._sessions += [Session("s1", folder=tmp_path), Session("s2")]
    assert feed.files("s1", lambda session, name: f"/{session}/{name}") == {
        "folder": str(tmp_path),
        "files": [{"name": "recording.wav", "url": "/s1/recording.wav"}],
    }
    assert feed.files("s2", lambda session, name: "") == {}
    assert feed.files("unknown", lambda session, name: "") == {}
