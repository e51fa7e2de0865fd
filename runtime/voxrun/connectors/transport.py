"""How WebSockets reach the network: the seam through which tests and virtual time put memory instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import httpx
from msgspec import Struct

from voxrun.errors import PeerError
from voxrun.media.runs import AudioDoor


class SocketClosed(Exception):
    """The WebSocket is over. ``clean`` is the browser's wasClean: a close frame was exchanged."""

    def __init__(self, code: int, reason: str, clean: bool) -> None:
        super().__init__(f"closed {code} {reason}".rstrip())
        self.code = code
        self.reason = reason
        self.clean = clean


class ClientSocket(Protocol):
    """A connected WebSocket: one that we opened, or one that came in."""

    async def send(self, message: str | bytes) -> None:
        """Send text or binary; waits while the peer does not read. Raises SocketClosed."""
        ...

    async def recv(self) -> str | bytes:
        """Next message. Raises SocketClosed at the end."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake and wait for it. Idempotent."""
        ...


@runtime_checkable
class MediaSocket(Protocol):
    """A socket that can hand messages over in the callback that reads them, and take them without waiting."""

    def send_now(self, message: bytes) -> bool:
        """Send a binary message if the peer keeps up; False: nothing was sent, it has to wait."""
        ...

    async def pump(self, take: Callable[[str | bytes], None]) -> SocketClosed:
        """Give every message to ``take``, in order, until the end, which is returned. ``take`` must not
        raise."""
        ...


@runtime_checkable
class NearSocket(Protocol):
    """A socket whose peer is in this very process: audio may take the short way, past the messages."""

    @property
    def door(self) -> AudioDoor | None:
        """Where audio goes in at once; None as long as a message is under way that came before it."""
        ...


@runtime_checkable
class Neighbour(NearSocket, Protocol):
    """One whose peer may give its messages at once, too."""

    def meet(self, take: Callable[[str | bytes], None]) -> None:
        """Let ``take`` have the peer's messages, those excepted that ``recv`` gives."""
        ...


class SocketConnector(Protocol):
    """Opens WebSockets."""

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> ClientSocket:
        """Connect, offering these subprotocols. Raises PeerError when refused (status in the message),
        unreachable or too slow."""
        ...


class Door(Protocol):
    """A WebSocket that asks to come in."""

    @property
    def path(self) -> str:
        """Path and query of the request."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """Names in lower case."""
        ...

    async def accept(self) -> ClientSocket:
        """Let it in, with the first of the subprotocols that it offers."""
        ...

    async def refuse(self, status: int, text: str) -> None:
        """Turn it away with an HTTP status."""
        ...


class Transports(Struct, frozen=True):
    """What a connector needs to reach its provider. ``http`` None means httpx's own network transport."""

    connect: SocketConnector
    http: httpx.AsyncBaseTransport | None = None


async def no_sockets(url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()) -> ClientSocket:
    """``SocketConnector`` where there is no network."""
    raise PeerError("there is no network here")
