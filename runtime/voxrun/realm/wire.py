"""What a realm host and its parent say to each other: frames of 4 bytes length and ASCII JSON.

Behind the JSON there may be a line feed and a text that is passed on as it is: "raw" in the message.

Requests carry "op" and the session "s"; the host answers each in order with one response. Frames with
"stack" and "salvaged" are no responses: they tell where a scenario hangs and what it had issued, when the
parent asked by signal.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any, Final

from voxrun.realm.port import BootInfo, RealmError, Script, TurnResult
from voxrun.session.messages import Command

HEADER: Final = struct.Struct("<I")
BEGUN: Final = struct.Struct("<Q")
"""What host and parent share in memory: how many requests the host has begun. It tells, after a crash,
whether a request was being worked on or just lay there."""

LARGEST: Final = 64 << 20
"""Bytes of one frame; a realm's heap is 16 MB."""


def pack(message: dict[str, Any]) -> bytes:
    """One frame."""
    raw = message.get("raw")
    if raw is not None:
        head = {key: value for key, value in message.items() if key != "raw"}
        body = f"{json.dumps(head, separators=(',', ':'))}\n{raw}".encode()
    else:
        body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return HEADER.pack(len(body)) + body


class Unpacker:
    """Frames out of a byte stream."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The messages that ``data`` completes; raises ValueError on what is no frame."""
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= HEADER.size:
                (size,) = HEADER.unpack_from(buffer, start)
                if size > LARGEST:
                    raise ValueError(f"a frame of {size} bytes")
                end = start + HEADER.size + size
                if len(buffer) < end:
                    return
                body = bytes(buffer[start + HEADER.size : end])
                start = end
                yield _message(body)
        finally:
            del buffer[:start]


def _message(body: bytes) -> dict[str, Any]:
    head, line_feed, raw = body.partition(b"\n")
    message: dict[str, Any] = json.loads(head)
    if line_feed:
        message["raw"] = raw.decode()
    return message


def boot_to_json(info: BootInfo) -> dict[str, Any]:
    return {
        "scripts": [[script.name, script.source] for script in info.scripts],
        "seed": info.seed,
        "start_ms": info.start_ms,
        "custom_data": info.custom_data,
        "secrets": dict(info.secrets),
        "limits": dict(info.limits),
        "session": dict(info.session),
        "keep_going": info.keep_going,
    }


def boot_from_json(data: dict[str, Any]) -> BootInfo:
    scripts = tuple(Script(name, source) for name, source in data["scripts"])
    return BootInfo(**{**data, "scripts": scripts})


def result_to_json(result: TurnResult) -> dict[str, Any]:
    """Only what is there: most turns give little."""
    data: dict[str, Any] = {}
    if result.commands:
        data["c"] = [[item.kind, item.target, item.data, item.where] for item in result.commands]
    if result.error is not None:
        data["e"] = _error_to_json(result.error)
    if result.survived:
        data["v"] = [_error_to_json(error) for error in result.survived]
    return data


def result_from_json(data: dict[str, Any]) -> TurnResult:
    commands = tuple(Command(kind, target, body, where) for kind, target, body, where in data.get("c", ()))
    error = data.get("e")
    survived = tuple(RealmError(*item) for item in data.get("v", ()))
    return TurnResult(commands, RealmError(*error) if error else None, survived)


def _error_to_json(error: RealmError) -> list[str]:
    return [error.kind, error.message, error.where]
