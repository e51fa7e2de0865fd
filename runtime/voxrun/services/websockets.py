"""WebSockets of a session: VoxEngine.createWebSocket, and those that come to the session's access URL.

Incoming ones are let in once the scenario has called VoxEngine.allowWebSocketConnections(), as many at a
time as the session has calls, and three more (docs.voximplant.ai, "Limits and restrictions").
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final
from urllib.parse import urlsplit

from msgspec import Struct

from voxrun.connectors.addresses import shown_url
from voxrun.connectors.transport import ClientSocket, Door
from voxrun.errors import PeerError, ScenarioError
from voxrun.media.graph import Ticker
from voxrun.media.stream_codec import BY_NAME, Encoding
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.ports import Surroundings
from voxrun.services.units import Unit, Units
from voxrun.services.websocket import About, WebSocketState
from voxrun.services.websocket_files import SocketFiles
from voxrun.session.messages import Command, Event, Json, JsonObject

log = logging.getLogger(__name__)

Opening = Callable[[], Awaitable[ClientSocket]]

SPARE_SOCKETS: Final = 3
"""Platform: incoming WebSockets beyond the number of calls."""
LONGEST_URL: Final = 8192
MOST_HEADERS: Final = 100
MOST_PROTOCOLS: Final = 50
LONGEST_NAME: Final = 1000
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""Names of headers and subprotocols (RFC 9110, 5.6.2)."""
_RESERVED: Final = frozenset({"connection", "host", "upgrade", "content-length", "transfer-encoding"})
"""Headers that belong to the handshake itself, as does every Sec-WebSocket-*."""


class _Host:
    """What one WebSocket may do to its session."""

    def __init__(self, socket_id: str, where: str, context: ServiceContext, around: Surroundings) -> None:
        self._id = socket_id
        self._where = where
        self._context = context
        self._around = around

    @property
    def ticker(self) -> Ticker:
        return self._around.ticker

    @property
    def longest(self) -> int:
        return self._around.limits.websocket_chars

    @property
    def default_encoding(self) -> Encoding:
        return BY_NAME[self._around.websocket_encoding]

    def emit(self, kind: str, data: JsonObject) -> None:
        self._context.emit(Event(kind, self._id, data))

    def wire(self, direction: str, what: str, payload: Json) -> None:
        self._context.journal.note(
            "wire", {"dir": direction, "what": what, "id": self._id, "payload": payload}
        )

    async def room(self) -> None:
        await self._context.room()

    def warn(self, text: str) -> None:
        note(self._context, "warning", text, self._where)

    def say(self, text: str) -> None:
        note(self._context, "system", text, self._where)


def note(context: ServiceContext, level: str, text: str, where: str = "") -> None:
    """A line of voxrun in the session's log."""
    data: JsonObject = {"level": level, "text": text, "own": True}
    context.journal.note("log", {**data, "where": where} if where else data)


class _Wish(Struct, frozen=True):
    """Which files a WebSocket leaves."""

    statistics: bool = False
    trace: bool = False


class WebSocketService(Service):
    """Owns the WebSockets of a session. ``calls()`` is the number of live calls."""

    handles: ClassVar[frozenset[str]] = frozenset(
        f"websocket.{name}" for name in ("open", "send", "close", "clear", "allow", "incoming")
    )

    def __init__(
        self, context: ServiceContext, units: Units, around: Surroundings, calls: Callable[[], int]
    ) -> None:
        super().__init__(context)
        self._units = units
        self._around = around
        self._calls = calls
        self._sockets: dict[str, WebSocketState] = {}
        self._known: set[str] = set()
        self._incoming: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._allowed = False
        self._files_of_incoming = _Wish()
        self._closed = False

    # -- commands -----------------------------------------------------------------------------------

    def execute(self, command: Command) -> None:
        data = Arguments(command)
        match command.kind:
            case "websocket.open":
                self._open(command, data)
            case "websocket.allow":
                self._allowed = True
            case "websocket.incoming":
                self._files_of_incoming = _Wish(data.flag("statistics"), data.flag("trace"))
            case _:
                self._of_socket(command, data)

    def _of_socket(self, command: Command, data: Arguments) -> None:
        if command.target not in self._known:
            raise ScenarioError(f"{command.kind}: no such WebSocket")
        socket = self._sockets.get(command.target)
        if socket is None:
            return  # it has just ended, and its Close is on the way
        match command.kind:
            case "websocket.send":
                socket.send(self._message(data))
            case "websocket.close":
                socket.close()
            case "websocket.clear":
                socket.clear(data.text("tag", 1000))

    def _message(self, data: Arguments) -> str:
        most = self._around.limits.websocket_chars
        text = whole_characters(data.needed("text", most * 4))
        if len(text) > most:
            raise ScenarioError(f"WebSocket.send: {len(text)} characters, the limit is {most}")
        return text

    def _open(self, command: Command, data: Arguments) -> None:
        if command.target in self._known:
            raise ScenarioError("websocket.open: there is a WebSocket of that id")
        url = data.text("url", LONGEST_URL)
        headers, protocols = data.pairs("headers"), data.texts("protocols", MOST_PROTOCOLS, LONGEST_NAME)
        private = data.flag("private")
        most = self._around.limits.websockets
        full = len(self._sockets) >= most
        wish = _Wish(data.flag("statistics"), data.flag("trace") and not private)

        async def opening() -> ClientSocket:
            check_url(url)
            if full:
                raise PeerError(f"{shown_url(url)}: {most} WebSockets are open already, and no more may be")
            return await self._around.sockets(url, request_headers(headers), subprotocols(protocols))

        state = self._add(command.target, shown_url(url), private, wish, command.where)
        self._spawn(self._live(command.target, state, opening))

    # -- incoming -----------------------------------------------------------------------------------

    async def visit(self, door: Door) -> None:
        """Somebody opens the session's access URL as a WebSocket: returns when that is over."""
        if self._closed:
            await door.refuse(410, "the session is over")
        elif not self._allowed:
            note(
                self.context,
                "warning",
                "a WebSocket to the session's URL was refused: the scenario has not called "
                "VoxEngine.allowWebSocketConnections()",
            )
            await door.refuse(403, "the scenario does not take WebSockets")
        elif len(self._incoming) >= self._calls() + SPARE_SOCKETS:
            reason = f"more than {SPARE_SOCKETS} WebSockets beyond the number of calls"
            self.context.emit(
                Event("Application.OnNewWebSocketFailed", "", {**_request(door), "reason": reason})
            )
            await door.refuse(429, reason)
        else:
            await self._take_in(self._around.door(door))

    async def _take_in(self, door: Door) -> None:
        socket_id = self.context.new_id("websocket")
        request = _request(door)
        self._incoming.add(socket_id)  # counts from here on: accepting takes a moment
        state = self._add(socket_id, door.path.partition("?")[0], False, self._files_of_incoming, "")
        try:
            socket = await door.accept()
            self.context.emit(Event("AppEvents.NewWebSocketConnection", socket_id, request))
            await self._live(socket_id, state, _ready(socket))
        finally:
            self._incoming.discard(socket_id)

    # -- all ----------------------------------------------------------------------------------------

    def _add(self, socket_id: str, shown: str, private: bool, wish: _Wish, where: str) -> WebSocketState:
        host = _Host(socket_id, where, self.context, self._around)
        number = len(self._known) + 1
        statistics = f"websocket-{number}-statistics.json" if wish.statistics else ""
        files = self._files(shown, f"websocket-{number}-trace.txt" if wish.trace else "", statistics, host)
        url = self._around.file_url(statistics) if files is not None and statistics else ""
        state = WebSocketState(About(shown, private, url), host, files)
        self._sockets[socket_id] = state
        self._known.add(socket_id)
        self._units.add(Unit(socket_id, ports=state.media))
        return state

    def _files(self, shown: str, trace: str, statistics: str, host: _Host) -> SocketFiles | None:
        folder = self._around.folder
        if folder is None or not (trace or statistics):
            return None
        if trace:
            host.say(f"the trace of this WebSocket, once it is over: {self._around.file_url(trace)}")
        return SocketFiles(
            shown,
            folder / trace if trace else None,
            folder / statistics if statistics else None,
            self._around.disk,
            self._around.redact,
            host.warn,
        )

    async def _live(self, socket_id: str, state: WebSocketState, opening: Opening) -> None:
        try:
            await state.run(opening)
        finally:
            if self._sockets.pop(socket_id, None) is not None:
                self._units.remove(socket_id)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self._closed = True
        states = tuple(self._sockets.values())
        await asyncio.gather(*(state.abandon() for state in states), return_exceptions=True)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _ready(socket: ClientSocket) -> Opening:
    async def opening() -> ClientSocket:
        return socket

    return opening


def _request(door: Door) -> JsonObject:
    """The fields that AppEvents.WebSocket shares with AppEvents.HttpRequest."""
    shown: list[Json] = [
        {"key": name, "value": value} for name, value in door.headers if name.startswith("x-")
    ]
    return {"method": "GET", "path": door.path, "content": "", "headers": shown}


def check_url(url: str) -> None:
    """Raise PeerError for an address that the platform would not open."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        raise PeerError(f"{shown_url(url)} is no address: {error}") from None
    if parts.scheme not in ("ws", "wss") or not host:
        raise PeerError(f"{shown_url(url)} is not a WebSocket address; it begins with wss:// or ws://")
    if parts.scheme == "wss" and _is_ip(host):
        raise PeerError(
            f"{shown_url(url)}: wss:// takes a domain name and no IP address, as on the platform; ws:// "
            "takes both"
        )


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def request_headers(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The scenario's headers for the handshake. Raises PeerError for what cannot be one."""
    headers: dict[str, str] = {}
    for name, value in pairs[:MOST_HEADERS]:
        lower = name.lower()
        if not _TOKEN.fullmatch(name):
            raise PeerError(f"{name!r:.60} is no name of a header")
        if lower in _RESERVED or lower.startswith("sec-websocket-"):
            raise PeerError(f"the header {name} belongs to the WebSocket's handshake and cannot be set")
        if any(ord(char) < 32 or ord(char) > 255 for char in value):
            raise PeerError(f"the value of the header {name} has characters that no header can have")
        headers[name] = value
    return headers


def subprotocols(names: Sequence[str]) -> list[str]:
    """The subprotocols to offer. Raises PeerError for what cannot be one."""
    for name in names:
        if not _TOKEN.fullmatch(name):
            raise PeerError(f"{name!r:.60} is no name of a subprotocol")
    return list(dict.fromkeys(names))


def whole_characters(text: str) -> str:
    """``text`` as it can be sent: half a character (a lone surrogate) becomes U+FFFD, as in browsers."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
