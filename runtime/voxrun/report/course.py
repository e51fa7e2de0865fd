"""Everything that happened, twice: as rows for the list of events, and as bars for the time axis.

Each record is in exactly one row. The pieces of one transcript share a row; what belongs together in time
(a request and its answer, a timer from its start to its end, a tool call and its result) is one bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct, field

from voxrun.report.reading import Record
from voxrun.report.words import (
    about,
    as_object,
    brief,
    last_word,
    payload_of,
    position,
    several,
    span,
    text_of,
)

Group: TypeAlias = Literal["event", "command", "message", "http", "timer", "log", "session"]
Lane: TypeAlias = Literal["tools", "http", "messages", "events", "commands", "timers", "log"]
Tone: TypeAlias = Literal["", "good", "bad", "warn", "quiet"]


class Row(Struct):
    """A row of the list. ``records`` are numbers of records, more than one for a transcript's pieces."""

    group: Group
    t: int
    sign: str
    kind: str
    about: str
    where: str
    tone: Tone
    records: list[int] = field(default_factory=list)


class Bar(Struct):
    """Something on a lane; ``end`` equal to ``start``: a moment, None: it never ended. ``n``: its record."""

    lane: Lane
    start: int
    end: int | None
    label: str
    tone: Tone
    n: int
    out: bool = False
    """Away from voxrun or the scenario (drawn upwards), else towards it."""


def rows(records: Iterable[Record]) -> list[Row]:
    """The list of events."""
    found: list[Row] = []
    pieces: dict[tuple[str, ...], Row] = {}
    timers: dict[str, str] = {}
    for record in records:
        key = _piece(record)
        if key and key in pieces:
            _join(pieces[key], record)
            continue
        row = _row(record, timers)
        found.append(row)
        if key:
            pieces[key] = row
    return found


def _piece(record: Record) -> tuple[str, ...]:
    """What the pieces of one transcript have in common; () for everything else."""
    if (record.k == "event" and last_word(record.kind) != "Transcript") or record.k not in ("event", "wire"):
        return ()
    part = _part(record)
    if record.k == "wire" and part.get("type") != "transcript":
        return ()
    ordinal = text_of(part.get("ordinal"))
    return (record.k, record.id, text_of(part.get("role")), ordinal) if ordinal else ()


def _final(record: Record) -> bool:
    """Whether this piece of a transcript is its last."""
    return bool(_part(record).get("final"))


def _part(record: Record) -> dict[str, Any]:
    """The provider's message in an event or a wire record."""
    return payload_of(record.data) if record.k == "event" else as_object(record.raw.get("payload"))


def _join(row: Row, record: Record) -> None:
    part = _part(record)
    row.records.append(record.n)
    row.about = brief(text_of(part.get("text")) or row.about + text_of(part.get("delta")))


def _row(record: Record, timers: dict[str, str]) -> Row:
    group, sign, kind, words, tone = _KINDS.get(record.k, _other)(record)
    if record.kind == "timer.set":
        timers[record.id] = position(record.where)
    elif group == "timer" and not words and timers.get(record.id):
        words = f"set at {timers[record.id]}"
    return Row(group, record.t, sign, kind, words, record.where, tone, [record.n])


Told: TypeAlias = tuple[Group, str, str, str, Tone]
"""Group, sign, kind, about, tone."""


def _event(record: Record) -> Told:
    if record.kind == "@timer":
        return "timer", "←", "timer fires", "", ""
    if record.kind == "@http":
        return "http", "←", "HTTP answer", brief(_status(record.data)), _status_tone(record.data)
    bad = last_word(record.kind) in ("Failed", "WebSocketError", "RecordError", "@reject")
    return "event", "←", record.kind, about(record.kind, record.data), "bad" if bad else ""


def _command(record: Record) -> Told:
    if record.kind == "timer.set":
        return "timer", "→", _timer_name(record), span(_number(record.data.get("delay"))), ""
    if record.kind == "timer.clear":
        return "timer", "→", "timer is cleared", "", ""
    if record.kind == "http.request":
        return "http", "→", "HTTP request", brief(_request(record.data)), ""
    return "command", "→", record.kind, about(record.kind, record.data), ""


def _wire(record: Record) -> Told:
    raw = record.raw
    payload = raw.get("payload")
    fields = as_object(payload)
    sign = "→" if raw.get("dir") == "out" else "←"
    if raw.get("what") == "http":
        if "method" in fields:
            return "http", sign, "HTTP request", brief(_request(fields)), ""
        return "http", sign, "HTTP answer", brief(_status(fields)), _status_tone(fields)
    kind = text_of(fields.get("type")) or text_of(raw.get("what")) or "message"
    tone: Tone = "warn" if raw.get("what") == "dropped" else ""
    rest = {name: value for name, value in fields.items() if name != "type"}
    return "message", sign, kind, about("", {"payload": rest}) if fields else brief(payload), tone


def _log(record: Record) -> Told:
    level = text_of(record.raw.get("level")) or "write"
    tones: dict[str, Tone] = {"error": "bad", "warning": "warn", "system": "quiet", "trace": "quiet"}
    return (
        "log",
        "·",
        "log" if level == "write" else level,
        brief(record.raw.get("text"), 400),
        tones.get(level, ""),
    )


def _error(record: Record) -> Told:
    return "log", "!", "error", brief(record.raw.get("message"), 400), "bad"


def _session(record: Record) -> Told:
    state = f"session {text_of(record.raw.get('state'))}".rstrip()
    return "session", "·", state, brief(record.raw.get("reason")), ""


def _header(record: Record) -> Told:
    raw = record.raw
    return (
        "session",
        "·",
        "header",
        f"voxrun {text_of(raw.get('voxrun'))}, seed {text_of(raw.get('seed'))}",
        "quiet",
    )


def _listeners(record: Record) -> Told:
    rows = record.raw.get("listeners")
    fired = [each.get("fired") for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []
    never = sum(each == 0 for each in fired)
    return "session", "·", "listeners", f"{several(len(fired), 'listener')}, {never} never ran", "quiet"


def _other(record: Record) -> Told:
    rest = {name: value for name, value in record.raw.items() if name not in ("n", "t", "k")}
    return "session", "·", record.k or "record", about("", rest), "quiet"


_KINDS: Final[dict[str, Callable[[Record], Told]]] = {
    "event": _event,
    "command": _command,
    "wire": _wire,
    "log": _log,
    "error": _error,
    "session": _session,
    "header": _header,
    "listeners": _listeners,
}


def bars(records: Iterable[Record]) -> list[Bar]:
    """What is drawn on the lanes of the time axis."""
    drawing = _Drawing()
    for record in records:
        drawing.draw(record)
    return drawing.bars


class _Drawing:
    """Draws records one after the other."""

    def __init__(self) -> None:
        self.bars: list[Bar] = []
        self._open: dict[tuple[str, str], Bar] = {}
        self._begun: set[tuple[str, ...]] = set()

    def draw(self, record: Record) -> None:
        key = _piece(record)
        if key in self._begun and not _final(record):
            return  # a word of a sentence is no moment of its own
        if key:
            self._begun.add(key)
        if record.k == "event":
            self._event(record)
        elif record.k == "command":
            self._command(record)
        elif record.k == "wire":
            self._wire(record)
        elif record.k in ("log", "error"):
            _, _, kind, words, tone = _KINDS[record.k](record)
            self._moment("log", record, words if kind == "log" else f"{kind}: {words}", tone=tone)

    def _event(self, record: Record) -> None:
        if record.kind == "@timer":
            self._fired(record)
        elif record.kind == "@http":
            self._answered(record, record.data)
        else:
            _, _, _, words, tone = _event(record)
            if last_word(record.kind) == "ClientToolInvocation":
                call = payload_of(record.data)
                name = text_of(call.get("toolName")) or "tool"
                self._begin(("tool", text_of(call.get("invocationId"))), "tools", record, name)
            self._moment("events", record, f"{record.kind} {words}".rstrip(), tone=tone)

    def _command(self, record: Record) -> None:
        if record.kind == "timer.set":
            label = f"{_timer_name(record)} {span(_number(record.data.get('delay')))}"
            if record.where:
                label += f", {position(record.where)}"
            self._begin(("timer", record.id), "timers", record, label)
            if record.data.get("repeat"):
                self._open["repeat", record.id] = self._open["timer", record.id]
        elif record.kind == "timer.clear":
            bar = self._end(("timer", record.id), record.t)
            if bar:
                bar.tone = "quiet"
                bar.label += ", cleared"
        elif record.kind == "http.request":
            self._begin(("http", record.id), "http", record, brief(_request(record.data), 120))
        else:
            argument = as_object(record.data.get("argument"))
            done = self._end(("tool", text_of(argument.get("invocationId"))), record.t)
            if done and (argument.get("errorMessage") or argument.get("errorType")):
                done.tone = "bad"
            words = about(record.kind, record.data)
            self._moment("commands", record, f"{record.kind} {words}".rstrip(), out=True)

    def _wire(self, record: Record) -> None:
        fields = as_object(record.raw.get("payload"))
        out = record.raw.get("dir") == "out"
        if record.raw.get("what") == "http":
            if "method" in fields:
                if ("http", record.id) not in self._open:
                    self._begin(("http", record.id), "http", record, brief(_request(fields), 120))
            else:
                self._answered(record, fields)
            return
        _, _, kind, words, tone = _wire(record)
        self._moment("messages", record, f"{kind} {words}".rstrip(), out=out, tone=tone)

    def _fired(self, record: Record) -> None:
        if ("repeat", record.id) in self._open:
            self._moment("timers", record, "interval fires")
        else:
            self._end(("timer", record.id), record.t)

    def _answered(self, record: Record, fields: dict[str, Any]) -> None:
        bar = self._end(("http", record.id), record.t)
        if bar:
            bar.label = f"{bar.label}: {brief(_status(fields), 80)}"
            bar.tone = _status_tone(fields)

    def _begin(self, key: tuple[str, str], lane: Lane, record: Record, label: str) -> None:
        bar = Bar(lane, record.t, None, label, "", record.n)
        self.bars.append(bar)
        self._open[key] = bar

    def _end(self, key: tuple[str, str], t: int) -> Bar | None:
        bar = self._open.pop(key, None)
        if bar is not None:
            bar.end = t
        return bar

    def _moment(self, lane: Lane, record: Record, label: str, *, tone: Tone = "", out: bool = False) -> None:
        self.bars.append(Bar(lane, record.t, record.t, brief(label, 200), tone, record.n, out))


def _timer_name(record: Record) -> str:
    return "setInterval" if record.data.get("repeat") else "setTimeout"


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 <= value < 1e12 else 0


def _request(fields: dict[str, Any]) -> str:
    """ "POST api.example/calls"."""
    url = text_of(fields.get("url"))
    try:
        parts = urlsplit(url)
        shown = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    except ValueError:
        shown = url
    return f"{text_of(fields.get('method')) or 'GET'} {shown}"


def _status(fields: dict[str, Any]) -> str:
    code = text_of(fields.get("status")) or text_of(fields.get("code"))
    words = text_of(fields.get("statusText")) or text_of(fields.get("text")) or text_of(fields.get("error"))
    return f"{code} {words}".strip()


def _status_tone(fields: dict[str, Any]) -> Tone:
    code = fields.get("status", fields.get("code"))
    return "" if isinstance(code, int) and 200 <= code < 400 else "bad"
