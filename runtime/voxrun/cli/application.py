"""One running voxrun: realms, speech, local AI, web server and sessions, started and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from voxrun import __version__
from voxrun.cli.local_ai import LocalUltravox, agent_file
from voxrun.cli.scripts import read_scripts
from voxrun.config import Settings
from voxrun.legs.webrtc.peer import IceServer, PeerConfig
from voxrun.realm.pool import HostedRealms
from voxrun.secret_values import CLOUD_KEY
from voxrun.server.app import create_app
from voxrun.server.options import ServerOptions, TlsFiles
from voxrun.server.phones import Phones
from voxrun.server.serve import check_exposure, serve
from voxrun.server.tls import self_signed
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import real_clock
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World
from voxrun.speech.client import SpeechProcess


@dataclass(frozen=True, slots=True)
class Running:
    """What an entry point works with. ``url`` is the page's address."""

    runtime: Runtime
    settings: Settings
    url: str
    base_url: str
    port: int
    ai: str
    agent: Path | None
    server: asyncio.Task[None]


@asynccontextmanager
async def running(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[Running]:
    """Everything up and ready; on leaving, calls are ended and recordings finished first.

    Raises ConfigError and ScenarioError before anything is started where that is possible.
    """
    scripts = read_scripts(settings.scenarios, settings.limits.script_chars)
    server = settings.server
    token = server.token or ("" if server.is_loopback else secrets.token_urlsafe(18))
    check_exposure(server.host, server.tls != "" or server.tls_cert is not None, token)
    async with AsyncExitStack() as stack:
        tls = stack.enter_context(_tls(settings))
        realms = HostedRealms()
        stack.push_async_callback(realms.close)
        await realms.start()
        speech = SpeechProcess()
        stack.push_async_callback(speech.close)
        agent = agent_file(settings.ai.agent, settings.scenarios) if settings.ai.mode == "local" else None
        provider_url, provider_port = await _provider(settings, agent, stack)
        options = ServerOptions(
            version=__version__,
            scenarios=tuple(path.name for path in settings.scenarios),
            ai=ai_line(settings, agent),
            token=token,
            secret=secrets.token_bytes(32),
            loopback=server.is_loopback,
            secure=tls is not None,
            ice_servers=_page_ice(settings),
        )
        phones = Phones(PeerConfig(_ice(settings)), settings.routes, log=say)
        ticker = LoopTicker()
        stack.callback(ticker.close)
        world = World(
            clock=real_clock(),
            ticker=ticker,
            speech=speech,
            dialer=phones.dial,
            realms=realms,
            provider_urls={"ultravox": provider_url} if provider_url else {},
        )
        application = Application(
            scripts=scripts,
            secrets=scenario_secrets(settings),
            limits=settings.limits,
            sessions_dir=settings.sessions.folder,
            record=settings.sessions.record,
            keep_going=settings.sessions.keep_going,
            custom_data=settings.sessions.custom_data,
            provider_ports=frozenset({provider_port} if provider_port else ()),
            connector_errors=settings.fidelity.connector_errors,
            file_path=options.file_path,
        )
        runtime = Runtime(application, world)
        app = create_app(runtime, phones, options)
        stop = asyncio.Event()
        listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(
            serve(
                app,
                server.host,
                server.port,
                tls,
                ready=listening.set_result,
                stop=stop,
                token=token,
                plain=server.tls == "off",
            )
        )
        stack.push_async_callback(_end_server, task, stop)
        stack.push_async_callback(runtime.close)
        port = await _first(listening, task)
        base_url = f"{'https' if tls else 'http'}://{_shown_host(server.host)}:{port}"
        runtime.application = replace(application, base_url=base_url, own_ports=frozenset({port}))
        url = f"{base_url}/?token={token}" if token else f"{base_url}/"
        yield Running(runtime, settings, url, base_url, port, options.ai, agent, task)


async def _first(listening: asyncio.Future[int], server: asyncio.Task[None]) -> int:
    """The port, or what kept the server from listening."""
    await asyncio.wait({listening, server}, return_when=asyncio.FIRST_COMPLETED)
    if not listening.done():
        await server
    return await listening


async def _end_server(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    with contextlib.suppress(Exception):  # what it failed with was raised where it was awaited
        await task


async def _provider(settings: Settings, agent: Path | None, stack: AsyncExitStack) -> tuple[str, int]:
    """Base URL of Ultravox ("" for the cloud's own) and the local emulator's port (0 for none)."""
    if settings.ai.base_url:
        return settings.ai.base_url, 0
    if settings.ai.mode == "cloud":
        return "", 0
    emulator = LocalUltravox(agent)
    stack.push_async_callback(emulator.close)
    port = await emulator.start()
    return f"http://127.0.0.1:{port}/api", port


LOCAL_KEY = "local-ultravox-takes-any-key"


def scenario_secrets(settings: Settings) -> dict[str, str]:
    """What getSecretValue gives. The local Ultravox takes any key, so a scenario without one has one."""
    own = {CLOUD_KEY: LOCAL_KEY} if settings.ai.mode == "local" else {}
    return {**own, **settings.secrets}


def ai_line(settings: Settings, agent: Path | None) -> str:
    """One line for people: which voice AI, and why."""
    if settings.ai.mode == "cloud":
        where = settings.ai.base_url or "the Ultravox cloud"
        return f"Voice AI: {where}, {settings.ai.why}"
    mind = f"agent {agent}" if agent else "no agent file: it speaks from the system prompt"
    return f"Voice AI: local Ultravox emulator, {settings.ai.why} ({mind})"


@contextlib.contextmanager
def _tls(settings: Settings) -> Iterator[TlsFiles | None]:
    server = settings.server
    if server.tls_cert is not None and server.tls_key is not None:
        yield TlsFiles(server.tls_cert, server.tls_key)
    elif server.tls == "self-signed":
        with self_signed(server.host, datetime.now(UTC)) as files:
            yield files
    else:
        yield None


def _ice(settings: Settings) -> tuple[IceServer, ...]:
    return tuple(
        IceServer(url, entry.username or None, entry.credential or None)
        for entry in settings.media.ice_servers
        for url in entry.urls
    )


def _page_ice(settings: Settings) -> tuple[JsonObject, ...]:
    return tuple(
        {"urls": [*entry.urls], "username": entry.username, "credential": entry.credential}
        for entry in settings.media.ice_servers
    )


def _shown_host(host: str) -> str:
    """A host that a browser on this machine can open."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
