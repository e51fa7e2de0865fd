"""What a call script says of WebSockets: servers that the scenario reaches, and clients that come in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from msgspec import Struct, field

from voxrun.media.stream_codec import PCM16, Encoding
from voxrun.replay.texts import Wanted
from voxrun.session.messages import Json
from voxrun.speech.base import Voice

SERVER: Final = "server"
GUEST: Final = "guest"
"""Names of those that have none."""
BROKEN: Final = 1006
"""The code of a close without a close frame."""


class Send(Struct, frozen=True):
    """A text message; ``data`` instead of ``text`` is a binary one."""

    text: str = ""
    data: bytes | None = None


class Speak(Struct, frozen=True):
    """Speech as media: start, pieces of 20 ms, stop. At once, or with ``paced`` in real time; done when it
    can have been played. ``stop`` False leaves the stream open; with ``ms`` it is cut to this length, or
    followed by silence."""

    text: str = ""
    audio: Path | None = None
    voice: Voice | None = None
    encoding: Encoding = PCM16
    tag: str = ""
    custom: Json = None
    paced: bool = False
    stop: bool = True
    ms: int = 0


class Pause(Struct, frozen=True):
    """Let so much time pass."""

    ms: int


class Close(Struct, frozen=True):
    """End the connection; with code 1006 without a close frame."""

    code: int = 1000
    reason: str = ""


Deed: TypeAlias = Send | Speak | Pause | Close
"""What one end of a WebSocket does."""


class Answer(Struct, frozen=True):
    """What is done on a message of the scenario: one that holds ``text``, or at least these members.

    Media is no message. ``times`` 0: on every one.
    """

    text: Wanted | None = None
    json: Json = None
    does: tuple[Deed, ...] = ()
    times: int = 0


class Handler(Struct, frozen=True):
    """A coroutine in a Python file that talks instead: ``name(socket)``, as for ``websockets.serve``."""

    file: Path
    name: str


class Behaviour(Struct, frozen=True):
    """What a peer does by itself: ``does`` from the opening on and ``replies``; or all by its ``handler``."""

    does: tuple[Deed, ...] = ()
    replies: tuple[Answer, ...] = ()
    handler: Handler | None = None
    encoding: Encoding = PCM16
    tag: str = ""
    """Of what it says where nothing else is said; so are these of steps that it does."""


class SocketStub(Struct, frozen=True):
    """A server. ``refuse`` is an HTTP status (with a text), or -1 for one that cannot be reached at all.

    It is there for so many connections (``times``; 0: for all), then the next of that address is.
    """

    url: Wanted
    name: str = SERVER
    delay_ms: int = 0
    refuse: int = 0
    refuse_text: str = ""
    times: int = 0
    behaviour: Behaviour = field(default_factory=Behaviour)
    where: str = ""


class Visit(Struct, frozen=True):
    """A step: a client opens the session's URL as a WebSocket. ``refused``: the status it must get, or 0."""

    name: str = GUEST
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: int = 0
    behaviour: Behaviour = field(default_factory=Behaviour)
    where: str = ""


class SocketStep(Struct, frozen=True):
    """A step that one end of a WebSocket does."""

    deed: Send | Close
    who: str
    where: str = ""


UNREACHABLE: Final = -1
