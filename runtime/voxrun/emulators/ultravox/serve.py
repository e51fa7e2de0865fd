"""The emulator in a process of its own: uvicorn on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from voxrun.emulators.ultravox.agent import load_agent
from voxrun.emulators.ultravox.app import create_app
from voxrun.emulators.ultravox.emulator import BrokenOnPurpose, Settings
from voxrun.emulators.ultravox.hearing import LocalEars, warm_up
from voxrun.emulators.ultravox.mind import Mind
from voxrun.emulators.ultravox.script import AgentScript
from voxrun.errors import ConfigError
from voxrun.session.clock import real_clock
from voxrun.speech.base import Recogniser, Speech
from voxrun.speech.client import SpeechProcess


async def serve(
    port: int,
    agent_path: Path | str | None,
    host: str = "127.0.0.1",
    ready: Callable[[str], None] | None = None,
    *,
    speech: Speech | None = None,
    recogniser: Recogniser | None = None,
    agent: AgentScript | None = None,
    tool_transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Run until cancelled. ``port`` 0 takes a free one; ``ready`` is called once with the base URL.

    Raises ConfigError for a broken agent file or a port in use.
    """
    if agent_path is not None:
        agent = load_agent(Path(agent_path))
    listener = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{listener.getsockname()[1]}"
    with contextlib.closing(listener):
        local = SpeechProcess()  # its child starts when first needed
        voice = speech or local
        ears = recogniser or LocalEars(local)
        public = "" if host in ("0.0.0.0", "::") else url
        app = create_app(
            Settings(public_url=public, seed=secrets.randbits(64)),
            voice,
            ears,
            agent=agent,
            clock=real_clock(),
            tool_transport=tool_transport,
        )
        try:
            await _serve_app(app, listener, ready, url, warm_up(voice, ears, agent, _phrases(agent)))
        finally:
            await local.close()


async def _serve_app(
    app: Starlette,
    listener: socket.socket,
    ready: Callable[[str], None] | None,
    url: str,
    warming: Coroutine[None, None, None],
) -> None:
    config = uvicorn.Config(
        _quietly(app),
        log_config=None,
        log_level=logging.WARNING,
        lifespan="off",
        ws_max_size=4_000_000,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, lambda: ready(url) if ready else None)
    warm = asyncio.create_task(warming)
    try:
        await server.serve(sockets=[listener])
    finally:
        warm.cancel()
        await asyncio.gather(warm, return_exceptions=True)


def _phrases(agent: AgentScript | None) -> tuple[str, ...]:
    return Mind(agent).phrases if agent is not None else ()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ConfigError(
            f"The Ultravox emulator cannot listen on {host}:{port}: {reason}. Choose another with --port."
        ) from None
    listener.setblocking(False)
    return listener


def _quietly(app: Starlette) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """``app`` with its deliberate breaks: uvicorn cuts the connection of an application that just returns,
    and would log a traceback for one that raises."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(BrokenOnPurpose):
            await app(scope, receive, send)

    return wrapped


class _Server(uvicorn.Server):
    """Calls back once it accepts connections, and leaves signals to whoever runs the loop."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        yield
