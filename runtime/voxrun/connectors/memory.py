"""``SocketConnector`` without sockets: drives the WebSocket endpoint of an ASGI app in this very loop.

An emulator is an ordinary ASGI app. In virtual time (no real socket may be open there) and in unit tests
the connector reaches it through this module: the same HTTP and WebSocket endpoints, the same close codes,
the same back-pressure, and nothing but queues between them. What a server such as uvicorn does around an
app is done here the same way: an app that raises cuts its socket (1006), one that returns closes with 1000.

An app that finds ``PASSAGE`` among the extensions of its scope may use the short way: what one side gives is
taken by the other in the same instant, without a task or a queue in between, unless something waits there.

``MemoryConnector.cut()`` is the cable pulled out: every open socket ends with 1006 on both sides.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from voxrun.connectors.addresses import shown_url
from voxrun.connectors.transport import SocketClosed, Transports
from voxrun.errors import PeerError
from voxrun.media.passage import PASSAGE, Passage
from voxrun.media.runs import AudioDoor

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

HIGH_WATER: Final = 64 * 1024
"""Bytes that may wait in one direction before the sender has to wait, about what a TCP path holds."""
FRAME_OVERHEAD: Final = 8
"""Counted for each message besides its payload, so that empty ones cannot pile up either."""

logger = logging.getLogger(__name__)


def memory_transports(app: AsgiApp) -> Transports:
    """Both transports of a connector, ending in ``app`` whatever host their URLs name."""
    return Transports(
        connect=MemoryConnector(app), http=httpx.ASGITransport(app=app, raise_app_exceptions=False)
    )


class MemoryConnector:
    """Opens WebSockets to ``app`` (``transport.SocketConnector``)."""

    def __init__(self, app: AsgiApp, open_timeout: float = 10.0) -> None:
        self._app = app
        self._open_timeout = open_timeout
        self._open: set[MemorySocket] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> MemorySocket:
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise PeerError(f"{shown_url(url)} is not a WebSocket address; it begins with ws:// or wss://")
        socket = MemorySocket()
        task = asyncio.create_task(socket._serve(self._app, _scope(parts, headers, protocols)))
        self._tasks.add(task)
        self._open.add(socket)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._open.discard(socket))
        try:
            async with asyncio.timeout(self._open_timeout):
                await socket._handshake(shown_url(url))
        except TimeoutError:
            task.cancel()
            raise PeerError(f"{shown_url(url)} did not open within {self._open_timeout:g} s") from None
        except asyncio.CancelledError:
            task.cancel()
            raise
        return socket

    def cut(self) -> None:
        """End every open socket abruptly, as when the network goes away."""
        for socket in tuple(self._open):
            socket.abort()

    async def aclose(self) -> None:
        """Cut what is open and wait until the app has noticed."""
        self.cut()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class MemorySocket:
    """The client's end of one connection (``transport.ClientSocket``); the app's end is inside."""

    def __init__(self) -> None:
        self._to_app = _Lane()
        self._to_client = _Lane()
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._refusal: tuple[int, bytes] | None = None
        self._passage = Passage(lambda: self._is_free(self._to_app), lambda: self._is_free(self._to_client))
        self._to_app.put_now({"type": "websocket.connect"})

    # --- the client's side

    async def send(self, message: str | bytes) -> None:
        ended = self._to_client.end or self._to_app.end
        if ended is not None:
            raise SocketClosed(ended.code, ended.reason, ended.clean)
        kind = "text" if isinstance(message, str) else "bytes"
        await self._to_app.put({"type": "websocket.receive", kind: message}, len(message))

    async def recv(self) -> str | bytes:
        message = await self._to_client.get()
        if message is None:
            ended = self._to_client.end
            assert ended is not None
            raise SocketClosed(ended.code, ended.reason, ended.clean)
        payload: str | bytes = message["payload"]
        return payload

    @property
    def door(self) -> AudioDoor | None:
        return self._passage.to_app

    def meet(self, take: Callable[[str | bytes], None]) -> None:
        self._passage.client = take

    def _is_free(self, lane: _Lane) -> bool:
        """Whether what is given now may overtake the lane: nothing waits in it, and the socket is open."""
        return lane.is_empty and self._opened.done() and self._refusal is None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self._end_both(SocketClosed(code, reason, clean=True))

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        self._end_both(SocketClosed(1006, "", clean=False))

    def _end_both(self, how: SocketClosed) -> None:
        self._to_app.finish(how)
        self._to_client.finish(how)

    # --- the app's side: what an ASGI server does

    async def _serve(self, app: AsgiApp, scope: Message) -> None:
        scope["extensions"][PASSAGE] = self._passage
        try:
            await app(scope, self._app_receive, self._app_send)
        except asyncio.CancelledError:
            self._refuse(500, b"")
            self.abort()
            raise
        except ConnectionError:  # an app's way to break its own connection
            self._refuse(500, b"")
            self.abort()
        except Exception:  # whatever an app raises is the end of its own connection, as under uvicorn
            logger.exception("the ASGI app failed in its WebSocket %s", scope["path"])
            self._refuse(500, b"")
            self.abort()
        else:
            self._refuse(500, b"the app returned without an answer")
            self._end_both(SocketClosed(1000, "", clean=True))

    async def _app_receive(self) -> Message:
        message = await self._to_app.get()
        if message is not None:
            return message
        ended = self._to_app.end
        assert ended is not None
        return {"type": "websocket.disconnect", "code": ended.code, "reason": ended.reason}

    async def _app_send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept" and not self._opened.done():
            self._opened.set_result(None)
        elif kind == "websocket.send" and self._opened.done():
            payload = message.get("text")
            if payload is None:
                payload = message["bytes"]
            if self._to_client.end is not None:
                raise OSError("the client has gone")  # uvicorn: ClientDisconnected, an OSError
            await self._to_client.put({"payload": payload}, len(payload))
        elif kind == "websocket.close":
            self._refuse(403, b"")
            how = SocketClosed(message.get("code") or 1000, message.get("reason") or "", clean=True)
            self._end_both(how)
        elif kind == "websocket.http.response.start":
            self._refusal = (message["status"], b"")
        elif kind == "websocket.http.response.body" and self._refusal is not None:
            status, body = self._refusal
            self._refusal = (status, body + message.get("body", b""))
            if not message.get("more_body", False):
                self._refuse(*self._refusal)
                self.abort()
        else:
            raise RuntimeError(f"unexpected ASGI message {kind!r} at this point of a WebSocket")

    def _refuse(self, status: int, body: bytes) -> None:
        if not self._opened.done():
            self._refusal = (status, body)
            self._opened.set_result(None)

    async def _handshake(self, where: str) -> None:
        await self._opened
        if self._refusal is not None:
            status, body = self._refusal
            phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
            said = f": {body[:200].decode('utf-8', 'replace').strip()}" if body.strip() else ""
            raise PeerError(f"{where} refused the WebSocket with HTTP {status} {phrase}".rstrip() + said)


class _Lane:
    """One direction: a queue bounded in bytes, with an end."""

    def __init__(self) -> None:
        self.end: SocketClosed | None = None
        self._queue: deque[tuple[Message, int]] = deque()
        self._size = 0
        self._changed = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, and it has not ended."""
        return not self._queue and self.end is None

    async def put(self, message: Message, size: int) -> None:
        """Append; waits while the lane is full, returns (the message lost) when it ends meanwhile."""
        while self._size >= HIGH_WATER and self.end is None:
            self._changed.clear()
            await self._changed.wait()
        if self.end is None:
            self.put_now(message, size)

    def put_now(self, message: Message, size: int = 0) -> None:
        cost = size + FRAME_OVERHEAD
        self._queue.append((message, cost))
        self._size += cost
        self._changed.set()

    async def get(self) -> Message | None:
        """The next message, or None at the end (what was sent before the end is still given)."""
        while not self._queue:
            if self.end is not None:
                return None
            self._changed.clear()
            await self._changed.wait()
        message, cost = self._queue.popleft()
        self._size -= cost
        self._changed.set()
        return message

    def finish(self, how: SocketClosed) -> None:
        """End the lane (the first end counts); what waits in it can still be read, as behind a socket."""
        if self.end is None:
            self.end = how
            self._changed.set()


def _scope(parts: SplitResult, headers: Mapping[str, str], protocols: Sequence[str]) -> Message:
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    path = parts.path or "/"
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": unquote(path),
        "raw_path": path.encode("ascii", "replace"),
        "query_string": parts.query.encode("ascii", "replace"),
        "root_path": "",
        "headers": [
            (b"host", parts.netloc.encode("ascii", "replace")),
            *((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()),
        ],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname, port),
        "subprotocols": [*protocols],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
