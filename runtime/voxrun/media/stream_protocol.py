"""VoxEngine's media over WebSockets as messages: what a text frame says, and the frames of a stream.

Protocol only: no socket, no clock, no codec. The same frames go both ways::

    {"event":"start","sequenceNumber":0,"start":{"tag":...,"mediaFormat":{"encoding":"ULAW","sampleRate":8000,
     "channels":1},"customParameters":...}}
    {"event":"media","sequenceNumber":1,"media":{"tag":...,"chunk":0,"timestamp":0,"payload":"<base64>"}}
    {"event":"stop","sequenceNumber":2,"stop":{"tag":...,"mediaInfo":{"bytesSent":...,"duration":...}}}

(voximplant.com, guides "Media streams".) ``chunk`` counts the pieces of 20 ms and ``timestamp`` the samples
before each, like sequence number and timestamp of RTP (RFC 3550) but without an end; a piece that was not
sent is missing in both. ``sequenceNumber`` counts the messages of a stream. The platform writes
``customParameters`` as a text that holds JSON; peers may write it either way. A stream is known by its
``tag``, the one without a tag by "".

Every other message is the scenario's: texts, JSON without these three events, and JSON whose ``start``,
``media`` or ``stop`` is missing (a protocol of its own that uses the same words).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from voxrun.media.stream_codec import Encoding, encoding_of
from voxrun.session.messages import Json, JsonObject

LONGEST_TAG: Final = 200
MOST_CUSTOM: Final = 64 * 1024
"""Characters of custom parameters that are passed on."""


class StreamStart(Struct, frozen=True):
    """A stream begins."""

    tag: str
    encoding: Encoding
    custom: Mapping[str, str] = field(default_factory=dict)


class StreamMedia(Struct, frozen=True):
    """A piece of a stream's audio. ``chunk`` and ``timestamp`` as far as they are numbers."""

    tag: str
    payload: bytes
    chunk: int | None = None
    timestamp: int | None = None


class StreamStop(Struct, frozen=True):
    """A stream ends."""

    tag: str


class Text(Struct, frozen=True):
    """A message that is not the media path's."""

    text: str


class Broken(Struct, frozen=True):
    """A media message that cannot be used; ``why`` completes "the message was ignored: ..."."""

    why: str


Message: TypeAlias = StreamStart | StreamMedia | StreamStop | Text | Broken

_EVENTS: Final = ("start", "media", "stop")


def read_message(text: str) -> Message:
    """What a text frame says. Never raises."""
    value = _object(text)
    event = value.get("event") if value is not None else None
    if value is None or not isinstance(event, str) or event not in _EVENTS:
        return Text(text)
    body = value.get(event)
    if not isinstance(body, dict):
        return Text(text)
    if "customEvent" in value:
        return Broken("it has both 'event' and 'customEvent', and a message may have one of them")
    tag = _tag(body.get("tag"))
    if tag is None:
        return Broken("its tag is no text")
    if event == "media":
        return _media(tag, body)
    return StreamStop(tag) if event == "stop" else _start(tag, body)


def _object(text: str) -> JsonObject | None:
    """The JSON object that may be a media message; None for everything else."""
    if '"event"' not in text or text.lstrip()[:1] != "{":  # a glance settles most texts
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _tag(value: Json) -> str | None:
    """The name of a stream, "" where there is none; None for what cannot be one."""
    if value is None:
        return ""
    return str(value)[:LONGEST_TAG] if isinstance(value, str | int | float) else None


def _start(tag: str, body: JsonObject) -> Message:
    form = body.get("mediaFormat")
    if not isinstance(form, dict) or "encoding" not in form:
        return Broken("its start has no mediaFormat with an encoding")
    channels = form.get("channels")
    if channels not in (None, 1):
        return Broken(f"its start announces {channels!r:.20} channels, and streams have one")
    try:
        encoding = encoding_of(form["encoding"], form.get("sampleRate"))
    except ValueError as error:
        return Broken(f"its start cannot be used: {error}")
    return StreamStart(tag, encoding, custom_parameters(body.get("customParameters")))


def _media(tag: str, body: JsonObject) -> Message:
    payload = body.get("payload")
    if not isinstance(payload, str):
        return Broken("its media has no payload")
    try:
        audio = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return Broken("the payload of its media is no base64")
    return StreamMedia(tag, audio, _number(body.get("chunk")), _number(body.get("timestamp")))


def _number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def custom_parameters(value: Json) -> dict[str, str]:
    """Custom parameters as texts by name, whichever way they were written; {} for anything else."""
    try:
        if isinstance(value, str) and len(value) <= MOST_CUSTOM:
            value = json.loads(value)
        if not isinstance(value, dict):
            return {}
        return {key: item if isinstance(item, str) else json.dumps(item) for key, item in value.items()}
    except (ValueError, RecursionError):
        return {}


class StreamWriter:
    """The messages of one stream, in order: ``start``, any number of ``media``, ``stop``.

    Without a ``tag`` the messages have none. ``custom`` is sent as a text that holds JSON; a text is taken
    for one that does.
    """

    def __init__(self, encoding: Encoding, tag: str = "", custom: Json = None) -> None:
        self.encoding = encoding
        self.tag = tag
        self.chunks = 0
        """Pieces of 20 ms so far, those that were left out too."""
        self.bytes_sent = 0
        self.custom = custom
        self._sequence = 0

    def start(self) -> JsonObject:
        """The first message."""
        body: JsonObject = {
            "mediaFormat": {
                "encoding": self.encoding.name,
                "sampleRate": self.encoding.rate,
                "channels": 1,
            }
        }
        if self.custom is not None:
            body["customParameters"] = self.custom if isinstance(self.custom, str) else _compact(self.custom)
        return self._message("start", body)

    def media(self, payload: bytes) -> JsonObject:
        """The next 20 ms."""
        body: JsonObject = {
            "chunk": self.chunks,
            "timestamp": self.chunks * self.encoding.frame_units,
            "payload": base64.b64encode(payload).decode("ascii"),
        }
        self.chunks += 1
        self.bytes_sent += len(payload)
        return self._message("media", body)

    def skip(self) -> None:
        """20 ms that are not sent: the peer sees the gap."""
        self.chunks += 1

    def stop(self) -> JsonObject:
        """The last message: bytes of payloads, and the length in whole seconds."""
        seconds = (self.chunks * self.encoding.frame_units + self.encoding.rate // 2) // self.encoding.rate
        info: JsonObject = {"bytesSent": self.bytes_sent, "duration": seconds}
        return self._message("stop", {"mediaInfo": info})

    def _message(self, event: str, body: JsonObject) -> JsonObject:
        if self.tag:
            body = {"tag": self.tag, **body}
        message: JsonObject = {"event": event, "sequenceNumber": self._sequence, event: body}
        self._sequence += 1
        return message


def written(message: Mapping[str, Json]) -> str:
    """A message as the text of its frame, in ASCII: what a scenario names may hold half a character."""
    return json.dumps(message, separators=(",", ":"))


def _compact(value: Json) -> str:
    """As JSON.stringify writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
