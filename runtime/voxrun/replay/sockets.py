"""WebSockets of a call script: servers that the scenario finds, and clients that come to the session's URL.

All in memory, with the messages that would go over the wire. A URL without a stub fails the script.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from voxrun.connectors.addresses import shown_url
from voxrun.connectors.asgi_socket import AsgiDoor
from voxrun.connectors.memory import MemoryConnector
from voxrun.connectors.transport import ClientSocket, Door
from voxrun.errors import PeerError
from voxrun.patterns import EndlessPattern
from voxrun.replay.socket_handler import load_handler
from voxrun.replay.socket_party import Around, SocketParty
from voxrun.replay.socket_script import UNREACHABLE, Behaviour, SocketStub, Visit
from voxrun.replay.timeline import Moment

if TYPE_CHECKING:
    from voxrun.replay.tape import Tape

Knock: TypeAlias = Callable[[Door], Awaitable[None]]
"""Gives a WebSocket to the session; returns when that is over. Raises KeyError when there is no session."""

ORIGIN = "ws://127.0.0.1:8080"


class StubSockets:
    """``SocketConnector`` that ends in the script's servers, then on the ``tape``. ``unmatched`` is told of
    other URLs.

    ``parties`` are the ends of all connections by name, those of clients too.
    """

    def __init__(
        self,
        stubs: tuple[SocketStub, ...],
        around: Around,
        unmatched: Callable[[str], None],
        tape: Tape | None = None,
    ) -> None:
        self.parties: dict[str, SocketParty] = {}
        self._stubs = stubs
        self._around = around
        self._unmatched = unmatched
        self._tape = tape
        self._opened = [0] * len(stubs)
        self._connectors: list[MemoryConnector] = []
        self._handlers = 0
        for stub in stubs:
            if not stub.refuse:
                self._party(stub.name, stub.behaviour)  # a mistake in a handler is told before the call
        self._guests: set[asyncio.Task[None]] = set()

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> ClientSocket:
        try:
            stub = self._stub(url)
        except EndlessPattern as endless:
            self._around.trouble(str(endless))
            raise PeerError(f"{shown_url(url)}: no WebSocket of the call script could be found") from None
        if stub is None and self._tape is not None and self._tape.has_socket(url):
            return await self._tape.connect(url, headers, protocols)
        if stub is None:
            self._unmatched(url)
            raise PeerError(f"{shown_url(url)}: the call script has no WebSocket of that address")
        self._tell(f"{url}{_refused(stub.refuse)}", stub.name, bool(stub.refuse))
        if stub.refuse == UNREACHABLE:
            raise PeerError(
                f"nothing answers at {shown_url(url)} (connection refused); is the server running?"
            )
        connector = MemoryConnector(lambda *request: self._serve(stub, url, *request))
        self._connectors.append(connector)
        return await connector(url, headers, protocols)

    def _stub(self, url: str) -> SocketStub | None:
        for number, stub in enumerate(self._stubs):
            if stub.url.like(url) and not (stub.times and self._opened[number] >= stub.times):
                self._opened[number] += 1
                return stub
        return None

    async def _serve(self, stub: SocketStub, url: str, scope: Any, receive: Any, send: Any) -> None:
        door = AsgiDoor(scope, receive, send)
        if stub.refuse:
            await door.refuse(stub.refuse, stub.refuse_text)
            return
        party = self.parties[stub.name]
        await asyncio.sleep(stub.delay_ms / 1000)
        socket = await door.accept()
        protocol = next(iter(scope["subprotocols"]), "")
        if await party.live(socket, url, door.path, door.headers, protocol):
            raise ConnectionResetError  # which is how an application breaks off

    def _party(self, name: str, behaviour: Behaviour) -> SocketParty:
        if name not in self.parties:
            handler = None
            if behaviour.handler is not None:
                self._handlers += 1
                handler = load_handler(behaviour.handler, self._handlers)
            self.parties[name] = SocketParty(name, behaviour, self._around, handler)
        return self.parties[name]

    def _tell(self, text: str, who: str, refused: bool) -> None:
        kind = "socket_refused" if refused else "socket_wanted"
        self._around.timeline.add(Moment(self._around.now(), kind, text, {}, who))

    async def visit(self, visit: Visit, knock: Knock, path: str) -> None:
        """A client opens the session's URL (``path`` of it) and behaves as the step says, in the background.

        Returns when it is open. Raises PeerError when it was refused.
        """

        async def app(scope: Any, receive: Any, send: Any) -> None:
            door = AsgiDoor(scope, receive, send)
            try:
                await knock(door)
            except KeyError:
                await door.refuse(404, "No such session.")

        connector = MemoryConnector(app)
        self._connectors.append(connector)
        party = self._party(visit.name, visit.behaviour)
        url = ORIGIN + path + visit.path
        socket = await connector(url, visit.headers)

        async def stay() -> None:
            if await party.live(socket, url, path + visit.path, [*visit.headers.items()]):
                socket.abort()

        guest = asyncio.create_task(stay())
        self._guests.add(guest)
        guest.add_done_callback(self._guests.discard)
        await asyncio.sleep(0)

    async def aclose(self) -> None:
        """Cut what is open and wait until everybody has noticed."""
        for connector in self._connectors:
            await connector.aclose()
        await asyncio.gather(*self._guests, return_exceptions=True)


def _refused(status: int) -> str:
    return "" if not status else " (cannot be reached)" if status == UNREACHABLE else f" (refused, {status})"
