"""What was around a recorded session: stored values, secrets, the scripts of its conferences.

All of it is read from the journal, the conferences' scripts from the sessions beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from voxrun.errors import ConfigError
from voxrun.replay.from_session_items import host_for
from voxrun.services.storage import DEFAULT_TTL, LONGEST_TTL
from voxrun.session.messages import JsonObject
from voxrun.session.replay import Recording, read_recording

SECRET: Final = "«secret:"
ADDRESSES: Final = {
    "websocket.open": "wss",
    "http.request": "https",
    "player.create": "https",
    "call.play": "https",
}
"""Commands that carry a URL, and the scheme of one that is a secret."""
ROOM: Final = "conference.create"


def stand_ins(recording: Recording) -> dict[str, str]:
    """What stands for each secret: ``test-NAME``, or an address where the scenario used it as one."""
    names = recording.header.get("secrets")
    found = {str(name): f"test-{name}" for name in names} if isinstance(names, list) else {}
    for record in _commands(recording):
        scheme = ADDRESSES.get(str(record["kind"]))
        for url in _urls(record.get("data")) if scheme else ():
            name, closed, _ = url.removeprefix(SECRET).partition("»")
            if url.startswith(SECRET) and closed and name in found:
                found[name] = f"{scheme}://{host_for(name)}"
    return found


def _urls(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        if isinstance(data.get("url"), str):
            yield data["url"]
        for segment in data.get("segments") or ():
            yield from _urls(segment)


def player_urls(data: Mapping[str, Any]) -> list[str]:
    """The files that a player fetches."""
    return [*_urls(data)]


def stored(recording: Recording) -> dict[str, Any]:
    """What ApplicationStorage held at the beginning, as far as the scenario looked: ``storage`` of a call
    script. What it wrote before it looked was of no account."""
    began = int(str(recording.header["startMs"])) // 1000
    asked: dict[str, tuple[str, str]] = {}
    known: set[str] = set()
    found: dict[str, Any] = {}
    for turn in recording.turns:
        if turn.event is not None and turn.event.kind == "@storage":
            operation, key = asked.pop(turn.event.target, ("", ""))
            _answered(operation, key, turn.event.data.get("value"), began, known, found)
        for record in turn.outputs:
            kind, data = str(record.get("kind")), record.get("data")
            if record["k"] == "command" and kind.startswith("storage.") and isinstance(data, dict):
                asked[str(record["id"])] = (kind, str(data.get("key", "")))
    return found


def _answered(
    operation: str, key: str, value: Any, began: int, known: set[str], found: dict[str, Any]
) -> None:
    item = value if isinstance(value, Mapping) else {}
    if operation == "storage.keys":
        for each in item.get("keys") or ():
            if str(each) not in known:
                found.setdefault(str(each), "")  # its value was not looked at yet
        return
    # A removed key has no time to live any more; one that was not there looks empty.
    there = item and (operation == "storage.get" or (operation == "storage.remove" and item.get("value")))
    if there and (key not in known):
        left = min(LONGEST_TTL, int(item.get("expireAt") or 0) - began)
        usual = operation != "storage.get" or left >= DEFAULT_TTL or left <= 0
        text = str(item.get("value", ""))
        found[key] = text if usual else {"value": text, "ttl": f"{left}s"}
    known.add(key)


def conferences(recording: Recording, folder: Path, beside: Path) -> dict[str, str | list[str]]:
    """Conferences that were called and the scripts that ran them, as seen from the folder ``beside``: of the
    session next to this one that opened a room last before the call."""
    found: dict[str, str | list[str]] = {}
    for record in _commands(recording):
        data = record.get("data")
        if record["kind"] == "call.dial" and isinstance(data, dict) and data.get("kind") == "conference":
            at = int(str(recording.header["startMs"])) + int(str(record.get("t") or 0))
            scripts = _room(folder, at)
            if scripts:
                files = [os.path.relpath(each, beside) for each in scripts]
                found.setdefault(str(data.get("destination")), files[0] if len(files) == 1 else [*files])
    return found


def _room(folder: Path, at: int) -> list[Path]:
    """The scripts of the latest session with a conference that had begun by then."""
    best: tuple[int, list[Path]] = (-1, [])
    for other in sorted(folder.parent.iterdir()) if folder.parent.is_dir() else ():
        if other == folder or not (other / "journal.jsonl").is_file():
            continue
        try:
            session = read_recording(other)
        except ConfigError:
            continue  # it is not the one that was asked for
        began = int(str(session.header["startMs"]))
        if best[0] < began <= at + 1 and any(record["kind"] == ROOM for record in _commands(session)):
            entries: Any = session.header.get("scripts")
            best = (began, [other / str(entry["file"]) for entry in entries])
    return best[1]


def _commands(recording: Recording) -> Iterator[JsonObject]:
    for turn in recording.turns:
        for record in turn.outputs:
            if record["k"] == "command":
                yield record
