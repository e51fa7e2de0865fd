"""Values in few words. Pure functions over JSON values of unknown shape."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

_SPACE: Final = re.compile(r"\s+")
_POSITION: Final = re.compile(r"([^/\\:]+):(\d+)(?::\d+)?$")


def brief(value: Any, most: int = 160) -> str:
    """A value on one line of at most ``most`` characters."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # A megabyte of text is not searched through for the sake of its first line.
    line = _SPACE.sub(" ", text[: most * 8]).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def clock(ms: int) -> str:
    """ "0:07", "12:40", "1:02:03"."""
    minutes, seconds = divmod(max(0, ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def span(ms: int) -> str:
    """ "820 ms", "2.4 s", "3:20"."""
    if ms < 1000:
        return f"{ms} ms"
    return f"{ms / 1000:.1f} s" if ms < 100_000 else clock(ms)


def position(where: str) -> str:
    """ "inbound.js:12" of "scenarios/inbound.js:12:5"."""
    match = _POSITION.search(where)
    return f"{match[1]}:{match[2]}" if match else where


def last_word(kind: str) -> str:
    """The part after the last dot."""
    return kind.rpartition(".")[2]


def several(count: int, one: str, many: str = "") -> str:
    """ "1 tool call", "2 tool calls"."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def median(values: Sequence[int]) -> int:
    """The middle value; of an even number, the lower one of the two (so that it is one of them)."""
    return sorted(values)[(len(values) - 1) // 2]


def as_object(value: Any) -> dict[str, Any]:
    """``value`` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def text_of(value: Any) -> str:
    """``value`` where it is a text, a number as its text, else ""."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def payload_of(data: dict[str, Any]) -> dict[str, Any]:
    """The provider's message in a connector's event, the event's own fields elsewhere."""
    inner = as_object(data.get("data")).get("payload", data.get("payload"))
    return inner if isinstance(inner, dict) else data


def about(kind: str, data: dict[str, Any]) -> str:
    """The few words that tell an event or a command from its like."""
    inner = as_object(data.get("data")).get("payload", data.get("payload"))
    if isinstance(inner, dict):
        rest = {name: value for name, value in inner.items() if name != "type"}
        for name in ("state", "text", "delta", "toolName", "message", "reason"):
            if rest.get(name):
                return brief(rest[name])
        return brief(rest) if rest else ""
    if kind == "connector.call":
        return brief(" ".join(brief(data[name]) for name in ("method", "argument") if data.get(name)))
    full = {name: value for name, value in data.items() if value not in ("", None, [], {})}
    if len(full) == 1:
        return brief(next(iter(full.values())))
    return brief(", ".join(f"{name} {brief(value, 60)}" for name, value in full.items()))
