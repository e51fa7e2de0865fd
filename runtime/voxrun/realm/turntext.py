"""The texts of a turn: the event that goes into the engine, and what boot.js's drain gives back.

A realm host passes both on as they are where nothing failed; whoever holds them makes commands of them.
Events are ASCII JSON: raw NULs and lone surrogates do not survive the way into the engine.
"""

from __future__ import annotations

import json
from typing import Any, Final

from voxrun.jsontext import ascii_json
from voxrun.realm.port import NOTHING, TurnResult
from voxrun.realm.positions import ScriptMap
from voxrun.session.messages import Command, Event

EMPTY: Final = '{"c":[],"f":null,"s":[],"i":"","h":""}'
"""What most turns give."""

_CLEAN_END: Final = EMPTY.removeprefix('{"c":[')


def event_text(event: Event, now_ms: int) -> str:
    """The event as boot.js's turn takes it."""
    data = {"k": event.kind, "i": event.target, "d": dict(event.data), "t": now_ms}
    return ascii_json(data)


def is_clean(text: str) -> bool:
    """Whether a drain tells of commands only: no failure, none survived."""
    return text.endswith(_CLEAN_END)


def clean_result(text: str, scripts: ScriptMap) -> TurnResult:
    """The result of a turn whose drain is clean."""
    return NOTHING if text == EMPTY else TurnResult(commands(parse(text), scripts))


def parse(text: str) -> dict[str, Any]:
    """What drain gave. Lone surrogates, which no transport carries, become U+FFFD."""
    data: dict[str, Any] = json.loads(text)
    if "\\ud" in text:
        wide = json.dumps(data, ensure_ascii=False).encode("utf-16-le", "surrogatepass")
        data = json.loads(wide.decode("utf-16-le", "replace"))
    return data


def commands(data: dict[str, Any], scripts: ScriptMap) -> tuple[Command, ...]:
    """The commands of a drain, their places and those in logged stacks as file:line:column."""
    for kind, _, body, _ in data["c"]:
        if kind == "log" and "<scenario>:" in body.get("text", ""):
            body["text"] = scripts.readable(body["text"])
    where = scripts.where
    return tuple(Command(kind, target, body, where(at)) for kind, target, body, at in data["c"])
