"""What a person sees in the terminal while sessions run: the journal, told in short lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from voxrun.session.hidden_keys import HiddenKeys
from voxrun.session.messages import JsonObject

Print = Callable[[str], None]

MARKS = {
    "caller": ("36", "caller"),
    "agent": ("35", "agent "),
    "log": ("", "log   "),
    "call": ("34", "call  "),
    "tool": ("33", "tool  "),
    "note": ("2", "note  "),
    "error": ("31", "error "),
}
"""What a line is about: colour (SGR) and the word in front."""


class Console:
    """Prints the records of sessions. ``folder_of`` finds a session's folder for the last line."""

    def __init__(self, out: Print, colour: bool, folder_of: Callable[[str], Path | None]) -> None:
        self._out = out
        self._colour = colour
        self._folder_of = folder_of
        self._numbers: dict[str, int] = {}
        self._keys: dict[str, HiddenKeys] = {}

    def __call__(self, session_id: str, record: JsonObject) -> None:
        number = self._numbers.setdefault(session_id, len(self._numbers) + 1)
        told = tell(self._keys.setdefault(session_id, HiddenKeys()).shown(record))
        if told is not None:
            self._line(number, int(str(record.get("t", 0))), *told)
        if record.get("k") == "session" and record.get("state") == "ended":
            self._ended(number, session_id, record)
            del self._keys[session_id]

    def _ended(self, number: int, session_id: str, record: JsonObject) -> None:
        folder = self._folder_of(session_id)
        where = f"; everything is in {folder}" if folder else ""
        self._line(
            number, int(str(record.get("t", 0))), "call", f"session over: {record.get('reason', '')}{where}"
        )

    def _line(self, number: int, t: int, what: str, text: str) -> None:
        code, word = MARKS[what]
        first, *rest = printable(text).split("\n")
        stamp = f"{number:>2} {t // 60000:02d}:{t // 1000 % 60:02d}.{t // 100 % 10}"
        head = f"{word} {first}"
        self._out(f"{stamp}  {self._paint(code, head)}")
        for line in rest:
            self._out(" " * (len(stamp) + 2) + self._paint(code, " " * len(word) + " " + line))

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if code and self._colour else text


def printable(text: str) -> str:
    """``text`` without what could move the cursor or recolour the terminal: logs are untrusted."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\n" else " " if c == "\t" else f"\\x{ord(c):02x}" for c in text
    )


def tell(record: Mapping[str, Any]) -> tuple[str, str] | None:
    """(what it is about, text) for a record that a person wants to see; None for the rest."""
    match record.get("k"):
        case "log":
            level = record.get("level")
            text = str(record.get("text", ""))
            if level in ("system", "warning", "error"):
                return ("error" if level == "error" else "note", text)
            return ("log", text)
        case "error":
            return ("error", str(record.get("message", "")))
        case "event":
            return _event(str(record.get("kind", "")), record.get("data") or {})
        case "command":
            return _command(str(record.get("kind", "")), record.get("data") or {})
    return None


def _event(kind: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    payload = (data.get("data") or {}).get("payload") if isinstance(data.get("data"), dict) else None
    if kind == "Application.CallAlerting":
        return ("call", f"{data.get('callerid')} calls {data.get('destination')}")
    if kind == "ASR.Result":
        return ("caller", str(data.get("text") or "(not understood)"))
    if kind == "AMD.Events.DetectionComplete":
        return ("call", f"who answered: {data.get('resultClass')}")
    if kind.startswith("Call."):
        return _call_event(kind.removeprefix("Call."), data)
    if isinstance(payload, dict):
        return _ai_event(kind.rpartition(".")[2], payload)
    return None


def _call_event(name: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    match name:
        case "Connected":
            return ("call", "connected")
        case "Disconnected":
            return ("call", f"disconnected after {data.get('duration', 0)} s ({data.get('reason', '')})")
        case "Failed":
            return ("call", f"failed: {data.get('code')} {data.get('reason', '')}")
        case "ToneReceived":
            return ("call", f"key {data.get('tone')}")
    return None


def _ai_event(name: str, payload: Mapping[str, Any]) -> tuple[str, str] | None:
    match name:
        case "Transcript" if payload.get("final"):
            who = "agent" if payload.get("role") == "agent" else "caller"
            return (who, str(payload.get("text", "")).strip())
        case "ClientToolInvocation":
            return ("tool", f"{payload.get('toolName')}({_arguments(payload.get('parameters'))})")
        case "PlaybackClearBuffer":
            return ("note", "the caller interrupts: the agent's audio is cleared")
        case "WebSocketError":
            return ("error", f"voice AI: {payload.get('reason') or payload}")
        case "HTTPResponse" if int(payload.get("status") or payload.get("code") or 200) >= 300:
            return ("error", f"voice AI refused: {payload}")
    return None


def _arguments(parameters: Any) -> str:
    if not isinstance(parameters, dict):
        return ""
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())


def _command(kind: str, data: Mapping[str, Any]) -> tuple[str, str] | None:
    if kind == "call.dial":
        return ("call", f"calls {data.get('kind')} {data.get('destination')}")
    if kind == "connector.call" and data.get("method") in ("clientToolResult", "dataConnectionToolResult"):
        argument = data.get("argument") or {}
        return ("tool", f"-> {argument.get('result', argument.get('errorMessage', ''))}")
    return None
