"""A runtime whose scenarios are a few words, and clients of the server: real sockets on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from voxrun.connectors.transport import Door, SocketClosed
from voxrun.errors import ConfigError
from voxrun.legs.base import IncomingInfo, Leg, LegEvent
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.media.graph import Sink, Source
from voxrun.server.app import create_app
from voxrun.server.options import ServerOptions
from voxrun.server.phones import Phones
from voxrun.server.ports import AccessReply, Observer
from voxrun.server.serve import serve
from voxrun.session.messages import JsonObject


@dataclass
class Session:
    id: str
    state: str = "started"
    folder: Path | None = None


class Events:
    """Events of one leg, to be awaited."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.all: list[LegEvent] = []
        self._arrived = asyncio.Event()
        leg.on_event = self._take

    def _take(self, event: LegEvent) -> None:
        self.all.append(event)
        self._arrived.set()

    def kinds(self) -> list[str]:
        return [event.kind for event in self.all]

    async def wait(self, kind: str, count: int = 1) -> LegEvent:
        """The ``count``-th event of a kind."""
        async with asyncio.timeout(10):
            while True:
                found = [event for event in self.all if event.kind == kind]
                if len(found) >= count:
                    return found[count - 1]
                self._arrived.clear()
                await self._arrived.wait()


class Echo(Sink, Source):  # a unit that sends back what it gets
    def __init__(self) -> None:
        Sink.__init__(self)
        Source.__init__(self)

    def write(self, frame: bytes, source: Source) -> None:
        self.push(frame)


class ScriptedRuntime:
    """``do`` decides by destination: "answer", "echo", "ring", "early", "reject", "refuse", anything else
    waits."""

    def __init__(self, folder: Path | None = None) -> None:
        self.calls: list[tuple[Leg, IncomingInfo, Events]] = []
        self.observers: list[Observer] = []
        self.started: list[str] = []
        self.requests: list[tuple[Any, ...]] = []
        self.folder = folder
        self._sessions: list[Session] = []
        self.arrived = asyncio.Event()

    async def incoming(self, leg: Leg, info: IncomingInfo) -> str:
        if info.destination == "refuse":
            raise ConfigError("No session can be started: too many.")
        session = self._session()
        self.calls.append((leg, info, Events(leg)))
        self.arrived.set()
        match info.destination:
            case "answer":
                leg.answer({"X-Agent": "7"})
            case "echo":
                echo = Echo()
                leg.audio.connect(echo)
                echo.connect(leg.sink)
                leg.answer({})
            case "ring":
                leg.ring({"X-Queue": "1"})
            case "early":
                leg.early_media({})
            case "reject":
                leg.reject(486, "Busy Here", {"X-Why": "lunch"})
        return session

    async def start_session(self, custom_data: str) -> str:
        self.started.append(custom_data)
        return self._session()

    async def http_request(
        self,
        session_id: str,
        token: str,
        method: str,
        path: str,
        content: str,
        headers: list[tuple[str, str]],
    ) -> AccessReply:
        if token != "secret":
            raise KeyError(session_id)
        self.requests.append((session_id, method, path, content, headers))
        return AccessReply(200, content.upper().encode(), "text/plain")

    async def websocket(self, session_id: str, token: str, door: Door) -> None:
        """Echoes; the path's last word may ask for something else."""
        if token != "secret":
            raise KeyError(session_id)
        self.requests.append((session_id, door.path, dict(door.headers).get("x-a")))
        if door.path.endswith("/full"):
            await door.refuse(429, "too many")
            return
        socket = await door.accept()
        try:
            while (message := await socket.recv()) != "close":
                await socket.send(message)
            await socket.close(4000, "as you wish")
        except SocketClosed as closed:
            self.requests.append((closed.code, closed.reason, closed.clean))

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        self.observers.append(observer)
        return lambda: self.observers.remove(observer)

    def sessions(self) -> list[Session]:
        return self._sessions

    def file(self, session_id: str, name: str) -> Path:
        if self.folder is None or session_id != "s1" or "/" in name:
            raise KeyError(name)
        return self.folder / name

    def record(self, session: str, record: JsonObject) -> None:
        for observer in tuple(self.observers):
            observer(session, record)

    async def call(self, number: int = 0) -> tuple[Leg, IncomingInfo, Events]:
        async with asyncio.timeout(10):
            while len(self.calls) <= number:
                self.arrived.clear()
                await self.arrived.wait()
        return self.calls[number]

    def _session(self) -> str:
        self._sessions.append(Session(f"s{len(self._sessions) + 1}"))
        return self._sessions[-1].id


@dataclass
class Running:
    """A server on a free port of 127.0.0.1."""

    runtime: ScriptedRuntime
    phones: Phones
    options: ServerOptions
    port: int
    log: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def page(self, register: str | None = None, **options: Any) -> AsyncIterator[Page]:
        """A connected page, after its welcome."""
        async with websockets.connect(f"ws://127.0.0.1:{self.port}/ws", **options) as socket:
            page = Page(socket)
            page.welcome = await page.expect("welcome")
            if register is not None:
                await page.send(type="register", user=register)
                await page.expect("registered")
            yield page


class Page:
    """The softphone page's end of the WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: JsonObject = {}

    async def send(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def receive(self) -> Any:
        return json.loads(await asyncio.wait_for(self.socket.recv(), 10))

    async def expect(self, kind: str) -> Any:
        message = await self.receive()
        assert message["type"] == kind, message
        return message


@contextlib.asynccontextmanager
async def running(
    folder: Path | None = None, routes: Any = (), config: PeerConfig | None = None, **options: Any
) -> AsyncIterator[Running]:
    runtime = ScriptedRuntime(folder)
    log: list[str] = []
    phones = Phones(config or PeerConfig(), routes, log.append)
    server_options = ServerOptions(**{"version": "1.2.3", "secret": b"k", **options})
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    app = create_app(runtime, phones, server_options)
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, ready=port.set_result, stop=stop))
    try:
        yield Running(runtime, phones, server_options, await asyncio.wait_for(port, 10), log)
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)
