"""A WebSocket that comes in, as an ASGI server hands it over: ``transport.Door`` and ``ClientSocket``.

ASGI, "HTTP & WebSocket protocol", version 2.4; the server may be uvicorn or ``memory.MemoryConnector``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, TypeAlias

from voxrun.connectors.transport import SocketClosed

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ABNORMAL: Final = 1006
NO_STATUS: Final = 1005
REFUSALS: Final = "websocket.http.response"
"""Extension of servers that can refuse with a status of our choice; others answer 403."""


class AsgiDoor:
    """See ``transport.Door``."""

    def __init__(self, scope: Message, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send

    @property
    def path(self) -> str:
        query = self._scope.get("query_string", b"").decode("latin-1")
        return str(self._scope["path"]) + (f"?{query}" if query else "")

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._scope["headers"]]

    async def accept(self) -> AsgiSocket:
        await self._receive()  # websocket.connect
        offered = self._scope.get("subprotocols") or [None]
        await self._send({"type": "websocket.accept", "subprotocol": offered[0]})
        return AsgiSocket(self._receive, self._send)

    async def refuse(self, status: int, text: str) -> None:
        await self._receive()
        if REFUSALS not in (self._scope.get("extensions") or {}):
            await self._send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await self._send({"type": f"{REFUSALS}.start", "status": status, "headers": headers})
        await self._send({"type": f"{REFUSALS}.body", "body": f"{text}\n".encode()})


class AsgiSocket:
    """See ``transport.ClientSocket``. The ASGI application lives as long as the socket."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended: SocketClosed | None = None
        self._closing = False

    async def send(self, message: str | bytes) -> None:
        if self._ended is not None:
            raise self._ended
        kind = "text" if isinstance(message, str) else "bytes"
        try:
            await self._send({"type": "websocket.send", kind: message})
        except (OSError, RuntimeError):
            # Servers differ in how they say that the peer has gone meanwhile; recv tells code and reason.
            raise SocketClosed(ABNORMAL, "", clean=False) from None

    async def recv(self) -> str | bytes:
        if self._ended is not None:
            raise self._ended
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._ended = _end(message)
            raise self._ended
        text: str | None = message.get("text")
        return message["bytes"] if text is None else text

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._closing or self._ended is not None:
            return
        self._closing = True
        try:
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except (OSError, RuntimeError):
            return  # it has gone already


def _end(message: Message) -> SocketClosed:
    code, reason = message.get("code") or NO_STATUS, message.get("reason")
    if code == NO_STATUS and reason is None:
        code = ABNORMAL  # uvicorn tells a lost connection like this; a close frame has a reason, maybe ""
    return SocketClosed(code, reason or "", clean=code != ABNORMAL)
