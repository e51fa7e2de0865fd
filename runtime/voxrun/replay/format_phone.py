"""Steps and manners of telephones: how ``deeds`` are written in a call script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voxrun.replay.deeds import JSON, Answer, Deed, Hold, Info, Manners, Network, ReInvite, Transfer
from voxrun.replay.format_values import choice, custom_data_of, texts_of
from voxrun.yamldoc import Item

WORDS: Final = ("hold", "unhold")
"""Steps that may stand without a value."""
STEPS: Final = (*WORDS, "transfer", "reinvite", "info", "network")
MANNERS: Final = ("transfers", "reinvites")
KEY_METHODS: Final = ("rfc2833", "inband", "info")
NOT_IMPLEMENTED: Final = 501


def word_step(word: str, where: str) -> Deed:
    """``hold`` and ``unhold`` alone."""
    return Hold(word == "hold", where=where)


def read_deed(kind: str, item: Item, who: Callable[[dict[str, Item]], str], entries: dict[str, Item]) -> Deed:
    """A step of one of ``STEPS``. ``who`` finds the person in ``as``."""
    value, where = entries[kind], item.where
    if kind in WORDS:
        inner = value.mapping(("as",)) if value.is_mapping else {}
        return Hold(kind == "hold", who({**entries, **inner}), where)
    if kind == "network":
        return Network(choice(value, ("down", "up")) == "up", who(entries), where)
    long = ("to", "headers") if kind == "transfer" else ("body", "mime", "headers")
    inner = value.mapping(long) if value.is_mapping else {long[0]: value}
    if long[0] not in inner and kind != "reinvite":
        value.fail(f"{value.name} needs '{long[0]}'")
    headers = texts_of(inner["headers"]) if "headers" in inner else {}
    if kind == "transfer":
        return Transfer(inner["to"].text(), headers, who(entries), where)
    body = custom_data_of(inner.get("body"))
    mime = inner["mime"].text() if "mime" in inner else JSON
    made: type[Info] | type[ReInvite] = Info if kind == "info" else ReInvite
    return made(body, mime, headers, who(entries), where)


def read_manners(entries: dict[str, Item]) -> Manners:
    """``transfers`` and ``reinvites`` of somebody who calls or is called."""
    return Manners(_answer(entries.get("transfers")), _answer(entries.get("reinvites"), ("body", "mime")))


def _answer(item: Item | None, more: tuple[str, ...] = ()) -> Answer | None:
    """``true``, ``false``, a code, or ``{fails, reason, after}``."""
    if item is None:
        return None
    if not item.is_mapping:
        if item.text() in ("true", "false", "yes", "no"):
            return Answer() if item.boolean() else Answer(NOT_IMPLEMENTED, "Not Implemented", after_ms=0)
        return Answer(item.integer(300, 699))
    entries = item.mapping(("fails", "reason", "after", *more))
    return Answer(
        code=entries["fails"].integer(300, 699) if "fails" in entries else 0,
        reason=entries["reason"].text() if "reason" in entries else "",
        body=custom_data_of(entries.get("body")),
        mime=entries["mime"].text() if "mime" in entries else JSON,
        after_ms=entries["after"].milliseconds() if "after" in entries else Answer().after_ms,
    )
