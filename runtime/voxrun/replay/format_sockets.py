"""WebSockets in a call script: stubs under ``websockets``, and the step ``websocket``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn

from voxrun.media.stream_codec import BY_NAME, PCM16, Encoding
from voxrun.replay import format_parts as parts
from voxrun.replay.format_values import texts_of
from voxrun.replay.socket_script import (
    GUEST,
    SERVER,
    UNREACHABLE,
    Answer,
    Behaviour,
    Close,
    Deed,
    Handler,
    Pause,
    Send,
    SocketStub,
    Speak,
    Visit,
)
from voxrun.yamldoc import Item, suggestion

DEEDS: Final = ("send", "say", "wait", "bytes", "close")
BEHAVIOUR_KEYS: Final = ("does", "replies", "handler", "encoding", "tag")
STUB_KEYS: Final = ("url", "name", "delay", "refuse", "times", *BEHAVIOUR_KEYS)
VISIT_KEYS: Final = ("name", "path", "headers", "refused", *BEHAVIOUR_KEYS)
SAY_KEYS: Final = ("text", "audio", "voice", "encoding", "tag", "custom", "paced", "stop", "for")
HANDLER_NAME: Final = "handle"
LONGEST_SPEECH_MS: Final = 600_000


def read_sockets(item: Item, folder: Path, taken: Sequence[str] = ()) -> tuple[SocketStub, ...]:
    """Stubs in the order of the file: the first whose URL fits is opened. ``taken`` are names of people."""
    stubs: list[SocketStub] = []
    for each in item.items():
        stub = _stub(each, folder, len(stubs))
        if stub.name in (*taken, *(other.name for other in stubs)):
            each.fail(f"there is somebody named {stub.name!r} already: give another 'name'")
        stubs.append(stub)
    return tuple(stubs)


def _stub(item: Item, folder: Path, number: int) -> SocketStub:
    entries = item.mapping(STUB_KEYS)
    if "url" not in entries:
        item.fail(f"{item.name} needs 'url' (* stands for any characters)")
    if "refuse" in entries:
        for key in (*BEHAVIOUR_KEYS, "delay"):
            if key in entries:
                entries[key].fail(f"this server refuses, so it cannot have '{key}'")
    status, text = _refusal(entries["refuse"]) if "refuse" in entries else (0, "")
    default = SERVER if number == 0 else f"{SERVER} {number + 1}"
    return SocketStub(
        url=parts.wanted(entries["url"]),
        name=_name(entries, default),
        delay_ms=entries["delay"].milliseconds() if "delay" in entries else 0,
        refuse=status,
        refuse_text=text,
        times=_times(entries),
        behaviour=_behaviour(entries, folder),
        where=item.where,
    )


def read_visit(item: Item, folder: Path, where: str) -> Visit:
    """The step ``websocket``: a client of the session's URL."""
    entries = item.mapping(VISIT_KEYS)
    refused = entries["refused"].integer(400, 599) if "refused" in entries else 0
    if refused:
        for key in BEHAVIOUR_KEYS:
            if key in entries:
                entries[key].fail(f"a client that is refused cannot have '{key}'")
    return Visit(
        name=_name(entries, GUEST),
        path=entries["path"].text() if "path" in entries else "",
        headers=texts_of(entries["headers"]) if "headers" in entries else {},
        refused=refused,
        behaviour=_behaviour(entries, folder),
        where=where,
    )


def _times(entries: dict[str, Item]) -> int:
    return entries["times"].integer(1, 1_000_000) if "times" in entries else 0


def _name(entries: dict[str, Item], default: str) -> str:
    if "name" not in entries:
        return default
    name = entries["name"].text().strip()
    if not name:
        entries["name"].fail("name is empty")
    return name


def _refusal(item: Item) -> tuple[int, str]:
    if item.is_mapping:
        entries = item.mapping(("status", "text"))
        if "status" not in entries:
            item.fail(f"{item.name} needs 'status', for example 503")
        text = entries["text"].text() if "text" in entries else ""
        return entries["status"].integer(400, 599), text
    if item.text() == "unreachable":
        return UNREACHABLE, ""
    return item.integer(400, 599), ""


def _behaviour(entries: dict[str, Item], folder: Path) -> Behaviour:
    encoding = read_encoding(entries["encoding"]) if "encoding" in entries else PCM16
    tag = entries["tag"].text() if "tag" in entries else ""
    if "handler" in entries:
        for key in ("does", "replies"):
            if key in entries:
                entries[key].fail(f"the handler does everything itself: leave out '{key}' or the handler")
        return Behaviour((), (), _handler(entries["handler"], folder), encoding, tag)
    reader = _Reader(folder, encoding, tag)
    return Behaviour(
        reader.deeds(entries["does"]) if "does" in entries else (),
        tuple(reader.answer(each) for each in entries["replies"].items()) if "replies" in entries else (),
        None,
        encoding,
        tag,
    )


def _handler(item: Item, folder: Path) -> Handler:
    """``bot.py``, or ``bot.py:name`` for another coroutine than ``handle``."""
    file, colon, name = item.text().rpartition(":")
    if not colon:
        file, name = item.text(), HANDLER_NAME
    path = folder / file
    if not path.is_file():
        item.fail(f"there is no file {path}")
    if not name.isidentifier():
        item.fail(f"{name!r} is no name of a function; write FILE.py or FILE.py:function")
    return Handler(path, name)


def read_encoding(item: Item) -> Encoding:
    """One of the platform's encodings by its name."""
    name = item.text().upper()
    if name not in BY_NAME:
        item.fail(f"{item.name} must be one of {', '.join(BY_NAME)}, not {item.text()!r}")
    return BY_NAME[name]


def read_message(item: Item) -> str:
    """A message's text; what is no text is written as JSON."""
    return item.json_text() if item.is_mapping or item.is_list else item.text()


def read_close(item: Item) -> Close:
    """``{code, reason}``, or the code alone."""
    if not item.is_mapping:
        return Close(item.integer(1000, 4999))
    entries = item.mapping(("code", "reason"))
    return Close(
        entries["code"].integer(1000, 4999) if "code" in entries else 1000,
        entries["reason"].text() if "reason" in entries else "",
    )


class _Reader:
    def __init__(self, folder: Path, encoding: Encoding, tag: str) -> None:
        self._folder = folder
        self._encoding = encoding
        self._tag = tag

    def deeds(self, item: Item) -> tuple[Deed, ...]:
        return tuple(self._deed(each) for each in item.items())

    def answer(self, item: Item) -> Answer:
        entries = item.mapping(("to", "does", "times"))
        if "to" not in entries or "does" not in entries:
            item.fail(f"{item.name} needs 'to' (a text, or members of a message) and 'does'")
        to = entries["to"]
        is_json = to.is_mapping or to.is_list
        return Answer(
            text=None if is_json else parts.wanted(to),
            json=parts.wanted_json(to) if is_json else None,
            does=self.deeds(entries["does"]),
            times=_times(entries),
        )

    def _deed(self, item: Item) -> Deed:
        if not item.is_mapping:
            if item.text() == "close":
                return Close()
            item.fail(f"{item.text()!r} is nothing that a WebSocket does{suggestion(item.text(), DEEDS)}")
        entries = item.mapping()
        kind = next((key for key in entries if key in DEEDS), None)
        if kind is None:
            self._no_deed(item)
        item.mapping((kind,))
        read: dict[str, Callable[[Item], Deed]] = {
            "send": lambda value: Send(read_message(value)),
            "say": self._say,
            "wait": lambda value: Pause(value.milliseconds()),
            "bytes": _bytes,
            "close": read_close,
        }
        return read[kind](entries[kind])

    def _no_deed(self, item: Item) -> NoReturn:
        keys = item.key_items()
        if not keys:
            item.fail("this is empty")
        word = keys[0].text()
        if word in DEEDS:
            keys[0].fail(f"'{word}' needs a value")
        keys[0].fail(f"{word!r} is nothing that a WebSocket does{suggestion(word, DEEDS)}")

    def _say(self, item: Item) -> Speak:
        if not item.is_mapping:
            return Speak(text=_spoken(item), encoding=self._encoding, tag=self._tag)
        entries = item.mapping(SAY_KEYS)
        if ("text" in entries) == ("audio" in entries):
            item.fail(f"{item.name} needs 'text' or 'audio', one of them")
        return Speak(
            text=_spoken(entries["text"]) if "text" in entries else "",
            audio=parts.existing_file(entries["audio"], self._folder) if "audio" in entries else None,
            voice=parts.read_voice(entries["voice"]) if "voice" in entries else None,
            encoding=read_encoding(entries["encoding"]) if "encoding" in entries else self._encoding,
            tag=entries["tag"].text() if "tag" in entries else self._tag,
            custom=entries["custom"].json() if "custom" in entries else None,
            paced="paced" in entries and entries["paced"].boolean(),
            stop="stop" not in entries or entries["stop"].boolean(),
            ms=_length(entries["for"]) if "for" in entries else 0,
        )


def _length(item: Item) -> int:
    ms = item.milliseconds()
    if not 0 < ms <= LONGEST_SPEECH_MS:
        item.fail(f"{item.name} must be more than 0 s and at most {LONGEST_SPEECH_MS // 1000} s")
    return ms


def _spoken(item: Item) -> str:
    text = item.text().strip()
    if not text:
        item.fail(f"{item.name} is empty")
    return text


def _bytes(item: Item) -> Send:
    try:
        return Send(data=bytes.fromhex(item.text()))
    except ValueError:
        item.fail(f"{item.name} must be hex digits, two a byte, not {item.text()!r}")
