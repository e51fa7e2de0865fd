"""A softphone without a page: the signalling of a served scenario (docs/signalling.md), from the outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from voxrun.errors import PeerError

Message: TypeAlias = dict[str, Any]


class Phone:
    """One connection to ``/ws``. ``trouble`` is told what nobody waits for: errors about no call."""

    def __init__(self, trouble: Callable[[str], None]) -> None:
        self.calls: dict[str, Callable[[Message], None]] = {}
        """By id: who takes the messages of a call."""
        self.on_incoming: Callable[[Message], None] = lambda message: None
        self._trouble = trouble
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._waiting: dict[str, tuple[str, asyncio.Future[Message]]] = {}
        """By the type of the answer: what was asked, and who waits."""

    async def connect(self, url: str) -> None:
        """Connect to the server at ``url`` ("http://127.0.0.1:8080"). Raises PeerError."""
        try:
            self._socket = await connect(
                f"ws{url.removeprefix('http')}/ws", compression=None, proxy=None, max_size=None
            )
        except (OSError, WebSocketException) as error:
            raise PeerError(f"{url} does not take a phone: {error}") from None
        self._reading = asyncio.create_task(self._read(self._socket))
        self._writing = asyncio.create_task(self._write(self._socket))

    def send(self, **message: Any) -> None:
        """Send a message, after those before it."""
        self._outbox.put_nowait(json.dumps(message))

    async def ask(self, answer: str, **message: Any) -> Message:
        """Send a message that no call is about, and wait for its answer. Raises PeerError."""
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[answer] = (str(message["type"]), waiting)
        self.send(**message)
        return await waiting

    async def close(self) -> None:
        """Leave; calls that are up end."""
        if self._socket is None or self._reading is None or self._writing is None:
            return
        self._writing.cancel()
        await self._socket.close()
        await asyncio.wait((self._reading, self._writing))

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the reader ends what waits
            while True:
                await socket.send(await self._outbox.get())

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                self._take(json.loads(text))
        for _, waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(PeerError("the server has closed the signalling"))

    def _take(self, message: Message) -> None:
        kind, call_id = message["type"], message.get("id")
        if kind in self._waiting:
            self._waiting.pop(kind)[1].set_result(message)
        elif kind == "incoming":
            self.on_incoming(message)
        elif call_id in self.calls:
            self.calls[call_id](message)
        elif kind == "error":
            self._fail(message)

    def _fail(self, message: Message) -> None:
        """An error that is about no call."""
        for asked, waiting in self._waiting.values():
            if asked == message.get("re") and not waiting.done():
                waiting.set_exception(PeerError(message["message"]))
                return
        self._trouble(f"the signalling refused what the script does: {message['message']}")
