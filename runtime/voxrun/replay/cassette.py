"""Cassettes: what one session and the world said to each other, so that it can be played again without them.

A cassette is a folder, readable by its owner only::

    cassette.jsonl      the records below, one a line, in the order in which things happened
    leg-1.wav           what the far end of the first call said: mono 16 kHz s16le (leg-2.wav, ...)
    socket-1-in.pcm     audio of the provider as it came, message after message (16-bit, the provider's rate)
    socket-1-out.pcm    audio that was sent to the provider
    body-1.bin          a body of an HTTP answer that is no text
    scripts/            the scenario that ran

Everything is written when it happens, without a buffer: a process that is killed keeps what came. Version 1;
``t`` is milliseconds of session time::

    {"t":0,"k":"header","version":1,"journal":{...},"providers":{"ultravox":URL},"connectorErrors":"events"}
    {"t":0,"k":"leg","leg":1,"incoming":true,"client":"user"}          a call begins
    {"t":0,"k":"alerting","leg":1,"data":{...}}                        an incoming one: fields of CallAlerting
    {"t":0,"k":"dial","leg":2,"data":{"kind":"pstn",...}}              an outgoing one: the scenario's wish
    {"t":2,"k":"command","leg":1,"kind":"call.answer"}                 what the scenario does to it
    {"t":9,"k":"party","leg":1,"what":"answered","data":{...}}         what its far end does (LegEvent)
    {"t":20,"k":"sound","leg":1}                                       where leg-1.wav begins
    {"t":3,"k":"request","http":1,"via":"provider","method":"POST","url":URL,"query":[...],"headers":[names],
     "body":BODY}                                                      via "net": the scenario's own request
    {"t":80,"k":"response","http":1,"status":201,"headers":[[name,value],...],"body":BODY}
    {"t":80,"k":"failure","http":1,"error":"ConnectError","message":...}
    {"t":81,"k":"connect","socket":1,"via":"provider","url":"«secret:join URL 1»","host":"voice.example"}
                                                                      via "net": createWebSocket; "secret":
                                                                      its name, where the address is one
    {"t":99,"k":"open","socket":1}   or   {"t":99,"k":"refused","socket":1,"message":...}
    {"t":81,"k":"visit","socket":2,"path":...,"headers":[...]}        a WebSocket to the session's own URL
    {"t":120,"k":"in","socket":1,"json":{...}}      or "text":...  or "audio":640 (bytes in socket-1-in.pcm)
    {"t":130,"k":"out","socket":1,"json":{...}}     likewise, or "media":300 (characters of 20 ms of a stream)
    {"t":900,"k":"closed","socket":1,"by":"provider","code":1000,"reason":"","clean":true}   or "client"
    {"t":500,"k":"access","method":"POST","path":"/","content":"","headers":[...]}   to the session's own URL
    {"t":70,"k":"stored","key":...,"value":...,"expireAt":...}   what ApplicationStorage held before
    {"t":60,"k":"recogniser","missing":""}                   what a scenario's own ASR lacks; "": nothing
    {"t":700,"k":"utterance","asr":1}                        something was said to it
    {"t":690,"k":"so_far","text":...}                        an interim result
    {"t":760,"k":"understood","asr":1,"text":...,"confidence":90}      text null: nothing; or "error":...
    {"t":950,"k":"end","reason":"Normal termination"}

``"journal"`` is the header of the session's journal. BODY is ``{"json":...}``, ``{"text":...}``,
``{"file":"body-1.bin"}`` or ``{}``. Secrets are not in it: known values and fields with telling names are
replaced as in journals, of request headers only the names are kept and their values hidden wherever else they
turn up, and addresses of WebSockets, which are as good as keys, are labels. What people and agents say is in
it: treat a cassette like a recording.

Playing it back (``cassette_play``): a message of the provider comes as long after the client message that it
followed as it did then; the client's messages are compared, audio is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, field

from voxrun.connectors.transport import SocketClosed
from voxrun.services.storage import Item
from voxrun.session.messages import Json, JsonObject

VERSION: Final = 1
FILE_NAME: Final = "cassette.jsonl"

PROVIDER: Final = "provider"
NET: Final = "net"
"""Whose HTTP requests and WebSockets: the connectors', or the scenario's own."""
VISIT: Final = "visit"
"""A WebSocket that came to the session's URL."""


class Answer(Struct):
    """What a request got; ``error`` is the name of an httpx error, "" for a response."""

    t: int
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: JsonObject = field(default_factory=dict)
    error: str = ""
    message: str = ""


class TapedRequest(Struct):
    """One HTTP request. ``answer`` None: the recording ended before there was one."""

    number: int
    t: int
    via: str
    content: JsonObject
    """What is compared: method, url, query, body."""
    answer: Answer | None = None
    line: int = 0
    """Of the cassette's file."""


class Incoming(Struct, frozen=True):
    """What the provider sent, ``delay`` ms after the ``after``-th client message (0: after the opening)."""

    after: int
    delay: int
    payload: str | bytes | SocketClosed


class TapedSocket(Struct):
    """One WebSocket."""

    number: int
    t: int
    url: str
    host: str
    via: str = PROVIDER
    secret: str = ""
    """The name of the secret that its address is, or begins with."""
    scheme: str = ""
    """"ws" or "wss" there."""
    headers: tuple[tuple[str, str], ...] = ()
    """Those that a scenario sees of a visit, whose path is ``url``."""
    opened: int | None = None
    refused: str | None = None
    refused_t: int = 0
    incoming: list[Incoming] = field(default_factory=list)
    outgoing: list[tuple[int, JsonObject]] = field(default_factory=list)
    """Times and contents of the client's messages; audio is not among them."""


class PartyEvent(Struct, frozen=True):
    """What the far end of a leg did."""

    t: int
    what: str
    data: Mapping[str, Any]


class TapedLeg(Struct):
    """One call."""

    number: int
    t: int
    incoming: bool
    client: str
    info: JsonObject = field(default_factory=dict)
    """Fields of CallAlerting, or of the command that dialled."""
    commands: list[tuple[int, str]] = field(default_factory=list)
    events: list[PartyEvent] = field(default_factory=list)
    sound_t: int | None = None

    def first(self, what: str) -> PartyEvent | None:
        """The first event of a kind."""
        return next((event for event in self.events if event.what == what), None)

    def commanded(self, *kinds: str) -> int | None:
        """When the scenario first did one of these to it."""
        return next((t for t, kind in self.commands if kind in kinds), None)


class TapedAccess(Struct, frozen=True):
    """A request to the session's own URL."""

    t: int
    method: str
    path: str
    content: str
    headers: tuple[tuple[str, str], ...]


class TapedUtterance(Struct):
    """What a scenario's ASR made of one utterance. ``answered`` None: the recording ended before."""

    t: int
    answered: int | None = None
    text: str | None = None
    confidence: int = 0
    error: str = ""


class Cassette(Struct):
    """A whole cassette. ``end`` None: the process that recorded it was killed."""

    folder: Path
    header: JsonObject
    journal: JsonObject
    legs: dict[int, TapedLeg] = field(default_factory=dict)
    requests: dict[int, TapedRequest] = field(default_factory=dict)
    sockets: dict[int, TapedSocket] = field(default_factory=dict)
    access: list[TapedAccess] = field(default_factory=list)
    stored: list[Item] = field(default_factory=list)
    """What ApplicationStorage held at the beginning, as far as the scenario looked."""
    recogniser: str | None = None
    """What the scenario's ASR lacked to understand anything; None: it had none."""
    utterances: list[TapedUtterance] = field(default_factory=list)
    so_far: list[tuple[int, str]] = field(default_factory=list)
    """Interim results with their times."""
    last_t: int = 0
    end: str | None = None

    @property
    def speaks(self) -> bool:
        """Whether a voice AI is on it."""
        requested = any(each.via == PROVIDER for each in self.requests.values())
        return requested or any(each.via == PROVIDER for each in self.sockets.values())

    def sound(self, leg: int) -> bytes:
        """What the far end of a call said; b"" where its file is missing."""
        path = self.folder / f"leg-{leg}.wav"
        if not path.exists():
            return b""
        from voxrun.media.files import decode_audio

        return decode_audio(path, lenient=True)


def body_bytes(cassette: Cassette, body: Mapping[str, Json], reveal: Callable[[str], str]) -> bytes:
    """The bytes of a recorded body; ``reveal`` puts something in place of what was hidden in a text."""
    if "file" in body:
        # The name comes from a file that may have been edited: only what lies in the cassette is read.
        path = cassette.folder / Path(str(body["file"])).name
        return path.read_bytes() if path.exists() else b""
    text = json.dumps(body["json"], ensure_ascii=False, separators=(",", ":")) if "json" in body else ""
    return reveal(text or str(body.get("text", ""))).encode("utf-8", "replace")
