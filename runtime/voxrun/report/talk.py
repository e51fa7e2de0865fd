"""What was said and done, as lines to read, from the records of a session.

A voice AI tells its transcript in pieces: a first text, then deltas, then the final text, all with one
ordinal. When the caller interrupts, PlaybackClearBuffer comes first and then the final text, which is the
part that was heard; what had been announced beyond it is ``unheard``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from voxrun.report.reading import Record
from voxrun.report.words import as_object, brief, last_word, payload_of, text_of

Kind: TypeAlias = Literal["say", "tool", "keys", "message", "note"]
Who: TypeAlias = Literal["caller", "agent", "scenario", ""]
Tone: TypeAlias = Literal["", "good", "bad"]

KEYS_TOGETHER_MS: Final = 4000
"""Keys that follow within this time stand in one line."""
ONE_LINE: Final = 72


class Line(Struct):
    """One line; it grows while records are read, and is left alone after that.

    ``n`` is the record it came from, ``end`` the time of the last that belongs to it. ``text`` of a tool is
    its name, of keys the digits.
    """

    kind: Kind
    t: int
    n: int
    text: str
    who: Who = ""
    end: int = 0
    where: str = ""
    tone: Tone = ""
    cut: bool = False
    unheard: str = ""
    medium: str = ""
    arguments: str = ""
    result: str = ""
    answered: bool = False
    failed: bool = False


def conversation(records: Iterable[Record]) -> list[Line]:
    """The lines of a session in the order of their time."""
    reader = _Reader()
    for record in records:
        reader.read(record)
    return reader.finish()


class _Reader:
    """Reads records one after the other."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._spoken: dict[tuple[str, str, str], Line] = {}
        self._open: set[tuple[str, str, str]] = set()
        self._tools: dict[str, Line] = {}
        self._placed: dict[str, str] = {}
        self._to_speak: dict[str, str] = {}
        """Texts of players that have not begun, by player."""
        self._state = ""

    def read(self, record: Record) -> None:
        if record.k == "event":
            rule = _EVENTS.get(last_word(record.kind))
        elif record.k == "command":
            rule = _COMMANDS.get(record.kind)
        else:
            rule = _OTHERS.get(record.k)
        if rule is not None:
            rule(self, record)

    def finish(self) -> list[Line]:
        for line in self.lines:
            line.end = max(line.end, line.t)
            if line.kind == "say":
                line.text = line.text.strip()
        shown = [line for line in self.lines if line.kind != "say" or line.text or line.unheard]
        return sorted(shown, key=lambda line: (line.t, line.n))

    def add(self, kind: Kind, record: Record, text: str, who: Who = "", **more: Any) -> Line:
        line = Line(kind, record.t, record.n, text, who, record.t, record.where, **more)
        self.lines.append(line)
        return line

    def transcript(self, record: Record) -> None:
        part = payload_of(record.data)
        who: Who = "caller" if part.get("role") == "user" else "agent"
        key = (record.id, who, text_of(part.get("ordinal")))
        line = self._spoken.get(key)
        if line is None or (not key[2] and key not in self._open):
            line = self._spoken[key] = self.add("say", record, "", who)
            self._open.add(key)
        line.end = record.t
        line.medium = text_of(part.get("medium")) or line.medium
        before = line.text
        line.text = text_of(part.get("text")) or before + text_of(part.get("delta"))
        if part.get("final"):
            self._open.discard(key)
            heard, announced = line.text.strip(), before.strip()
            if line.cut and announced.startswith(heard):
                line.unheard = announced[len(heard) :].strip()

    def interrupted(self, record: Record) -> None:
        last = next((x for x in reversed(self.lines) if x.kind == "say" and x.who == "agent"), None)
        is_open = any(self._spoken[key] is last for key in self._open)
        if last is not None and (is_open or self._state == "speaking"):
            last.cut = True
            last.end = record.t

    def state(self, record: Record) -> None:
        self._state = text_of(payload_of(record.data).get("state"))

    def tool_called(self, record: Record) -> None:
        call = payload_of(record.data)
        name = text_of(call.get("toolName")) or "tool"
        arguments = call.get("parameters")
        line = self.add("tool", record, name, "agent", arguments=_pretty(arguments) if arguments else "")
        self._tools[text_of(call.get("invocationId"))] = line

    def tool_answered(self, record: Record) -> None:
        method = text_of(record.data.get("method")).lower()
        if method not in ("clienttoolresult", "toolresult"):
            return
        answer = as_object(record.data.get("argument"))
        line = self._tools.get(text_of(answer.get("invocationId")))
        if line is None or line.answered:
            return
        error = answer.get("errorMessage") or answer.get("errorType")
        line.answered, line.failed, line.end = True, bool(error), record.t
        line.result = _pretty(error or answer.get("result"))
        line.where = record.where or line.where

    def tone(self, record: Record) -> None:
        self.keys(record, "caller", text_of(record.data.get("tone")))

    def digits(self, record: Record) -> None:
        self.keys(record, "scenario", text_of(record.data.get("digits")))

    def keys(self, record: Record, who: Who, digits: str) -> None:
        last = self.lines[-1] if self.lines else None
        if last and last.kind == "keys" and last.who == who and record.t - last.end < KEYS_TOGETHER_MS:
            last.text += digits
            last.end = record.t
        elif digits:
            self.add("keys", record, digits, who)

    def message(self, record: Record) -> None:
        if record.kind.startswith("Call."):
            self.add("message", record, text_of(record.data.get("text")), "caller")

    def sent_message(self, record: Record) -> None:
        self.add("message", record, text_of(record.data.get("text")), "scenario")

    def recognised(self, record: Record) -> None:
        if not record.kind.startswith("ASR."):
            return
        text = text_of(record.data.get("text"))
        if text:
            self.add("say", record, text, "caller", medium="voice")
        elif record.data.get("confidence") == 0:
            self.add("note", record, "What the caller said was not understood")

    def detected(self, record: Record) -> None:
        result = text_of(record.data.get("resultClass"))
        if result in _ANSWERED:
            confidence = record.data.get("confidence")
            sure = f" ({confidence} % sure)" if isinstance(confidence, int) else ""
            self.add("note", record, _ANSWERED[result] + sure)

    def said(self, record: Record) -> None:
        self.add("say", record, text_of(record.data.get("text")), "scenario", medium="voice")

    def player_made(self, record: Record) -> None:
        parts = record.data.get("segments")
        parts = [record.data, *(parts if isinstance(parts, list) else [])]
        text = " ".join(filter(None, (text_of(as_object(part).get("text")) for part in parts)))
        if text:
            self._to_speak[record.id] = text

    def player_started(self, record: Record) -> None:
        text = self._to_speak.pop(record.id, "")
        if text:
            self.add("say", record, text, "scenario", medium="voice")

    def alerting(self, record: Record) -> None:
        ends = [text_of(record.data.get(name)) for name in ("callerid", "destination")]
        who = " to ".join(each for each in ends if each)
        self.add("note", record, f"Call from {who}" if ends[0] else "A call comes in")

    def dialled(self, record: Record) -> None:
        whom = text_of(record.data.get("destination"))
        self._placed[record.id] = whom
        self.add("note", record, f"The scenario calls {whom}".rstrip())

    def connected(self, record: Record) -> None:
        if record.kind.startswith("Call."):
            self.add("note", record, f"{self._call(record)} answered", tone="good")

    def disconnected(self, record: Record) -> None:
        if record.kind.startswith("Call."):
            why = text_of(record.data.get("reason"))
            self.add("note", record, f"{self._call(record)} ended" + (f": {why}" if why else ""))

    def failed(self, record: Record) -> None:
        if record.kind.startswith("Call."):
            why = " ".join(filter(None, (text_of(record.data.get(name)) for name in ("code", "reason"))))
            text = f"{self._call(record)} failed" + (f": {why}" if why else "")
            self.add("note", record, text, tone="bad")

    def broken(self, record: Record) -> None:
        payload = payload_of(record.data)
        why = brief(payload.get("reason") or payload.get("message") or payload or "", 300)
        text = "The connection to the voice AI failed" + (f": {why}" if why not in ("", "{}") else "")
        self.add("note", record, text, tone="bad")

    def error(self, record: Record) -> None:
        message = text_of(record.raw.get("message"))
        who = "voxrun" if record.raw.get("own") else "The scenario failed"
        self.add("note", record, f"{who}: {message}", tone="bad")

    def session(self, record: Record) -> None:
        if record.raw.get("state") == "ended":
            reason = text_of(record.raw.get("reason"))
            self.add("note", record, "Session ended" + (f": {reason}" if reason else ""))

    def _call(self, record: Record) -> str:
        whom = self._placed.get(record.id)
        return f"The call to {whom}" if whom else "The call"


_ANSWERED: Final = {
    "HUMAN": "A person answered",
    "VOICEMAIL": "A machine answered",
    "TIMEOUT": "Whether a person answered or a machine could not be told",
}

Rule: TypeAlias = Callable[[_Reader, Record], None]

_EVENTS: Final[dict[str, Rule]] = {
    "Transcript": _Reader.transcript,
    "PlaybackClearBuffer": _Reader.interrupted,
    "State": _Reader.state,
    "ClientToolInvocation": _Reader.tool_called,
    "ToneReceived": _Reader.tone,
    "MessageReceived": _Reader.message,
    "Result": _Reader.recognised,
    "DetectionComplete": _Reader.detected,
    "CallAlerting": _Reader.alerting,
    "Connected": _Reader.connected,
    "Disconnected": _Reader.disconnected,
    "Failed": _Reader.failed,
    "WebSocketError": _Reader.broken,
    "Started": _Reader.player_started,
}
"""By the last word of an event's kind."""

_COMMANDS: Final[dict[str, Rule]] = {
    "connector.call": _Reader.tool_answered,
    "call.dial": _Reader.dialled,
    "call.say": _Reader.said,
    "player.create": _Reader.player_made,
    "call.message": _Reader.sent_message,
    "call.dtmf": _Reader.digits,
}

_OTHERS: Final[dict[str, Rule]] = {"error": _Reader.error, "session": _Reader.session}


def _pretty(value: Any) -> str:
    """A value to read, over several lines where it is long; a text that holds JSON is opened up."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except (ValueError, RecursionError):
            return value
        if not isinstance(inner, dict | list):
            return value
        value = inner
    if value is None:
        return ""
    try:
        short = json.dumps(value, ensure_ascii=False)
        return short if len(short) <= ONE_LINE else json.dumps(value, ensure_ascii=False, indent=1)
    except RecursionError:  # nested a few hundred deep: nobody reads that in a conversation
        return brief(value)
