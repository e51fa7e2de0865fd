"""Puts one session together: folder, journal, realm, services."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from voxrun.connectors.registry import FACTORIES
from voxrun.connectors.transport import SocketConnector, Transports
from voxrun.connectors.websocket import SocketSettings, WebSocketConnector
from voxrun.errors import ConfigError
from voxrun.realm.port import BootInfo, Script
from voxrun.services.access import AccessService
from voxrun.services.amd import AmdService
from voxrun.services.asr import AsrService
from voxrun.services.base import ServiceContext
from voxrun.services.calllist import CallListService
from voxrun.services.calls import CallService
from voxrun.services.conference import ConferenceService
from voxrun.services.connector_client import ConnectorService
from voxrun.services.detection import DetectionService
from voxrun.services.direct import DirectService
from voxrun.services.download import Downloader
from voxrun.services.guard import (
    BorrowedTransport,
    Connections,
    GuardedTransport,
    GuardRules,
    check_socket,
)
from voxrun.services.http import USER_AGENT, HttpService
from voxrun.services.material import Preparer
from voxrun.services.media import MediaService
from voxrun.services.own_files import OwnFiles
from voxrun.services.playback import PlaybackService
from voxrun.services.players import PlayerService
from voxrun.services.ports import Surroundings
from voxrun.services.progress_tone import ProgressToneService
from voxrun.services.recordings import RecordingService
from voxrun.services.storage import StorageService
from voxrun.services.timers import TimerService
from voxrun.services.transfers import TransferService
from voxrun.services.units import Units
from voxrun.services.websockets import WebSocketService
from voxrun.session import header
from voxrun.session.journal import Journal, open_private
from voxrun.session.messages import Event, JsonObject
from voxrun.session.redact import Redactor
from voxrun.session.session import Session
from voxrun.session.tap import SessionTap, TapInfo

if TYPE_CHECKING:
    from voxrun.session.runtime import Application, World

ACCOUNT_ID = 1
APPLICATION_ID = 1

Closer: TypeAlias = Callable[[], Awaitable[None]]


class SessionPlan(Struct, frozen=True):
    """What is decided before a session is opened."""

    number: int
    seed: int
    custom_data: str
    token: str
    conference_name: str = ""
    """Set where the session was started by StartConference."""


class Opened(Struct, frozen=True):
    """A session with the handles that the runtime needs."""

    session: Session
    boot: BootInfo
    calls: CallService
    access: AccessService
    websockets: WebSocketService
    token: str
    folder: Path | None
    head: JsonObject
    application: Application

    def started_event(self) -> Event:
        """Application.Started with its fields."""
        return Event("Application.Started", "", dict(self.boot.session))

    def write_header(self) -> None:
        """The journal's first record, and the scripts beside it: replay needs the very text that ran."""
        journal = self.session.journal
        journal.note("header", self.head)
        if self.folder is not None:
            try:
                save_scripts(self.folder, self.application.scripts)
            except OSError as error:  # a full disk is no reason to lose the call
                journal.error(f"the scripts could not be kept for replay: {error.strerror}", own=True)


async def open_session(application: Application, world: World, plan: SessionPlan) -> Opened:
    """Make a session ready to run. Raises ConfigError when its folder cannot be made."""
    new_id = id_maker(plan.seed, plan.number)
    session_id = new_id("session")
    start_ms = world.clock.unix_ms()
    folder = make_folder(application.sessions_dir, start_ms, session_id)
    journal = Journal(folder, world.clock, _redactor(application, plan), start_ms)
    try:
        tap = _tap(application, world, plan, journal, folder_name(start_ms, session_id), start_ms)
        realm = await world.realms.open(session_id)
    except BaseException:
        journal.close()
        raise
    session = Session(session_id, realm, world.clock, journal, application.limits)
    context = ServiceContext(
        session_id, world.clock, random.Random(plan.seed), journal, session.emit, new_id, session.room
    )
    around, closers = surroundings(application, world, session_id, plan.token, folder)
    around = replace(around, redact=journal.redact)
    if tap is not None:
        around = replace(
            around,
            transports=tap.transports(around.transports),
            http=tap.http(around.http),
            sockets=tap.sockets(around.sockets),
            transcriber=tap.transcriber(around.transcriber) if around.transcriber else None,
            door=tap.door,
        )
    calls, access, websockets = attach_services(session, context, around, closers)
    if tap is not None:
        _listen(tap, calls, journal)
    boot = boot_info(application, session_id, start_ms, plan)
    head = header.make(application, boot, session_id)
    return Opened(session, boot, calls, access, websockets, plan.token, folder, head, application)


def _tap(
    application: Application, world: World, plan: SessionPlan, journal: Journal, name: str, start_ms: int
) -> SessionTap | None:
    """Who listens in on the session, where anybody does. Raises ConfigError."""
    if world.tap is None:
        return None
    return world.tap(
        TapInfo(
            name=name,
            start_ms=start_ms,
            clock=world.clock,
            scripts=application.scripts,
            secrets=secrets_of(application, plan),
            provider_urls=world.provider_urls,
            connector_errors=application.connector_errors,
            trouble=lambda message: journal.error(message, own=True),
        )
    )


def _listen(tap: SessionTap, calls: CallService, journal: Journal) -> None:
    journal.observe(tap.record)
    calls.on_call.append(lambda call: tap.call(call.id, call.leg, call.incoming))


def secrets_of(application: Application, plan: SessionPlan) -> dict[str, str]:
    """What nobody may read in a session's files."""
    return {**application.secrets, "session access token": plan.token}


def _redactor(application: Application, plan: SessionPlan) -> Redactor:
    return Redactor(secrets_of(application, plan))


def boot_info(application: Application, session_id: str, start_ms: int, plan: SessionPlan) -> BootInfo:
    """What the realm is given."""
    access_url = f"{application.base_url}/request/{session_id}/{plan.token}"
    named = {"conference_name": plan.conference_name} if plan.conference_name else {}
    return BootInfo(
        scripts=application.scripts,
        seed=plan.seed,
        start_ms=start_ms,
        custom_data=plan.custom_data,
        secrets=application.secrets,
        limits=application.limits.as_dict(),
        session={
            "sessionId": start_ms + plan.number,
            "accessURL": access_url,
            "accessSecureURL": access_url,
            "accountId": ACCOUNT_ID,
            "applicationId": APPLICATION_ID,
            "logURL": application.base_url + application.file_path(session_id, "log.txt"),
            **named,
        },
        keep_going=application.keep_going,
    )


def surroundings(
    application: Application, world: World, session_id: str, token: str, folder: Path | None
) -> tuple[Surroundings, list[Closer]]:
    """The world of one session, and what is to be closed with it."""
    rules = GuardRules(
        application.own_ports | application.provider_ports,
        (f"/request/{session_id}/{token}",),
        application.allow_link_local,
    )
    closers: list[Closer] = []
    http: BorrowedTransport | GuardedTransport
    if world.http is not None:
        http = BorrowedTransport(world.http)
    else:
        http = GuardedTransport(rules)
        closers.append(http.aclose)

    def file_url(name: str) -> str:
        return application.base_url + application.file_path(session_id, name)

    transports = world.transports
    if transports is None:
        transports, closer = network(replace(rules, own_ports=application.own_ports), world.connections)
        closers.append(closer)
    around = Surroundings(
        ticker=world.ticker,
        speech=world.speech,
        dialer=world.dialer,
        transports=transports,
        limits=application.limits,
        http=http if folder is None else OwnFiles(http, folder, file_url),
        disk=world.disk,
        writing=world.writing,
        audio_cache=world.audio_cache,
        storage=world.storage,
        folder=folder,
        file_url=file_url,
        provider_urls=dict(world.provider_urls),
        connector_errors=application.connector_errors,
        early_links=application.early_links,
        stereo_endpoint=application.stereo_endpoint,
        asr_confidence=application.asr_confidence,
        record=application.record,
        transcriber=world.transcriber,
        sockets=world.sockets or own_sockets(rules, application.limits.websocket_chars),
        websocket_encoding=application.websocket_encoding,
    )
    return around, closers


def own_sockets(rules: GuardRules, longest: int) -> SocketConnector:
    """How createWebSocket reaches its server: real sockets behind the guard."""

    async def guard(url: str) -> str:
        return await check_socket(url, rules)

    # A character has at most four bytes; the limit in characters is looked at when the message is there.
    return WebSocketConnector(guard, SocketSettings(max_message=longest * 4, user_agent=USER_AGENT))


def network(rules: GuardRules, shared: Connections | None = None) -> tuple[Transports, Closer]:
    """How connectors reach their providers: real sockets behind the guard; and what closes them.

    ``shared``: connections for REST that outlive the session.
    """

    async def guard(url: str) -> str:
        return await check_socket(url, rules)

    http = GuardedTransport(rules, shared)
    return Transports(WebSocketConnector(guard), http), http.aclose


def attach_services(
    session: Session, context: ServiceContext, around: Surroundings, closers: list[Closer]
) -> tuple[CallService, AccessService, WebSocketService]:
    """Make the services of a session and give them to it."""
    units = Units()
    limits = around.limits
    calls = CallService(context, units, around, session.calls_changed)
    http = HttpService(context, around.http, limits)
    storage = StorageService(context, around.storage)
    timers = TimerService(context, limits.timers)
    access = AccessService(context)
    preparer = Preparer(around, Downloader(around.http, limits, around.audio_cache))
    websockets = WebSocketService(context, units, around, lambda: calls.live)
    services = (
        timers,
        access,
        calls,
        TransferService(context, calls),
        DirectService(context, calls),
        DetectionService(context, calls, around.ticker),
        ProgressToneService(context, calls, around.ticker),
        PlaybackService(context, calls, around, preparer),
        PlayerService(context, units, around, preparer),
        ConnectorService(context, units, around, FACTORIES),
        ConferenceService(context, units, calls, around),
        websockets,
        MediaService(context, units, around.early_links),
        AsrService(context, units, around),
        AmdService(context, units, calls, around),
        RecordingService(context, units, calls, around),
        CallListService(context),
        http,
        storage,
    )
    session.attach(services, (http, storage), timers.stop, closers)
    return calls, access, websockets


def id_maker(seed: int, number: int) -> Callable[[str], str]:
    """Ids that Python hands out: 32 hex digits from (seed, session number, kind, n)."""
    counts: dict[str, int] = {}

    def new_id(kind: str) -> str:
        counts[kind] = counts.get(kind, 0) + 1
        text = f"{seed}:{number}:{kind}:{counts[kind]}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    return new_id


def make_folder(root: Path | None, start_ms: int, session_id: str) -> Path | None:
    """The session's own folder, named by its start, readable by its owner only."""
    if root is None:
        return None
    folder = root / folder_name(start_ms, session_id)
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(
            f"cannot make the session's folder {folder}: {error.strerror}. Choose another with --sessions DIR"
        ) from None
    return folder


def folder_name(start_ms: int, session_id: str) -> str:
    """The name of a session's folder: when it began, and the beginning of its id."""
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    return f"{start:%Y-%m-%dT%H-%M-%S}-{session_id[:8]}"


def save_scripts(folder: Path, scripts: Iterable[Script]) -> None:
    """Keep the scripts in a session's folder. Raises OSError."""
    target = folder / "scripts"
    target.mkdir(mode=0o700)
    for number, script in enumerate(scripts):
        with open_private(target / header.script_file(number, script)) as file:
            file.write(script.source)
