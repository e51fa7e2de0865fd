"""Runs the application on uvicorn until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from voxrun.errors import ConfigError
from voxrun.server.guard import is_loopback_name
from voxrun.server.options import TlsFiles

MAX_FRAME_BYTES = 1024 * 1024
"""A WebSocket message above this closes the socket with 1009; far above ``wire.MAX_MESSAGE_BYTES``."""
GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling (Ctrl-C belongs to the command line), and with an event."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    tls: TlsFiles | None = None,
    *,
    ready: Callable[[int], None] = lambda port: None,
    stop: asyncio.Event | None = None,
    token: str = "",
    plain: bool = False,
) -> None:
    """Serve until ``stop`` is set (or the task is cancelled); ``ready`` gets the port.

    ``token``: the token that ``app`` asks for; ``plain``: TLS is somebody else's (a proxy). Raises
    ConfigError for a port in use, an address of another machine, TLS files that cannot be read, and for
    an address that others can reach without a token and TLS.
    """
    check_exposure(host, tls is not None or plain, token)
    listener = listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=str(tls.cert) if tls else None,
        ssl_keyfile=str(tls.key) if tls else None,
    )
    with contextlib.closing(listener):
        try:
            config.load()
        except OSError as error:  # ssl.SSLError is one
            assert tls is not None
            raise ConfigError(
                f"TLS: {tls.cert} and {tls.key} are no certificate and key (PEM): {error}"
            ) from None
        await _run(_Server(config), listener, ready, stop or asyncio.Event())


def check_exposure(host: str, secure: bool, token: str) -> None:
    """Refuse to be open to other machines without a token and TLS."""
    if is_loopback_name(host):
        return
    if not secure:
        raise ConfigError(
            f"{host} can be reached from other machines, and browsers give no microphone on plain http. "
            "Add --tls self-signed, or --tls-cert FILE --tls-key FILE, or --tls off behind a TLS proxy."
        )
    if not token:
        raise ConfigError(f"{host} can be reached from other machines: the server needs a token.")


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises ConfigError."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise ConfigError(f"{host} is no address of this machine: give --host an IP address.") from None
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigError(_cannot_listen(host, port, error)) from None
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use: take another with --port N, or --port 0 for any free one."
    if error.errno == errno.EACCES:
        return f"Port {port} is for root only: take one from 1024 on with --port N."
    return f"Cannot listen on {host} port {port}: {error.strerror}."


async def _run(
    server: _Server, listener: socket.socket, ready: Callable[[int], None], stop: asyncio.Event
) -> None:
    running = asyncio.create_task(server.serve(sockets=[listener]))
    up = asyncio.create_task(server.up.wait())
    waiting = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([running, up], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            ready(listener.getsockname()[1])
            await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    finally:
        up.cancel()
        waiting.cancel()
        server.should_exit = True
        await running
