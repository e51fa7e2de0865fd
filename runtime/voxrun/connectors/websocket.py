"""``SocketConnector`` over real sockets: the ``websockets`` library behind the seam of ``transport``.

No compression (audio does not shrink and deflate costs more than the network saves), no redirects (each
would have to pass the guard again, and no provider of ours uses them), keepalive pings, bounded messages.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from msgspec import Struct
from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from voxrun.connectors.addresses import is_loopback, shown_url
from voxrun.connectors.media_connection import MediaConnection
from voxrun.connectors.transport import SocketClosed
from voxrun.errors import PeerError

Guard: TypeAlias = Callable[[str], Awaitable[str | None]]
"""Asked for every URL before it is dialled. Raises ``VoxrunError`` to refuse; may give the address (an IP)
that it has checked, and then that address is dialled, so that a name cannot resolve to another one in
between."""

ABNORMAL: Final = 1006


class SocketSettings(Struct, frozen=True):
    """Limits of a client WebSocket; times in seconds, sizes in bytes."""

    open_timeout: float = 10.0
    close_timeout: float = 2.0
    """How long ``close()`` waits for the peer's close frame before it drops the connection."""
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    max_message: int = 4 * 1024 * 1024
    """40 s of 48 kHz audio in one message; a peer that sends more is cut off with code 1009."""
    user_agent: str = "voxrun"


class _DirectConnect(connect):
    """``websockets.connect`` that takes a redirect for what it is to us: a refusal."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocketConnector:
    """Opens real WebSockets (``transport.SocketConnector``)."""

    def __init__(self, guard: Guard | None = None, settings: SocketSettings | None = None) -> None:
        self._guard = guard
        self._settings = settings or SocketSettings()

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> NetworkSocket:
        """Connect; see ``SocketConnector``. Besides ``PeerError`` it raises what the guard raises."""
        limits = self._settings
        try:
            address = await self._guard(url) if self._guard is not None else None
            # A checked address goes straight to the socket; TLS and Host still use the name of the URL.
            route: dict[str, Any] = {} if address is None else {"host": address}
            connection = await _DirectConnect(
                url,
                additional_headers=dict(headers),
                user_agent_header=limits.user_agent,
                subprotocols=cast(Any, [*protocols]) or None,
                create_connection=MediaConnection,
                compression=None,
                proxy=None if address is not None or is_loopback(urlsplit(url).hostname or "") else True,
                open_timeout=limits.open_timeout,
                close_timeout=limits.close_timeout,
                ping_interval=limits.ping_interval,
                ping_timeout=limits.ping_timeout,
                max_size=limits.max_message,
                **route,
            )
        except (OSError, InvalidHandshake, InvalidURI, InvalidProxy, ValueError, EOFError) as error:
            raise PeerError(explain(error, url, limits.open_timeout)) from error
        return NetworkSocket(cast(MediaConnection, connection))


class NetworkSocket:
    """A connected WebSocket (``transport.MediaSocket``)."""

    def __init__(self, connection: MediaConnection) -> None:
        self._connection = connection
        self.send_now = connection.send_now

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as closed:
            raise how_it_ended(closed) from None

    async def recv(self) -> str | bytes:
        connection = self._connection
        while (message := connection.next()) is None:
            if connection.lost:
                raise how_it_ended(connection.protocol.close_exc)
            connection.changed.clear()
            await connection.changed.wait()
        return message

    async def pump(self, take: Callable[[str | bytes], None]) -> SocketClosed:
        connection = self._connection
        while (message := connection.next()) is not None:
            take(message)
        connection.take = take
        try:
            while not connection.lost:
                connection.changed.clear()
                await connection.changed.wait()
        finally:
            connection.take = None
        return how_it_ended(connection.protocol.close_exc)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)


def how_it_ended(closed: ConnectionClosed) -> SocketClosed:
    """Code and reason as a browser reports them: the peer's frame, else 1006; clean if both sent one."""
    received, sent = closed.rcvd, closed.sent
    if received is None:
        return SocketClosed(ABNORMAL, sent.reason if sent is not None else "", clean=False)
    return SocketClosed(int(received.code), received.reason, clean=sent is not None)


def explain(error: Exception, url: str, open_timeout: float) -> str:
    """What went wrong at ``url``, where, and what to do, for a person."""
    where = shown_url(url)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        phrase = f"{status} {error.response.reason_phrase}".rstrip()
        body = (error.response.body or b"")[:200].decode("utf-8", "replace").strip()
        said = f": {body}" if body else ""
        return f"{where} refused the WebSocket with HTTP {phrase}{said}"
    if isinstance(error, InvalidURI):
        return f"{where} is not a WebSocket address; it has to begin with ws:// or wss:// and name a host"
    if isinstance(error, ProxyError | InvalidProxy):
        return f"the proxy set in the environment did not open {where}: {error}"
    if isinstance(error, TimeoutError):
        return f"{where} did not open within {open_timeout:g} s; check the address, the network, a firewall"
    if isinstance(error, ssl.SSLError):
        return f"{where} has no certificate that this machine trusts: {error.reason or error}"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing answers at {where} (connection refused); is the server running?"
    if isinstance(error, OSError):
        # getaddrinfo's error says which name; asyncio joins several connection errors in one text.
        return f"{where} cannot be reached: {error.strerror or error}"
    return f"{where} does not answer as a WebSocket server: {error}"
