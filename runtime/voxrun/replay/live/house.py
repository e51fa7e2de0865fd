"""The scenario as it is served to people: realm hosts, web server and local voice AI on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
from msgspec.structs import replace

from voxrun import __version__
from voxrun.connectors.transport import Transports
from voxrun.connectors.websocket import WebSocketConnector
from voxrun.emulators.ultravox.serve import serve as serve_emulator
from voxrun.errors import PeerError
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.realm.pool import HostedRealms
from voxrun.server.app import create_app
from voxrun.server.options import ServerOptions
from voxrun.server.phones import Phones, RouteLike
from voxrun.server.serve import serve
from voxrun.services.guard import GuardRules
from voxrun.session.runtime import Runtime
from voxrun.session.setup import network

HOST = "127.0.0.1"


async def open_realms(stack: AsyncExitStack) -> HostedRealms:
    """Realm hosts, one of them warm."""
    realms = HostedRealms()
    stack.push_async_callback(realms.close)
    await realms.start()
    return realms


async def open_emulator(stack: AsyncExitStack, **parts: Any) -> str:
    """The local Ultravox on a port of its own; gives its address. ``parts`` are those of its ``serve``."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_emulator(0, None, ready=ready.set_result, **parts))
    stack.push_async_callback(_cancelled, serving)
    url: str = await _first(ready, serving)
    return url


async def open_server(stack: AsyncExitStack, runtime: Runtime, phones: Phones, options: ServerOptions) -> str:
    """The web server on a free port; gives its address, and tells it to ``runtime``."""
    stop = asyncio.Event()
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    app = create_app(runtime, phones, options)
    serving = asyncio.create_task(serve(app, HOST, 0, ready=listening.set_result, stop=stop))
    stack.push_async_callback(_stopped, serving, stop)
    stack.push_async_callback(runtime.close)
    port: int = await _first(listening, serving)
    url = f"http://{HOST}:{port}"
    runtime.application = replace(runtime.application, base_url=url, own_ports=frozenset({port}))
    return url


def server_options(scenarios: tuple[str, ...], secret: bytes) -> ServerOptions:
    return ServerOptions(version=__version__, scenarios=scenarios, ai="a call script", secret=secret)


def phones(routes: tuple[RouteLike, ...], trouble: Callable[[str], None]) -> Phones:
    """Who can be called."""
    return Phones(PeerConfig(), routes, log=trouble)


def cloud_transports(stack: AsyncExitStack) -> Transports:
    """The network, behind the guard that live sessions have."""
    transports, close = network(GuardRules())
    stack.push_async_callback(close)
    return transports


def local_transports(stack: AsyncExitStack, emulator: str) -> Transports:
    """The way to the emulator at ``emulator``, and to nobody else: no test calls a cloud unawares."""
    there = urlsplit(emulator).netloc

    def check(url: str) -> None:
        host = urlsplit(url).netloc
        if host != there:
            raise PeerError(
                f"a call script reaches no provider, and this one connects to {host}: the local Ultravox is "
                "the only voice AI here. --ai cloud plays the script against the real ones"
            )

    async def guard(url: str) -> None:
        check(url)

    http = _Checked(check)
    stack.push_async_callback(http.aclose)
    return Transports(WebSocketConnector(guard), http)


class _Checked(httpx.AsyncHTTPTransport):
    """HTTP that asks ``check`` first."""

    def __init__(self, check: Callable[[str], None]) -> None:
        super().__init__()
        self._check = check

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._check(str(request.url))
        return await super().handle_async_request(request)


async def _first(found: asyncio.Future[Any], serving: asyncio.Task[None]) -> Any:
    """What a server gives when it listens, or what keeps it from listening."""
    await asyncio.wait((found, serving), return_when=asyncio.FIRST_COMPLETED)
    if not found.done():
        await serving
    return await found


async def _stopped(serving: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    with contextlib.suppress(Exception):  # what it failed with was raised where it was waited for
        await serving


async def _cancelled(serving: asyncio.Task[None]) -> None:
    serving.cancel()
    await asyncio.wait((serving,))
