"""What a call script expects: ``expect`` steps, with one wish or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from voxrun.replay import format_parts as parts
from voxrun.replay.format_values import digits
from voxrun.replay.script import AUDIO_FACTS, Expect, Wish
from voxrun.yamldoc import Item, suggestion

ALONE: Final = (
    "answered",
    "ringing",
    "early_media",
    "rejected",
    "recording",
    "ended",
    "session_ended",
    "error",
    "transferred",
    "reinvite_accepted",
    "reinvite_rejected",
)
"""Expectations that may stand without a value."""
KINDS: Final = (
    *ALONE, "agent_says", "agent_hears", "caller_hears", "tool", "log", "http", "event", "dtmf", "message",
    "info", "transfer", "reinvite", "call", "storage", "audio", "websocket",
)  # fmt: skip
OPTIONS: Final = ("within", "absent", "count", "as", "with")
WITH_FIELDS: Final = (
    "tool",
    "http",
    "event",
    "call",
    "storage",
    "recording",
    "ended",
    "rejected",
    "answered",
    "ringing",
    "info",
    "transfer",
    "transferred",
    "reinvite",
    "reinvite_accepted",
    "reinvite_rejected",
    "websocket",
)
SOCKET_KINDS: Final = ("caller_hears", "audio", "websocket")
"""What can be expected of a WebSocket that ``as`` names."""
EXTRA: Final = {"tool": ("result",), "log": ("level",), "websocket": ("text",)}
"""Options of one kind of expectation."""


class WishReader:
    """``who`` reads whom ``as`` names; ``sockets`` are names of WebSockets."""

    def __init__(self, who: Callable[[dict[str, Item]], str], sockets: Sequence[str]) -> None:
        self._who = who
        self._sockets = sockets

    def step(self, item: Item, entries: dict[str, Item]) -> Expect:
        """An ``expect`` step."""
        value = entries["expect"]
        if value.is_list:
            return Expect(tuple(self._wish(each) for each in _some(value)), where=item.where)
        if value.is_mapping and "any_order" in value.mapping():
            inner = value.mapping(("any_order", "within"))
            wishes = tuple(self._wish(each) for each in _some(inner["any_order"]))
            within = inner["within"].milliseconds() if "within" in inner else None
            return Expect(wishes, any_order=True, within_ms=within, where=item.where)
        return Expect((self._wish(value),), where=item.where)

    def _wish(self, item: Item) -> Wish:
        if not item.is_mapping:
            word = item.text()
            if word in KINDS and word not in ALONE:
                item.fail(f"'{word}' needs a value: 'expect: {{{word}: ...}}'")
            if word not in ALONE:
                item.fail(f"{word!r} is nothing to expect{suggestion(word, KINDS)}")
            return Wish(word, where=item.where)
        names = [key.text() for key in item.key_items()]
        kinds = [name for name in names if name in KINDS]
        if len(kinds) != 1:
            self._no_kind(item, names, kinds)
        kind = kinds[0]
        entries = item.mapping((kind, *OPTIONS, *EXTRA.get(kind, ())))
        return self._of_kind(kind, item, entries)

    def _no_kind(self, item: Item, names: list[str], kinds: list[str]) -> NoReturn:
        if kinds:
            item.fail(f"one expectation is about one thing: {kinds[0]} or {kinds[1]}? Make it a list")
        for key in item.key_items():
            if key.text() not in OPTIONS:
                key.fail(f"{key.text()!r} is nothing to expect{suggestion(key.text(), KINDS)}")
        item.fail(f"what is expected? One of {', '.join(KINDS)}")

    def _of_kind(self, kind: str, item: Item, entries: dict[str, Item]) -> Wish:
        value = entries.get(kind)
        if value is None and kind not in ALONE:
            item.fail(f"'{kind}' needs a value")
        if "with" in entries and kind not in WITH_FIELDS:
            entries["with"].fail(f"'{kind}' has nothing for 'with'; that goes with {', '.join(WITH_FIELDS)}")
        who = self._who(entries)
        if who in self._sockets and kind not in SOCKET_KINDS:
            entries["as"].fail(
                f"{who} is a WebSocket: of one {', '.join(SOCKET_KINDS)} can be expected, and not '{kind}'"
            )
        fields = parts.wanted_members(entries["with"]) if "with" in entries else {}
        if "result" in entries:
            fields = {"$result": parts.wanted_json(entries["result"]), **fields}
        if "level" in entries:
            fields = {"$level": entries["level"].text(), **fields}
        if "text" in entries:
            fields = {"$text": parts.wanted(entries["text"]).source, **fields}
        bounds: dict[str, Any] = {}
        text = None
        if kind == "audio" and value is not None:
            bounds = _audio(value)
        elif value is not None:
            text = parts.wanted(value)
            if kind == "dtmf":
                digits(value)
        return Wish(
            kind=kind,
            text=text,
            fields=fields,
            within_ms=entries["within"].milliseconds() if "within" in entries else None,
            absent="absent" in entries and entries["absent"].boolean(),
            count=entries["count"].integer(1, 1000) if "count" in entries else 1,
            who=who,
            where=item.where,
            **bounds,
        )


def _some(item: Item) -> list[Item]:
    found = item.items()
    if not found:
        item.fail(f"{item.name} is an empty list")
    return found


def _audio(item: Item) -> dict[str, Any]:
    entries = item.mapping(AUDIO_FACTS)
    if len(entries) != 1:
        item.fail(f"audio states one fact, one of {', '.join(AUDIO_FACTS)}")
    ((fact, value),) = entries.items()
    if fact == "level":
        bounds = value.items()
        if len(bounds) != 2:
            value.fail("audio.level is a list of two: the least and the most, in dBFS, like [-40, -10]")
        low, high = (each.integer(-100, 0) for each in bounds)
        return {"audio": fact, "low": low, "high": high}
    if fact == "tone":
        return {"audio": fact, "low": value.integer(20, 7900)}
    return {"audio": fact, "low": value.milliseconds()}
