"""All sessions of one application: the scripts of one rule, and the world they run in."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from urllib.parse import quote

import httpx
from msgspec import Struct, field
from msgspec.structs import replace

from voxrun.connectors.transport import Door, SocketConnector, Transports
from voxrun.errors import UserError, VoxrunError
from voxrun.legs.base import Dialer, DialRequest, IncomingInfo, Leg
from voxrun.media.graph import Ticker
from voxrun.realm.port import RealmProvider, Script
from voxrun.services.access import AccessReply
from voxrun.services.download import AudioCache
from voxrun.services.guard import Connections, tls_context
from voxrun.services.recording_file import Writing, disk_thread
from voxrun.services.storage import MemoryStorage, Storage
from voxrun.session.clock import Clock
from voxrun.session.conferences import ConferenceRule, Rooms, scripts_for
from voxrun.session.limits import Limits
from voxrun.session.messages import Event, JsonObject
from voxrun.session.session import Ending
from voxrun.session.setup import Opened, SessionPlan, open_session
from voxrun.session.tap import TapMaker
from voxrun.speech.base import Speech, Transcriber

log = logging.getLogger(__name__)

UNAVAILABLE = 503
ADMINISTRATIVE = "Terminated administratively"

Observer = Callable[[str, JsonObject], None]
"""(session id, journal record)."""


class World(Struct, frozen=True):
    """What all sessions share. ``http``, ``transports`` and ``sockets`` (the scenario's own WebSockets) None
    mean the network behind the guard; a transport that is given stays open. ``disk`` writes recordings."""

    clock: Clock
    ticker: Ticker
    speech: Speech
    dialer: Dialer
    realms: RealmProvider
    transports: Transports | None = None
    http: httpx.AsyncBaseTransport | None = None
    sockets: SocketConnector | None = None
    provider_urls: Mapping[str, str] = field(default_factory=dict)
    disk: Executor = field(default_factory=disk_thread)
    writing: Writing = field(default_factory=Writing)
    audio_cache: AudioCache = field(default_factory=AudioCache)
    connections: Connections = field(default_factory=Connections)
    """To providers; closed with the runtime."""
    storage: Storage = field(default_factory=MemoryStorage)
    """What ApplicationStorage keeps."""
    tap: TapMaker | None = None
    """Listens in on every session (cassettes)."""
    transcriber: Transcriber | None = None
    """Recognises what callers say (ASR)."""


def plain_file_path(session_id: str, name: str) -> str:
    """The path of a session's file where no token guards it (tests, virtual time)."""
    return f"/sessions/{session_id}/files/{quote(name)}"


class Application(Struct, frozen=True):
    """The scripts of one rule and how their sessions behave.

    ``base_url`` is where this voxrun serves the session access URLs ("http://127.0.0.1:8080"), ``own_ports``
    the ports a scenario must not reach beyond them. ``seed`` None draws one for each session.
    """

    scripts: tuple[Script, ...]
    conferences: tuple[ConferenceRule, ...] = ()
    """Whose scripts run the conferences that callConference names; without one that fits, ``scripts`` do."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    sessions_dir: Path | None = None
    record: bool = True
    keep_going: bool = False
    custom_data: str = ""
    """customData() of sessions that a call starts."""
    base_url: str = "http://127.0.0.1:8080"
    own_ports: frozenset[int] = frozenset()
    provider_ports: frozenset[int] = frozenset()
    """Own ports that connectors may reach and scenarios may not: the local emulators."""
    allow_link_local: bool = False
    connector_errors: str = "events"
    websocket_encoding: str = "PCM8"
    """Of streams to a WebSocket whose scenario names none."""
    early_links: str = "wait"
    stereo_endpoint: str = "right"
    asr_confidence: str = "percent"
    seed: int | None = None
    first_number: int = 1
    """Of its first session; ids come from seed and number."""
    file_path: Callable[[str, str], str] = plain_file_path
    """(session id, file name) -> path of the file's address on this server."""


class SessionInfo(Struct, frozen=True):
    """A session for lists."""

    id: str
    folder: Path | None
    state: str
    """"started", "terminating" or "ended"."""
    ended: Ending | None


class Runtime:
    """Opens sessions, routes access requests to them, ends them."""

    def __init__(self, application: Application, world: World) -> None:
        self.application = application
        self.world = replace(world, dialer=self._dial)
        self._outside = world.dialer
        self._rooms = Rooms(world.ticker, self._begin_conference, application.limits.conference_calls)
        self._sessions: dict[str, Opened] = {}
        self._tasks: dict[str, asyncio.Task[Ending]] = {}
        self._known: dict[str, SessionInfo | None] = {}
        """Every session since the start, in order; None while it lives."""
        self._observers: list[Observer] = []
        self.on_session_over: Callable[[SessionInfo], None] | None = None
        """Told of each session whose files are complete. It must return at once."""
        self._count = application.first_number - 1
        self._closed = False
        if world.http is None or world.transports is None:
            tls_context()  # takes its 25 ms now, not while calls are on

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Show every journal record of every session to ``observer``; gives the way to stop it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer) if observer in self._observers else None

    async def incoming(self, leg: Leg, info: IncomingInfo) -> str:
        """A call arrives: a new session with Started and CallAlerting. Gives the session id.

        Raises VoxrunError when there can be no session; the call is refused then.
        """
        try:
            opened = await self._open(self.application.custom_data)
        except BaseException:
            leg.reject(UNAVAILABLE, "Service Unavailable", {})
            await leg.close()
            raise
        alerting = opened.calls.incoming(leg, info)
        started = opened.started_event()
        self._run(opened, (started, alerting), lambda: opened.calls.listen(alerting.target))
        return opened.session.id

    async def start_session(self, custom_data: str) -> str:
        """A start over HTTP (StartScenarios): a new session with Started alone. Gives its id.

        Raises VoxrunError when there can be no session.
        """
        opened = await self._open(custom_data)
        opened.session.calls_changed(0)
        self._run(opened, (opened.started_event(),), lambda: None)
        return opened.session.id

    async def start_conference(self, name: str, custom_data: str) -> str:
        """StartConference: the session that runs the conference, a new one where there is none. Gives its id.

        Raises VoxrunError when there can be no session.
        """
        return (await self._rooms.session(name, custom_data, started=True)).session.id

    async def http_request(
        self,
        session_id: str,
        token: str,
        method: str,
        path: str,
        content: str,
        headers: list[tuple[str, str]],
    ) -> AccessReply:
        """A request on a session access URL. Raises KeyError for an unknown session or a wrong token."""
        return await self._reached(session_id, token).access.request(method, path, content, headers)

    async def websocket(self, session_id: str, token: str, door: Door) -> None:
        """A WebSocket on a session access URL; returns when it is over.

        Raises KeyError for an unknown session or a wrong token: then nothing was done with ``door``.
        """
        await self._reached(session_id, token).websockets.visit(door)

    def _reached(self, session_id: str, token: str) -> Opened:
        """The session behind an access URL. Raises KeyError."""
        opened = self._sessions[session_id]
        known = secrets.compare_digest(opened.token.encode(), token.encode("utf-8", "surrogatepass"))
        if not known or opened.session.ending is not None:
            raise KeyError(session_id)
        return opened

    def sessions(self) -> list[SessionInfo]:
        """All sessions since the start, oldest first."""
        return [self._info(session_id) for session_id in self._known]

    @property
    def busy(self) -> bool:
        """Whether a session goes on."""
        return bool(self._sessions)

    def _info(self, session_id: str) -> SessionInfo:
        info = self._known[session_id]
        if info is not None:
            return info
        opened = self._sessions[session_id]
        return SessionInfo(session_id, opened.folder, opened.session.state, opened.session.ending)

    def file(self, session_id: str, name: str) -> Path:
        """A file of a session's folder (recordings). Raises KeyError when there is none of that name."""
        folder = self._info(session_id).folder
        if folder is None or "/" in name or "\0" in name or name.startswith("."):
            raise KeyError(name)
        path = folder / name
        if not path.is_file():
            raise KeyError(name)
        return path

    async def begun(self, session_id: str) -> None:
        """Until the scenario has taken the events the session began with, or the session is over."""
        opened = self._sessions.get(session_id)
        if opened is not None:
            await opened.session.begun.wait()

    async def wait(self, session_id: str) -> Ending:
        """Until the session is over. Raises KeyError when there is none of that id."""
        task = self._tasks.get(session_id)
        if task is not None:
            return await asyncio.shield(task)
        ended = self._info(session_id).ended
        assert ended is not None
        return ended

    async def close(self) -> None:
        """End every session cleanly: calls hung up, recordings finished. No session starts any more."""
        self._closed = True
        await self._rooms.close()
        for opened in self._sessions.values():
            opened.session.stop(ADMINISTRATIVE)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.world.connections.aclose()

    def _dial(self, request: DialRequest) -> Leg:
        """Conferences are sessions of ours; everybody else is reached through the world's dialer."""
        return self._rooms.call(request) if request.kind == "conference" else self._outside(request)

    async def _begin_conference(self, name: str, custom_data: str, started: bool) -> Opened | None:
        """A session for a conference, once it takes events; None where its scripts failed at once."""
        application = replace(
            self.application,
            scripts=scripts_for(name, self.application.conferences, self.application.scripts),
        )
        opened = await self._open(custom_data, application, name if started else "")
        opened.session.calls_changed(0)
        if application.scripts is self.application.scripts:
            opened.session.journal.say(
                f"the conference {name!r} runs the scripts that everybody calls: no [[conferences]] names it"
            )
        ready = asyncio.get_running_loop().create_future()
        self._run(opened, (opened.started_event(),), lambda: ready.set_result(None))
        await asyncio.wait({ready, self._tasks[opened.session.id]}, return_when=asyncio.FIRST_COMPLETED)
        return opened if ready.done() else None

    async def _open(
        self, custom_data: str, application: Application | None = None, conference_name: str = ""
    ) -> Opened:
        self._check_open()
        self._count += 1
        application = application or self.application
        # Of a fixed seed, too, each session has its own: ids are drawn from it.
        seed = (
            secrets.randbits(48)
            if application.seed is None
            else application.seed + self._count - application.first_number
        )
        plan = SessionPlan(
            number=self._count,
            seed=seed,
            custom_data=custom_data,
            # With a fixed seed everything is a function of it, the token too.
            token=secrets.token_hex(16) if application.seed is None else f"{seed:032x}",
            conference_name=conference_name,
        )
        opened = await open_session(application, self.world, plan)
        session_id = opened.session.id
        if self._closed:  # meanwhile
            await opened.session.abandon(ADMINISTRATIVE)
            self._check_open()
        self._sessions[session_id] = opened
        self._known[session_id] = None
        opened.session.journal.observe(lambda record: self._show(session_id, record))
        opened.write_header()
        return opened

    def _check_open(self) -> None:
        if self._closed:
            raise UserError("voxrun is shutting down: it takes no new calls. Start it again.")

    def _run(self, opened: Opened, first: Iterable[Event], then: Callable[[], None]) -> None:
        task = asyncio.get_running_loop().create_task(opened.session.run(opened.boot, first, then))
        self._tasks[opened.session.id] = task
        task.add_done_callback(lambda done: self._ended(opened, done))

    def _ended(self, opened: Opened, task: asyncio.Task[Ending]) -> None:
        """Keep of a session what may still be asked: everything else it held is freed."""
        session_id = opened.session.id
        if not task.cancelled() and (error := task.exception()) is not None:
            message = str(error) if isinstance(error, VoxrunError) else f"internal error: {error!r}"
            self._show(session_id, {"k": "error", "message": message})
        ending = opened.session.ending or Ending(ADMINISTRATIVE)
        info = self._known[session_id] = SessionInfo(session_id, opened.folder, "ended", ending)
        del self._sessions[session_id], self._tasks[session_id]
        if self.on_session_over is not None:
            self.on_session_over(info)

    def _show(self, session_id: str, record: JsonObject) -> None:
        for observer in tuple(self._observers):
            try:
                observer(session_id, record)
            except Exception:  # who only looks on must not end the call
                log.exception("an observer of the runtime failed and is told nothing more")
                self._observers.remove(observer)
