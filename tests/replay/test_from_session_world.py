"""What was around a recorded session is read from its journal, and from those beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.replay.calls import write
from tests.replay.test_from_session_story import command, event

from voxrun.replay.from_session_world import conferences, player_urls, stand_ins, stored
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script
from voxrun.session.replay import RecordedTurn, Recording, read_recording

START = 1_736_154_000
YEAR = 365 * 24 * 3600


def recording(*turns: RecordedTurn, **header: Any) -> Recording:
    return Recording({"startMs": START * 1000, **header}, turns, ())


def got(operation: str, value: Any) -> RecordedTurn:
    return event(0, "@storage", operation, value=value)


def item(key: str, value: str, left: int = YEAR) -> dict[str, Any]:
    return {"key": key, "value": value, "expireAt": START + left}


def test_what_the_scenario_read_first_was_there() -> None:
    found = stored(
        recording(
            command(0, "storage.get", "1", key="calls"),
            got("1", item("calls", "5")),
            command(0, "storage.put", "2", key="calls", value="6", ttl=60),
            got("2", item("calls", "6", 60)),
            command(0, "storage.get", "3", key="calls"),
            got("3", item("calls", "6", 60)),
        )
    )
    assert found == {"calls": "5"}


def test_what_it_wrote_or_did_not_find_was_not_there() -> None:
    found = stored(
        recording(
            command(0, "storage.put", "1", key="own", value="1", ttl=60),
            got("1", item("own", "1", 60)),
            command(0, "storage.get", "2", key="own"),
            got("2", item("own", "1", 60)),
            command(0, "storage.get", "3", key="none"),
            got("3", None),
            command(0, "storage.remove", "4", key="gone"),
            got("4", item("gone", "", 0)),
        )
    )
    assert found == {}


def test_what_it_removed_or_listed_was_there_and_what_ends_soon_says_when() -> None:
    found = stored(
        recording(
            command(0, "storage.remove", "1", key="old"),
            got("1", item("old", "x", 0)),
            command(0, "storage.get", "2", key="pin"),
            got("2", item("pin", "1", 90)),
            command(0, "storage.keys", "3", pattern="*", count=10),
            got("3", {"keys": ["pin", "other"]}),
        )
    )
    assert found == {"old": "x", "pin": {"value": "1", "ttl": "90s"}, "other": ""}


def test_secrets_that_are_addresses_get_addresses() -> None:
    found = stand_ins(
        recording(
            command(0, "websocket.open", "1", url="«secret:BOT_URL»"),
            command(0, "http.request", "2", url="«secret:CRM»/orders"),
            command(0, "http.request", "3", url="https://x.example/?key=«secret:KEY»"),
            secrets=["BOT_URL", "CRM", "KEY"],
        )
    )
    assert found == {"BOT_URL": "wss://bot-url.example", "CRM": "https://crm.example", "KEY": "test-KEY"}


def test_urls_of_players() -> None:
    assert player_urls({"url": "a", "segments": [{"url": "b"}, {"text": "c"}]}) == ["a", "b"]


ROOM = """
VoxEngine.addEventListener(AppEvents.Started, () => { VoxEngine.createConference({ hd: true }); });
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => { call.answer(); });
"""
ENTRY = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  const room = VoxEngine.callConference('lobby', call.callerid());
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
});
"""


def test_a_conference_has_the_scripts_of_the_session_that_opened_it(
    resources: Resources, tmp_path: Path
) -> None:
    (tmp_path / "room.js").write_text(ROOM, "utf-8")
    steps = "voice: {engine: espeak}\nconferences: {lobby: room.js}\nsteps: [wait: 1s, hangup]\n"
    outcome = play_script(write(tmp_path, steps, ENTRY), resources, tmp_path / "sessions")
    assert outcome.ok
    assert outcome.folder is not None
    found = conferences(read_recording(outcome.folder), outcome.folder, tmp_path)
    ((name, file),) = found.items()
    assert name == "lobby"
    assert (tmp_path / str(file)).read_text("utf-8") == ROOM
