"""The steps of a call script and what they expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from voxrun.replay import format_parts as parts
from voxrun.replay import format_phone as phone
from voxrun.replay.format_expect import KINDS, WishReader
from voxrun.replay.format_sockets import read_close, read_message, read_visit
from voxrun.replay.format_values import choice, digits, texts_of
from voxrun.replay.script import (
    After,
    Beep,
    CallIn,
    Dtmf,
    Hangup,
    HttpCall,
    Interrupt,
    Message,
    PersonStep,
    Reply,
    Say,
    Silence,
    Step,
    Wait,
)
from voxrun.replay.socket_script import Send, SocketStep, Visit
from voxrun.yamldoc import Item, suggestion

MOST_STEPS: Final = 10_000
LONGEST_TONE_MS: Final = 60_000
STEPS: Final = (
    "say", "interrupt", "dtmf", "silence", "wait", "tone", "message", "http", "websocket", "send", "close",
    "call", "hangup", *phone.STEPS, "expect",
)  # fmt: skip
PERSON_STEPS: Final = ("say", "dtmf", "silence", "wait", "tone", "message", "hangup", *phone.STEPS)
EARLY_STEPS: Final = ("say", "tone", "wait")
STEP_OPTIONS: Final = {
    "dtmf": ("by", "as"),
    "interrupt": ("after", "as"),
    "tone": ("for", "as"),
    "wait": (),
    "http": (),
    "call": (),
    "websocket": (),
    "expect": (),
}
"""What may stand beside a step; ``as`` where nothing is said here."""
PHONE_STEPS: Final = ("dtmf", "message", *phone.STEPS)
"""What a WebSocket cannot do."""
SOCKET_STEPS: Final = ("send", "close")
"""What only a WebSocket can do."""


def read_steps(
    item: Item,
    folder: Path,
    callees: Sequence[str] = (),
    callers: Sequence[str] = (),
    sockets: Sequence[str] = (),
) -> tuple[Step, ...]:
    """All steps of a script. ``callees``, ``callers`` and ``sockets`` (WebSockets) are the names that ``as``
    may have."""
    found = item.items()
    if not found:
        item.fail("steps is an empty list")
    if len(found) > MOST_STEPS:
        found[MOST_STEPS].fail(
            f"the script has {len(found):,} steps; {MOST_STEPS:,} are the most for one call"
        )
    reader = _Reader(folder, callees, callers, sockets)
    return tuple(reader.step(each, STEPS) for each in found)


def read_person_steps(item: Item, folder: Path) -> tuple[PersonStep, ...]:
    """What a callee does by itself."""
    reader = _Reader(folder, (), ())
    return tuple(reader.step(each, PERSON_STEPS) for each in item.items())  # type: ignore[misc]


def read_early_steps(item: Item, folder: Path) -> tuple[PersonStep, ...]:
    """What is heard of a callee before the answer."""
    reader = _Reader(folder, (), ())
    return tuple(reader.step(each, EARLY_STEPS) for each in item.items())  # type: ignore[misc]


class _Reader:
    def __init__(
        self,
        folder: Path,
        callees: Sequence[str],
        callers: Sequence[str] = (),
        sockets: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._callers = ("caller", *callers)
        self._people = (*callees, *self._callers)
        self._sockets = [*sockets]
        self._expect = WishReader(self._who, self._sockets).step

    def step(self, item: Item, known: Sequence[str]) -> Step:
        """One step: a word (``hangup``) or a mapping whose first key says what it is."""
        if not item.is_mapping:
            word = item.text()
            if word == "hangup":
                return Hangup(where=item.where)
            if word in phone.WORDS:
                return phone.word_step(word, item.where)
            if word in known:
                item.fail(f"'{word}' needs a value: '{word}: ...'")
            item.fail(f"{word!r} is no step{suggestion(word, known)}")
        entries = item.mapping()
        kind = next((key for key in entries if key in known), None)
        if kind is None:
            self._no_step(item, known)
        read: dict[str, Callable[[Item, dict[str, Item]], Step]] = {
            "say": self._say, "interrupt": self._interrupt, "dtmf": self._dtmf, "silence": self._silence,
            "wait": self._wait, "tone": self._tone, "message": self._message, "http": self._http,
            "websocket": self._websocket, "send": self._send, "close": self._close, "call": self._call,
            "hangup": self._hangup, "expect": self._expect,
        }  # fmt: skip
        item.mapping((kind, *STEP_OPTIONS.get(kind, ("as",))))
        made = (
            phone.read_deed(kind, item, self._who, entries)
            if kind in phone.STEPS
            else read[kind](item, entries)
        )
        who = getattr(made, "who", "")
        if kind in PHONE_STEPS and who in self._sockets:
            entries.get("as", entries[kind]).fail(
                f"{who} is a WebSocket, and none has anything like '{kind}'"
            )
        return made

    def _no_step(self, item: Item, known: Sequence[str]) -> NoReturn:
        keys = item.key_items()
        if not keys:
            item.fail("this step is empty")
        word = keys[0].text()
        if word in KINDS and "expect" in known:
            keys[0].fail(f"'{word}' is something to expect: write 'expect: {{{word}: ...}}'")
        if word in known:
            if word in ("hangup", *phone.WORDS):
                keys[0].fail(f"write '- {word}' without a colon")
            keys[0].fail(f"'{word}' needs a value")
        keys[0].fail(f"{word!r} is no step{suggestion(word, known)}")

    def _who(self, entries: dict[str, Item]) -> str:
        if "as" not in entries:
            return ""
        name = entries["as"].text()
        known = [*self._people, *self._sockets]
        if name not in known:
            entries["as"].fail(f"there is nobody called {name!r}{suggestion(name, known)}")
        return name

    def _socket(self, item: Item, entries: dict[str, Item], kind: str) -> str:
        """The WebSocket that does a step; the only one need not be named."""
        who = self._who(entries)
        if who and who not in self._sockets:
            entries["as"].fail(f"{who} is no WebSocket: '{kind}' is for those")
        if not who and len(self._sockets) != 1:
            names = f": {', '.join(self._sockets)}" if self._sockets else " in this script"
            item.fail(f"which WebSocket? '{kind}' needs 'as'; there are {len(self._sockets)}{names}")
        return who or self._sockets[0]

    # -- steps

    def _say(self, item: Item, entries: dict[str, Item]) -> Say:
        return self._speech(entries["say"], self._who(entries), item.where)

    def _speech(self, value: Item, who: str, where: str) -> Say:
        if not value.is_mapping:
            if not value.text().strip():
                value.fail(f"{value.name} is empty")
            return Say(text=value.text().strip(), who=who, where=where)
        inner = value.mapping(("text", "audio", "voice", "as"))
        if ("text" in inner) == ("audio" in inner):
            value.fail(f"{value.name} needs 'text' or 'audio', one of them")
        return Say(
            text=inner["text"].text().strip() if "text" in inner else "",
            audio=parts.existing_file(inner["audio"], self._folder) if "audio" in inner else None,
            voice=parts.read_voice(inner["voice"]) if "voice" in inner else None,
            who=who or self._who(inner),
            where=where,
        )

    def _interrupt(self, item: Item, entries: dict[str, Item]) -> Interrupt:
        say = self._speech(entries["interrupt"], self._who(entries), item.where)
        after = _after(entries["after"]) if "after" in entries else After(ms=1000)
        return Interrupt(say, after, item.where)

    def _dtmf(self, item: Item, entries: dict[str, Item]) -> Dtmf:
        method = choice(entries.get("by"), phone.KEY_METHODS)
        return Dtmf(digits(entries["dtmf"]), self._who(entries), item.where, method)

    def _silence(self, item: Item, entries: dict[str, Item]) -> Silence:
        return Silence(entries["silence"].milliseconds(), self._who(entries), item.where)

    def _wait(self, item: Item, entries: dict[str, Item]) -> Wait:
        return Wait(entries["wait"].milliseconds(), item.where)

    def _tone(self, item: Item, entries: dict[str, Item]) -> Beep:
        hz = entries["tone"].integer(20, 7900)
        ms = entries["for"].milliseconds() if "for" in entries else Beep(hz).ms
        if not 0 < ms <= LONGEST_TONE_MS:
            entries["for"].fail(
                f"{entries['for'].name} must be more than 0 s and at most {LONGEST_TONE_MS // 1000} s"
            )
        return Beep(hz, ms, self._who(entries), item.where)

    def _message(self, item: Item, entries: dict[str, Item]) -> Message:
        return Message(entries["message"].text(), self._who(entries), item.where)

    def _websocket(self, item: Item, entries: dict[str, Item]) -> Visit:
        visit = read_visit(entries["websocket"], self._folder, item.where)
        if visit.name in (*self._people, *self._sockets):
            entries["websocket"].fail(f"there is somebody named {visit.name!r} already: give another 'name'")
        if not visit.refused:
            self._sockets.append(visit.name)
        return visit

    def _send(self, item: Item, entries: dict[str, Item]) -> SocketStep:
        return SocketStep(
            Send(read_message(entries["send"])), self._socket(item, entries, "send"), item.where
        )

    def _close(self, item: Item, entries: dict[str, Item]) -> SocketStep:
        return SocketStep(read_close(entries["close"]), self._socket(item, entries, "close"), item.where)

    def _hangup(self, item: Item, entries: dict[str, Item]) -> Hangup:
        inner = entries["hangup"]
        return Hangup(self._who(inner.mapping(("as",)) if inner.is_mapping else entries), item.where)

    def _http(self, item: Item, entries: dict[str, Item]) -> HttpCall:
        inner = entries["http"].mapping(("method", "path", "headers", "body", "reply"))
        body = inner.get("body")
        text = "" if body is None else body.json_text() if body.is_mapping or body.is_list else body.text()
        return HttpCall(
            method=inner["method"].text().upper() if "method" in inner else "POST",
            path=inner["path"].text() if "path" in inner else "/",
            headers=texts_of(inner["headers"]) if "headers" in inner else {},
            body=text,
            reply=_http_reply(inner["reply"]) if "reply" in inner else None,
            where=item.where,
        )

    def _call(self, item: Item, entries: dict[str, Item]) -> CallIn:
        name = entries["call"].text()
        if name not in self._callers:
            entries["call"].fail(
                f"there is no caller {name!r}{suggestion(name, self._callers)}; that the scenario calls "
                f"somebody is expected: 'expect: {{call: ...}}'"
            )
        return CallIn(name, item.where)


def _after(item: Item) -> After:
    text = item.text().strip()
    if text.endswith("%") and text[:-1].strip().isdigit():
        percent = int(text[:-1])
        if not 0 < percent < 100:
            item.fail(f"{item.name} must be 1% to 99%, not {text}")
        return After(percent=percent)
    if text[:1].isdigit() and text[-1:] in "s0123456789" and " " not in text:
        return After(ms=item.milliseconds())
    return After(words=parts.wanted(item))


def _http_reply(item: Item) -> Reply:
    if not item.is_mapping:
        return Reply(status=item.integer(100, 599))
    entries = item.mapping(("status", "text", "json"))
    return Reply(
        status=entries["status"].integer(100, 599) if "status" in entries else 200,
        text=parts.wanted(entries["text"]) if "text" in entries else None,
        json=parts.wanted_json(entries["json"]) if "json" in entries else None,
    )
