"""A softphone page at the front: one socket to the page, one to each worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from voxrun.server.backends import Backend, Backends
from voxrun.server.switchboard import Switchboard

MAX_MESSAGE: Final = 4 * 1024 * 1024

log = logging.getLogger(__name__)


class Pages(Protocol):
    """What a page needs of the front."""

    backends: Backends

    def choose(self) -> Backend | None: ...

    def session(self, backend: Backend, session: str, state: str) -> None: ...


class Page:
    """One page and its sockets to the workers."""

    def __init__(self, front: Pages, socket: WebSocket) -> None:
        self._front = front
        self._socket = socket
        self._board = Switchboard(self._choose, self._owner)
        self._links: dict[Backend, Link] = {}
        self._out: asyncio.Queue[str] = asyncio.Queue()
        self._welcomed = False

    def _choose(self) -> int | None:
        chosen = self._front.choose()
        return None if chosen is None else chosen.number

    def _owner(self, session: str) -> int | None:
        owner = self._front.backends.owner(session)
        return None if owner is None else owner.number

    async def run(self) -> None:
        """Until the page leaves."""
        for backend in self._front.backends.up:
            self.join(backend)
        writing = asyncio.create_task(self._write())
        try:
            while True:
                self._from_page(await self._socket.receive_text())
        except (WebSocketDisconnect, KeyError, RuntimeError):
            return  # it left, or sent a binary frame
        finally:
            writing.cancel()
            await asyncio.gather(*(link.close() for link in tuple(self._links.values())))

    def join(self, backend: Backend) -> None:
        """Open the page's socket to a worker."""
        self._links[backend] = Link(self, backend)

    def lost(self, backend: Backend, sessions: list[str], why: str) -> None:
        """A worker is gone."""
        link = self._links.pop(backend, None)
        if link is not None:
            link.cancel()
        for message in self._board.left(backend.number):
            self._put(json.dumps(message))
        for session in sessions:
            self._put(json.dumps({"type": "session", "id": session, "state": "ended", "reason": why}))

    def opened(self, backend: Backend) -> list[str]:
        return self._board.joined(backend.number)

    def from_worker(self, backend: Backend, text: str) -> None:
        message, passed = self._board.from_worker(backend.number, text)
        if message is not None and message.get("type") == "welcome" and not self._welcomed:
            self._welcomed = True
            passed = text
        if message is not None and message.get("type") == "trying":
            self._front.session(backend, message["session"], "started")
        if passed:
            self._put(passed)

    def _from_page(self, text: str) -> None:
        orders, replies = self._board.from_page(text)
        for number, order in orders:
            for backend, link in self._links.items():
                if backend.number == number:
                    link.put(order)
        for message in replies:
            self._put(json.dumps(message))

    def _put(self, text: str) -> None:
        self._out.put_nowait(text)

    async def _write(self) -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            while True:
                await self._socket.send_text(await self._out.get())


class Link:
    """One page's socket to one worker."""

    def __init__(self, page: Page, backend: Backend) -> None:
        self._page = page
        self._backend = backend
        self._out: asyncio.Queue[str] = asyncio.Queue()
        self._task = asyncio.create_task(self._run())

    def put(self, text: str) -> None:
        self._out.put_nowait(text)

    def cancel(self) -> None:
        self._task.cancel()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            async with worker_socket(self._backend, "/ws") as socket:
                for text in self._page.opened(self._backend):
                    await socket.send(text)
                writing = asyncio.create_task(self._write(socket))
                try:
                    async for message in socket:
                        self._page.from_worker(self._backend, str(message))
                finally:
                    writing.cancel()
        except (WebSocketException, OSError) as error:
            log.debug("a page's socket to worker %s ended: %s", self._backend.number, error)

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.send(await self._out.get())


@contextlib.asynccontextmanager
async def worker_socket(
    backend: Backend, path: str, protocols: list[str] | None = None
) -> AsyncIterator[ClientConnection]:
    url = "ws" + backend.url.removeprefix("http") + path
    offered = [Subprotocol(name) for name in protocols or []]
    async with connect(
        url, additional_headers=backend.headers, subprotocols=offered or None, compression=None,
        max_size=MAX_MESSAGE, proxy=None,
    ) as socket:  # fmt: skip
        yield socket
