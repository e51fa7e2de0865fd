"""All sessions of one application: the scripts of one rule, and the world they run in."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from voxrun.connectors.transport import Transports
from voxrun.errors import VoxrunError
from voxrun.legs.base import Dialer, IncomingInfo, Leg
from voxrun.media.graph import Ticker
from voxrun.realm.port import RealmProvider, Script
from voxrun.services.access import AccessReply
from voxrun.session.clock import Clock
from voxrun.session.limits import Limits
from voxrun.session.messages import JsonObject
from voxrun.session.session import Ending
from voxrun.session.setup import Opened, SessionPlan, open_session
from voxrun.speech.base import Speech

Observer = Callable[[str, JsonObject], None]
"""(session id, journal record)."""


@dataclass(frozen=True, slots=True)
class World:
    """What all sessions share. ``http`` and ``transports`` None mean the network behind the guard."""

    clock: Clock
    ticker: Ticker
    speech: Speech
    dialer: Dialer
    realms: RealmProvider
    transports: Transports | None = None
    http: httpx.AsyncBaseTransport | None = None
    provider_urls: Mapping[str, str] = field(default_factory=dict)


def plain_file_path(session_id: str, name: str) -> str:
    """The path of a session's file where no token guards it (tests, virtual time)."""
    return f"/sessions/{session_id}/files/{name}"


@dataclass(frozen=True, slots=True)
class Application:
    """The scripts of one rule and how their sessions behave.

    ``base_url`` is where this voxrun serves the session access URLs ("http://127.0.0.1:8080"), ``own_ports``
    the ports a scenario must not reach beyond them. ``seed`` None draws one for each session.
    """

    scripts: tuple[Script, ...]
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
    seed: int | None = None
    file_path: Callable[[str, str], str] = plain_file_path
    """(session id, file name) -> path of the file's address on this server."""


@dataclass(frozen=True, slots=True)
class SessionInfo:
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
        self.world = world
        self._sessions: dict[str, Opened] = {}
        self._tasks: dict[str, asyncio.Task[Ending]] = {}
        self._observers: list[Observer] = []
        self._count = 0

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Show every journal record of every session to ``observer``; gives the way to stop it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def incoming(self, leg: Leg, info: IncomingInfo) -> str:
        """A call arrives: a new session with Started and CallAlerting. Gives the session id."""
        opened = await self._open(self.application.custom_data)
        alerting = opened.calls.incoming(leg, info)
        started = opened.started_event()
        self._run(opened, (started, alerting), lambda: opened.calls.listen(alerting.target))
        return opened.session.id

    async def start_session(self, custom_data: str) -> str:
        """A start over HTTP (StartScenarios): a new session with Started alone. Gives its id."""
        opened = await self._open(custom_data)
        opened.session.calls_changed(0)
        self._run(opened, (opened.started_event(),), lambda: None)
        return opened.session.id

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
        opened = self._sessions[session_id]
        if (
            not secrets.compare_digest(opened.token.encode(), token.encode())
            or opened.session.ending is not None
        ):
            raise KeyError(session_id)
        return await opened.access.request(method, path, content, headers)

    def sessions(self) -> list[SessionInfo]:
        """All sessions since the start, oldest first."""
        return [
            SessionInfo(opened.session.id, opened.folder, opened.session.state, opened.session.ending)
            for opened in self._sessions.values()
        ]

    def file(self, session_id: str, name: str) -> Path:
        """A file of a session's folder (recordings). Raises KeyError when there is none of that name."""
        folder = self._sessions[session_id].folder
        if folder is None or "/" in name or name.startswith("."):
            raise KeyError(name)
        path = folder / name
        if not path.is_file():
            raise KeyError(name)
        return path

    async def wait(self, session_id: str) -> Ending:
        """Until the session is over."""
        return await self._tasks[session_id]

    async def close(self) -> None:
        """End every session cleanly: calls hung up, recordings finished."""
        for opened in self._sessions.values():
            opened.session.stop("Terminated administratively")
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _open(self, custom_data: str) -> Opened:
        self._count += 1
        application = self.application
        seed = application.seed if application.seed is not None else secrets.randbits(48)
        plan = SessionPlan(
            number=self._count,
            seed=seed,
            custom_data=custom_data,
            # With a fixed seed everything is a function of it, the token too.
            token=secrets.token_hex(16) if application.seed is None else f"{seed:032x}",
        )
        opened = await open_session(application, self.world, plan)
        self._sessions[opened.session.id] = opened
        session_id = opened.session.id
        opened.session.journal.observe(lambda record: self._show(session_id, record))
        opened.write_header()
        return opened

    def _run(self, opened: Opened, first: Any, then: Callable[[], None]) -> None:
        task = asyncio.get_running_loop().create_task(opened.session.run(opened.boot, first, then))
        self._tasks[opened.session.id] = task
        task.add_done_callback(lambda done: self._over(opened, done))

    def _over(self, opened: Opened, task: asyncio.Task[Ending]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            message = str(error) if isinstance(error, VoxrunError) else f"internal error: {error!r}"
            self._show(opened.session.id, {"k": "error", "message": message})

    def _show(self, session_id: str, record: JsonObject) -> None:
        for observer in tuple(self._observers):
            observer(session_id, record)
