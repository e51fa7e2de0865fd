"""The parts of a call script around its steps: callees, HTTP stubs, faults, limits, voices."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from voxrun.replay import format_phone as phone
from voxrun.replay.format_steps import read_early_steps, read_person_steps
from voxrun.replay.format_values import choice, custom_data_of, texts_of
from voxrun.replay.script import Callee, ClientType, Faults, HttpStub, Incoming, StubReply
from voxrun.replay.texts import Wanted
from voxrun.session.limits import Limits
from voxrun.session.messages import Json, JsonObject
from voxrun.speech.base import Voice
from voxrun.yamldoc import Item

CALLEE_KEYS: Final = (
    "rings", "answers", "fails", "early_media", "away", "headers", "custom_data", "voice", "does",
    *phone.MANNERS,
)  # fmt: skip
STUB_KEYS: Final = ("url", "method", "headers", "body", "reply")
REPLY_KEYS: Final = ("status", "headers", "text", "json", "file", "says", "delay", "timeout")


def wanted(item: Item) -> Wanted:
    """A text or /regex/ to look for."""
    text = item.text()
    if not text.strip():
        item.fail(f"{item.name} is empty")
    found = Wanted(text, item.where)
    try:
        _ = found.regex
    except re.error as error:
        item.fail(f"{item.name}: {text} is not a regular expression: {error}")
    return found


def wanted_json(item: Item) -> Json:
    """A JSON value to look for; its texts may be /regex/."""
    _check_texts(item)
    return item.json()


def wanted_members(item: Item) -> JsonObject:
    """The same, an object."""
    _check_texts(item)
    return item.json_object()


def _check_texts(item: Item) -> None:
    if item.is_mapping:
        for each in item.mapping().values():
            _check_texts(each)
    elif item.is_list:
        for each in item.items():
            _check_texts(each)
    elif not item.is_null and item.text().strip():
        wanted(item)


def read_voice(item: Item) -> Voice:
    """``en-gb``, or ``{engine, name, variant, rate, pitch}``."""
    if not item.is_mapping:
        return Voice(name=item.text())
    entries = item.mapping(("engine", "name", "variant", "rate", "pitch"))
    engine = entries["engine"].text() if "engine" in entries else "auto"
    if engine not in ("auto", "piper", "espeak"):
        entries["engine"].fail(f"engine must be auto, piper or espeak, not {engine!r}")
    return Voice(
        engine=engine,
        name=entries["name"].text() if "name" in entries else Voice().name,
        variant=entries["variant"].text() if "variant" in entries else "",
        rate=entries["rate"].integer(30, 300) if "rate" in entries else 100,
        pitch=entries["pitch"].integer(10, 300) if "pitch" in entries else 100,
    )


# -- callers ------------------------------------------------------------------------------------------


def read_caller(entries: dict[str, Item], caller: str, destination: str) -> Incoming:
    """Who calls, and whom."""
    return Incoming(
        caller=entries["from"].text() if "from" in entries else caller,
        destination=entries["to"].text() if "to" in entries else destination,
        display_name=entries["display_name"].text() if "display_name" in entries else "",
        headers=texts_of(entries["headers"]) if "headers" in entries else {},
        custom_data=custom_data_of(entries.get("custom_data")),
        client=_client(entries.get("client")),
        manners=phone.read_manners(entries),
    )


def _client(item: Item | None) -> ClientType:
    choices: dict[str, ClientType] = {"user": "user", "pstn": "pstn", "sip": "sip", "wab": "wab"}
    return choices[choice(item, tuple(choices))]


# -- callees ------------------------------------------------------------------------------------------


def read_callees(item: Item, folder: Path) -> tuple[Callee, ...]:
    """Destinations and how they behave, in the order of the file: the first that fits counts."""
    return tuple(_callee(number, each, folder) for number, each in item.mapping().items())


def _callee(number: str, item: Item, folder: Path) -> Callee:
    entries = item.mapping(CALLEE_KEYS)
    if "fails" in entries:
        for key in ("answers", "does"):
            if key in entries:
                entries[key].fail(f"{number} fails, so it cannot have '{key}'")
    default = Callee(number)
    code, reason, after = _failure(entries.get("fails"))
    away, comes = _away(entries.get("away"))
    early = entries.get("early_media")
    return Callee(
        number=number,
        rings_ms=_when(entries.get("rings"), default.rings_ms),
        answers_ms=None if code else _when(entries.get("answers"), default.answers_ms),
        fails_code=code,
        fails_reason=reason,
        fails_ms=after,
        early_media=early is not None and (early.is_list or early.boolean()),
        early_does=read_early_steps(early, folder) if early is not None and early.is_list else (),
        away=away,
        comes_ms=comes,
        headers=texts_of(entries["headers"]) if "headers" in entries else {},
        voice=read_voice(entries["voice"]) if "voice" in entries else None,
        does=read_person_steps(entries["does"], folder) if "does" in entries else (),
        custom_data=custom_data_of(entries.get("custom_data")),
        manners=phone.read_manners(entries),
        where=item.where,
    )


def _away(item: Item | None) -> tuple[bool, int | None]:
    """Whether a callee is away, and how long after a push notification they come."""
    if item is None or item.text() in ("true", "false"):
        return item is not None and item.boolean(), None
    return True, item.milliseconds()


def _when(item: Item | None, default: int | None) -> int | None:
    """A duration, or ``never``; ``after 3s`` is taken too."""
    if item is None:
        return default
    return None if item.text() == "never" else item.milliseconds()


def _failure(item: Item | None) -> tuple[int, str, int]:
    if item is None:
        return 0, "", 0
    default = Callee("").fails_ms
    if not item.is_mapping:
        return item.integer(300, 699), "", default
    entries = item.mapping(("code", "reason", "after"))
    if "code" not in entries:
        item.fail(f"{item.name} needs 'code', for example 486")
    return (
        entries["code"].integer(300, 699),
        entries["reason"].text() if "reason" in entries else "",
        entries["after"].milliseconds() if "after" in entries else default,
    )


# -- HTTP stubs ---------------------------------------------------------------------------------------


def read_stubs(item: Item, folder: Path) -> tuple[HttpStub, ...]:
    """Stubs in the order of the file: the first that fits answers."""
    return tuple(_stub(each, folder) for each in item.items())


def _stub(item: Item, folder: Path) -> HttpStub:
    entries = item.mapping(STUB_KEYS)
    if "url" not in entries:
        item.fail(f"{item.name} needs 'url' (* stands for any characters)")
    body = entries.get("body")
    replies: tuple[StubReply, ...] = (StubReply(),)
    if "reply" in entries:
        reply = entries["reply"]
        replies = tuple(_reply(each, folder) for each in (reply.items() if reply.is_list else [reply]))
        if not replies:
            reply.fail(f"{reply.name} is an empty list")
    headers = entries["headers"].mapping() if "headers" in entries else {}
    return HttpStub(
        url=wanted(entries["url"]),
        method=entries["method"].text().upper() if "method" in entries else "",
        headers={name: wanted(value) for name, value in headers.items()},
        body=wanted(body) if body is not None and not (body.is_mapping or body.is_list) else None,
        json=wanted_json(body) if body is not None and (body.is_mapping or body.is_list) else None,
        replies=replies,
        where=item.where,
    )


def _reply(item: Item, folder: Path) -> StubReply:
    if not item.is_mapping:  # just a status
        return StubReply(status=item.integer(100, 599))
    entries = item.mapping(REPLY_KEYS)
    contents = [key for key in ("text", "json", "file", "says") if key in entries]
    if len(contents) > 1:
        entries[contents[1]].fail(
            f"{item.name} has '{contents[0]}' already: give one of text, json, file, says"
        )
    headers = texts_of(entries["headers"]) if "headers" in entries else {}
    body = b""
    if "text" in entries:
        body = entries["text"].text().encode()
    elif "json" in entries:
        body = entries["json"].json_text().encode()
        headers = {"content-type": "application/json", **headers}
    return StubReply(
        status=entries["status"].integer(100, 599) if "status" in entries else 200,
        headers=headers,
        body=body,
        file=existing_file(entries["file"], folder) if "file" in entries else None,
        says=entries["says"].text() if "says" in entries else "",
        delay_ms=entries["delay"].milliseconds() if "delay" in entries else 0,
        timeout="timeout" in entries and entries["timeout"].boolean(),
    )


def existing_file(item: Item, folder: Path) -> Path:
    """A file beside the script."""
    path = folder / item.text()
    if not path.is_file():
        item.fail(f"there is no file {path}")
    return path


# -- faults and limits --------------------------------------------------------------------------------


def read_faults(item: Item | None) -> Faults:
    """What goes wrong between a connector and its provider."""
    if item is None:
        return Faults()
    entries = item.mapping(("refuse", "stall", "close", "drop", "delay"))
    found: dict[str, int | str | None] = {}
    if "refuse" in entries:
        found |= _refuse(entries["refuse"])
    if "stall" in entries:
        stall = entries["stall"].mapping(("after", "for"))
        found |= {"stall_after_ms": _ms(stall, "after", 0), "stall_for_ms": _ms(stall, "for", 5000)}
    if "close" in entries:
        found |= _close(entries["close"])
    if "drop" in entries:
        found |= _drop(entries["drop"])
    if "delay" in entries:
        delay = entries["delay"]
        parts = delay.mapping(("by", "jitter")) if delay.is_mapping else {"by": delay}
        found |= {"delay_ms": _ms(parts, "by", 0), "jitter_ms": _ms(parts, "jitter", 0)}
    return Faults(**found)  # type: ignore[arg-type]


def _refuse(item: Item) -> dict[str, int | str | None]:
    if not item.is_mapping:
        return {"refuse_status": item.integer(400, 599)}
    entries = item.mapping(("status", "body", "times"))
    if "status" not in entries:
        item.fail(f"{item.name} needs 'status', for example 429")
    body = entries.get("body")
    text = "" if body is None else body.json_text() if body.is_mapping else body.text()
    return {
        "refuse_status": entries["status"].integer(400, 599),
        "refuse_body": text,
        "refuse_times": entries["times"].integer(0, 1000) if "times" in entries else 0,
    }


def _close(item: Item) -> dict[str, int | str | None]:
    entries = item.mapping(("after", "code", "reason"))
    return {
        "close_after_ms": _ms(entries, "after", 0),
        "close_code": entries["code"].integer(1000, 4999) if "code" in entries else 1006,
        "close_reason": entries["reason"].text() if "reason" in entries else "",
    }


def _drop(item: Item) -> dict[str, int | str | None]:
    entries = item.mapping(("percent", "of")) if item.is_mapping else {"percent": item}
    kind = entries["of"].text() if "of" in entries else "all"
    if kind not in ("messages", "audio", "all"):
        entries["of"].fail(f"drop.of must be messages, audio or all, not {kind!r}")
    if "percent" not in entries:
        item.fail(f"{item.name} needs 'percent'")
    return {"drop_percent": entries["percent"].integer(0, 100), "drop_kind": kind}


def _ms(entries: dict[str, Item], key: str, default: int) -> int:
    return entries[key].milliseconds() if key in entries else default


def read_limits(item: Item) -> dict[str, int]:
    """The platform's limits by name."""
    names = Limits.__struct_fields__
    return {name: value.integer(0, 2**31) for name, value in item.mapping(names).items()}
