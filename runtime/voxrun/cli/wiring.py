"""Puts the parts of a running voxrun together. Importing this is most of a start: see ``application``."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from voxrun import __version__
from voxrun.cli.application import Provider, Running, scenario_secrets
from voxrun.cli.reporting import Reporter
from voxrun.config import Settings
from voxrun.errors import VoxrunError
from voxrun.legs.webrtc.aiortc_private import self_test
from voxrun.legs.webrtc.candidates import PortRange
from voxrun.legs.webrtc.codec import OpusOptions
from voxrun.legs.webrtc.peer import IceServer, PeerConfig
from voxrun.realm import phone_numbers
from voxrun.realm.port import RealmProvider, Script
from voxrun.server.app import create_app
from voxrun.server.options import ServerOptions, TlsFiles
from voxrun.server.phones import Phones
from voxrun.server.serve import serve
from voxrun.services.guard import tls_context
from voxrun.services.storage import MemoryStorage
from voxrun.services.storage_file import SqliteStorage
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import real_clock
from voxrun.session.conferences import ConferenceRule
from voxrun.session.header import package_versions
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World
from voxrun.session.tap import TapMaker
from voxrun.speech.base import Speech
from voxrun.speech.client import SpeechProcess
from voxrun.speech.local import LocalTranscriber
from voxrun.speech.voices import resolve_voice


class House(Struct, frozen=True):
    """What is decided before anything is wired. ``ai`` is the line that tells people which voice AI."""

    settings: Settings
    scripts: tuple[Script, ...]
    conferences: tuple[ConferenceRule, ...]
    realms: RealmProvider
    tls: TlsFiles | None
    token: str
    agent: Path | None
    ai: str


async def open_house(
    house: House, provider: Provider, stack: AsyncExitStack, say: Callable[[str], None]
) -> Running:
    """Wire everything and listen. ``stack`` ends it: calls and recordings first, then the server.

    Raises ConfigError for a port in use and what else ``serve`` refuses.
    """
    settings, server = house.settings, house.settings.server
    options = _options(house)
    config = _peer_config(settings)
    phones = Phones(config, settings.routes, log=say)
    runtime = Runtime(_application(house, provider, options), _world(house, provider, phones, stack, say))
    reporter = Reporter(say, lambda: runtime.busy)
    runtime.on_session_over = reporter.session_over
    stack.push_async_callback(reporter.close)
    stop = asyncio.Event()
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(
            create_app(runtime, phones, options),
            server.host,
            server.port,
            house.tls,
            ready=listening.set_result,
            stop=stop,
            token=house.token,
            plain=server.tls == "off",
        )
    )
    stack.push_async_callback(_end_server, task, stop)
    stack.push_async_callback(runtime.close)
    stack.callback(config.path.check(self_test, say).cancel)
    port = await _first(listening, task)
    base_url = f"{'https' if house.tls else 'http'}://{server.shown_host}:{port}"
    runtime.application = replace(runtime.application, base_url=base_url, own_ports=frozenset({port}))
    if any(".say(" in script.source for script in all_scripts(house)):
        speaking = asyncio.create_task(_load_voice(runtime.world.speech))
        stack.callback(speaking.cancel)
    url = f"{base_url}/?token={house.token}" if house.token else f"{base_url}/"
    return Running(runtime, settings, url, base_url, port, house.ai, house.agent, task)


def all_scripts(house: House) -> tuple[Script, ...]:
    return house.scripts + tuple(script for rule in house.conferences for script in rule.scripts)


def warm_up(scripts: Sequence[Script] = ()) -> None:
    """Read what the first call would have to wait for; in a thread, once calls can be taken."""
    tls_context()
    package_versions()
    if phone_numbers.wanted(scripts):
        phone_numbers.table()  # makes the file that realm hosts read


async def _load_voice(speech: Speech) -> None:
    """Have the voice loaded before the first call.say of the run wants it."""
    if isinstance(speech, SpeechProcess):
        with contextlib.suppress(VoxrunError):  # no engine: the call that wants to speak is told
            await speech.load(resolve_voice(""))


def _options(house: House) -> ServerOptions:
    return ServerOptions(
        version=__version__,
        scenarios=tuple(path.name for path in house.settings.scenarios),
        ai=house.ai,
        token=house.token,
        secret=secrets.token_bytes(32),
        loopback=house.settings.server.is_loopback,
        secure=house.tls is not None,
        ice_servers=_page_ice(house.settings),
    )


def _world(
    house: House, provider: Provider, phones: Phones, stack: AsyncExitStack, say: Callable[[str], None]
) -> World:
    ticker = LoopTicker()
    stack.callback(ticker.close)
    speech = SpeechProcess()
    stack.push_async_callback(speech.close)
    transcriber = LocalTranscriber(speech, house.settings.speech.whisper)
    stack.push_async_callback(transcriber.close)
    path = house.settings.storage
    storage = SqliteStorage(path, say) if path is not None else MemoryStorage()
    stack.push_async_callback(storage.close)
    return World(
        clock=real_clock(),
        ticker=ticker,
        speech=speech,
        transcriber=transcriber,
        dialer=phones.dial,
        realms=house.realms,
        storage=storage,
        provider_urls={"ultravox": provider.url} if provider.url else {},
        tap=_cassettes(house.settings.sessions.cassettes),
    )


def _cassettes(root: Path | None) -> TapMaker | None:
    if root is None:
        return None
    from voxrun.replay.cassette_record import cassette_maker

    return cassette_maker(root)


def _application(house: House, provider: Provider, options: ServerOptions) -> Application:
    settings = house.settings
    return Application(
        scripts=house.scripts,
        conferences=house.conferences,
        secrets=scenario_secrets(settings),
        limits=settings.limits,
        sessions_dir=settings.sessions.folder,
        record=settings.sessions.record,
        keep_going=settings.sessions.keep_going,
        custom_data=settings.sessions.custom_data,
        provider_ports=frozenset({provider.port} if provider.port else ()),
        connector_errors=settings.fidelity.connector_errors,
        websocket_encoding=settings.fidelity.websocket_encoding,
        early_links=settings.fidelity.early_links,
        stereo_endpoint=settings.fidelity.stereo_endpoint,
        asr_confidence=settings.fidelity.asr_confidence,
        file_path=options.file_path,
    )


async def _first(listening: asyncio.Future[int], server: asyncio.Task[None]) -> int:
    """The port, or what kept the server from listening."""
    both: tuple[asyncio.Future[Any], ...] = (listening, server)
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    if not listening.done():
        await server
    return await listening


async def _end_server(task: asyncio.Task[None], stop: asyncio.Event) -> None:
    stop.set()
    with contextlib.suppress(Exception):  # what it failed with was raised where it was awaited
        await task


def _peer_config(settings: Settings) -> PeerConfig:
    media = settings.media
    opus = OpusOptions(media.opus_mode, media.opus_bitrate, fec=media.opus_fec, dtx=media.opus_dtx)
    ports = PortRange(*media.ports) if media.ports else None
    return PeerConfig(
        _ice(settings), public_address=media.public_address, ports=ports, codecs=media.codecs, opus=opus
    )


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
