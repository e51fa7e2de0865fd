"""The journal: JSON Lines, one record a line, append only; and the platform-like text log beside it.

Records (``n`` counts from 0, ``t`` is milliseconds of session time)::

    {"n":0,"t":0,"k":"header","version":1,...}          versions, seed, scripts, start
    {"n":1,"t":0,"k":"event","kind":...,"id":...,"data":{...}}
    {"n":2,"t":0,"k":"command","kind":...,"id":...,"data":{...},"where":"inbound.js:12:5"}
    {"n":3,"t":0,"k":"log","level":"write","text":...,"where":...}
    {"n":4,"t":0,"k":"wire","dir":"out","what":"http","id":...,"payload":...}
    {"n":5,"t":0,"k":"session","state":"ended","reason":...}
    {"n":6,"t":0,"k":"error","message":...,"where":...}
    {"n":7,"t":0,"k":"listeners","listeners":[{"label":"Call","event":"Call.Failed","where":...,"fired":0}]}

``"own":true`` marks log and error records that voxrun itself made, not a turn of the scenario. Log levels:
write (Logger.write), trace, console, system (the runtime), warning, error. Secrets are redacted before
anything is written or shown. Files are readable by their owner only. A file that cannot be written any
more (full disk) ends there, with one error record for the observers: the call goes on.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

from voxrun.jsontext import ascii_json
from voxrun.session.clock import Clock
from voxrun.session.hidden_keys import HiddenKeys
from voxrun.session.messages import Command, Event, JsonObject
from voxrun.session.redact import Redactor

log = logging.getLogger(__name__)

VERSION = 1

LONGEST_LOG = 20_000
"""Characters of one log line; the platform's own limit of 15,000 is kept in the realm."""

Observer = Callable[[JsonObject], None]
"""Gets one record, which is not its to change."""

_readable = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def open_private(path: Path) -> TextIO:
    """Open a new text file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")


class LineFile:
    """A text file of whole lines; None where nothing is to be kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = open_private(path) if path else None

    def write(self, line: str) -> str:
        """Append a line. Gives "", or why this file has just come to its end."""
        if self._file is None:
            return ""
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            self.close()
            return (
                f"{self._path} cannot be written any more: {error.strerror}. The session goes on without it"
            )
        return ""

    def close(self) -> None:
        """Idempotent."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # what the disk refused is refused again
                file.close()


class Journal:
    """Writes the records of one session to ``folder`` (None: nowhere) and shows them to observers."""

    def __init__(self, folder: Path | None, clock: Clock, redactor: Redactor, start_ms: int) -> None:
        self._clock = clock
        self._zero = start_ms
        self._redactor = redactor
        self._next = 0
        self._observers: list[Observer] = []
        self._file = LineFile(folder / "journal.jsonl" if folder else None)
        self._log = LineFile(folder / "log.txt" if folder else None)
        self._keys = HiddenKeys()
        self.records: list[JsonObject] | None = None
        """Kept in memory when a list is put here (tests, replay)."""

    def observe(self, observer: Observer) -> None:
        """Show every later record to ``observer`` too."""
        self._observers.append(observer)

    def event(self, event: Event, now_ms: int) -> None:
        """An event whose turn runs at ``now_ms``: a replay gives the realm the very same time."""
        self.note("event", {"kind": event.kind, "id": event.target, "data": dict(event.data)}, now_ms)

    def command(self, command: Command) -> None:
        """A command of the scenario; log lines are commands too."""
        self.note(*command_record(command))

    def log(self, level: str, text: str, where: str = "") -> None:
        """A log line of the scenario."""
        self.command(Command("log", "", {"level": level, "text": text}, where))

    def say(self, text: str) -> None:
        """A log line of voxrun itself."""
        self.note("log", {"level": "system", "text": text, "own": True})

    def error(self, message: str, where: str = "", own: bool = False) -> None:
        data: JsonObject = {"message": message}
        if where:
            data["where"] = where
        if own:
            data["own"] = True
        self.note("error", data)

    def note(self, kind: str, data: JsonObject, at_ms: int | None = None) -> None:
        """Append one record, stamped ``at_ms`` (Unix ms; None: now). ``data`` must not change any more."""
        t = (self._clock.unix_ms() if at_ms is None else at_ms) - self._zero
        record: JsonObject = {"n": self._next, "t": t, "k": kind}
        record.update(data)
        self._next += 1
        text = self._text(record)
        if text is None:
            record.update(self._redactor.value(data))
            text = ascii_json(record)
        trouble = self._file.write(text)
        line = log_line(self._keys.shown(record), self._zero)
        trouble = trouble or (self._log.write(line) if line else "")
        if self.records is not None:
            self.records.append(record)
        for observer in tuple(self._observers):
            self._show(observer, record)
        if trouble:
            self.error(trouble, own=True)

    def _text(self, record: JsonObject) -> str | None:
        """The record as it is written; None where something in it is to be hidden, or is no JSON yet."""
        try:
            text = ascii_json(record)
        except TypeError:
            return None
        return None if self._redactor.touches(text) else text

    def redact(self, text: str) -> str:
        """``text`` without secrets, for files beside the journal."""
        return self._redactor.text(text)

    def _show(self, observer: Observer, record: JsonObject) -> None:
        try:
            observer(record)
        except Exception:  # who only looks on must not end the call
            log.exception("an observer of the journal failed and is told nothing more")
            self._observers.remove(observer)

    def close(self) -> None:
        self._file.close()
        self._log.close()


def command_record(command: Command) -> tuple[str, JsonObject]:
    """A command of the realm as a record: its kind ("log" or "command") and its fields. Never fails, for
    what makes no sense ends the session, and its journal should show it."""
    data = command.data if isinstance(command.data, Mapping) else None
    if command.kind == "log" and data is not None and "level" in data and "text" in data:
        kind = "log"
        record: JsonObject = {"level": str(data["level"]), "text": str(data["text"])[:LONGEST_LOG]}
    else:
        kind = "command"
        shown = command.data if data is None else _without_hidden(data)
        record = {"kind": command.kind, "id": command.target, "data": shown}
    if command.where:
        record["where"] = command.where
    return kind, record


HIDDEN = "«hidden»"


def _without_hidden(data: Mapping[str, Any]) -> JsonObject:
    """``data`` without the fields that the scenario asked to keep out of files: their names are in its
    "hide"."""
    names = data.get("hide")
    if not isinstance(names, list):
        return dict(data)
    return {name: HIDDEN if name in names else value for name, value in data.items()}


_QUIET = frozenset({"@timer"})
_QUIET_COMMANDS = ("log", "timer.")


def log_line(record: JsonObject, zero_ms: int) -> str:
    """One record as a line of the session log; "" for what a person would not want there."""
    kind = record["k"]
    text = ""
    if kind == "log":
        level = record["level"]
        text = str(record["text"]) if level == "write" else f"[{level}] {record['text']}"
    elif kind == "event" and record["kind"] not in _QUIET:
        text = f"<- {record['kind']} {_short(record['data'])}"
    elif kind == "command" and not str(record["kind"]).startswith(_QUIET_COMMANDS):
        text = f"-> {record['kind']} {_short(record['data'])}"
    elif kind == "session":
        text = f"session {record['state']}" + (f": {record['reason']}" if record.get("reason") else "")
    elif kind == "error":
        text = f"[error] {record['message']}"
    if not text:
        return ""
    seconds, ms = divmod(zero_ms + _int(record["t"]), 1000)
    if not text.isprintable() and _UNPRINTABLE.search(text):
        text = text.encode("unicode_escape").decode("ascii")
    return f"{_second(seconds)}.{ms:03d} {text}"


@lru_cache(8)
def _second(unix_s: int) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S}"


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0


_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def _short(data: Any, most: int = 400) -> str:
    text = ascii_json(data)
    if "\\u" in text:
        text = _readable(data).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"
