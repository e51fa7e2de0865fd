"""What a recorded session is told as: who said what, which keys, which tools, who was called.

Times are milliseconds of session time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct, field

from voxrun.replay.from_session_sockets import Socket
from voxrun.session.messages import JsonObject

_HIDDEN: Final = re.compile(r"«(secret:([^»]*)|redacted)»")


class Said(Struct, frozen=True):
    """The voice AI said. ``cut``: it was interrupted, and this is what was spoken."""

    t: int
    text: str
    cut: bool = False
    prompted: bool = False
    """The provider said it by itself, after silence (inactivityMessages)."""
    ms: int = 0
    """How long it took, as far as that is known."""


class Heard(Struct, frozen=True):
    """The voice AI understood the caller, or got a text that the scenario ``typed``; with ``asr`` the
    scenario's own ASR understood, and ``t`` is when the words began."""

    t: int
    text: str
    interrupts: bool = False
    typed: bool = False
    asr: bool = False
    lost: bool = False
    """Something was said, and not understood."""


class Tool(Struct, frozen=True):
    """The voice AI called a tool. ``ends``: the answer made it hang up; ``failed``: it was an error."""

    t: int
    name: str
    arguments: Mapping[str, Any]
    id: str
    ends: bool = False
    failed: bool = False
    result: Any = None
    """What the scenario answered, where that is short: an object, or a text."""


class Deed(Struct, frozen=True):
    """Anything else: "answered", "rejected", "ringing", "keys", "message", "info", "hold", "unhold",
    "transfer", "reinvite", "sent keys", "sent message", "call", "recording", "access", "prompt" (call.say
    was heard to its end), "visit" (a WebSocket came in), "websocket" (it was sent the first message of a
    kind), "ended"."""

    t: int
    what: str
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


Item: TypeAlias = Said | Heard | Tool | Deed


class Callee(Struct):
    """A call that the scenario placed."""

    number: str
    dialled: int
    ringing: int | None = None
    connected: int | None = None
    failed: int | None = None
    code: int = 0
    hung_up: int | None = None
    """When the callee put the phone down."""
    voice: tuple[int, int, str] | None = None
    """When its recorded voice begins, how long that is (ms), and the file of it."""
    deeds: list[Deed] = field(default_factory=list)
    """What it did by itself while it was connected: keys, messages, its telephone."""


class Request(Struct):
    """A request of the scenario and its answer."""

    t: int
    method: str
    url: str
    delay: int = 0
    status: int = 0
    """0: none came; negative: failed."""
    text: str = ""


class Story(Struct):
    """A whole session."""

    header: JsonObject
    caller: Mapping[str, Any] | None = None
    """Fields of CallAlerting; None: it was started."""
    items: list[Item] = field(default_factory=list)
    callees: list[Callee] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    audio_urls: list[str] = field(default_factory=list)
    has_agent: bool = False
    agent_hung_up: bool = False
    refused: int = 0
    rejects: bool = False
    """Failures of the voice AI reject its promise."""
    sockets: list[Socket] = field(default_factory=list)
    """The scenario's own WebSockets."""
    broken: tuple[int, int] | None = None
    """Milliseconds after the start of the voice AI, and the close code."""

    end_ms: int = 0
    """When the last thing happened."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Stand-ins by name."""
    storage: dict[str, Any] = field(default_factory=dict)
    """What was stored at the beginning."""


def host_for(secret: str) -> str:
    """A host (RFC 2606) in place of a secret address."""
    host = "".join(c if c.isascii() and c.isalnum() else "-" for c in secret.lower()).strip("-")
    return f"{host or 'secret'}.example"


def revealed(value: Any, secrets: Mapping[str, str]) -> Any:
    """A value with stand-ins for what the journal hides."""
    if isinstance(value, str):
        return _HIDDEN.sub(lambda found: secrets.get(found[2] or "", "hidden"), value)
    if isinstance(value, Mapping):
        return {key: revealed(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item, secrets) for item in value]
    return value
