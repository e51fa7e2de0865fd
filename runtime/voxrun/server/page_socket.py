"""The WebSocket of one page: reads what it sends, writes what waits for it, until either side ends it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Final, Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from voxrun.session.messages import JsonObject

MAX_WAITING_RECORDS: Final = 4000
"""Records that may wait for a slow page; more are dropped and counted."""
MAX_WAITING: Final = 8000
"""Messages that may wait; a page that lets more pile up does not read at all."""


class Outbox:
    """Messages on their way to one page."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._wake = asyncio.Event()
        self._dropped = 0
        self.overflow = False

    def put(self, message: JsonObject) -> None:
        """Add a message. Records are dropped when the page does not keep up."""
        if message["type"] == "record" and len(self._waiting) >= MAX_WAITING_RECORDS:
            self._dropped += 1
        elif len(self._waiting) >= MAX_WAITING:
            self.overflow = True
        else:
            self._waiting.append(json.dumps(message))
        self._wake.set()

    async def get(self) -> str:
        """The next message, waiting for one. Raises OverflowError when the page does not read."""
        while not self._waiting:
            self._wake.clear()
            await self._wake.wait()
        if self.overflow:
            raise OverflowError
        text = self._waiting.popleft()
        if self._dropped and not self._waiting:
            message = f"The page was too slow: {self._dropped} records were left out."
            self._dropped = 0
            self.put({"type": "error", "message": message, "re": "watch"})
        return text


class Page(Protocol):
    """Who is behind it here."""

    outbox: Outbox

    def receive(self, text: str) -> None:
        """Take one message."""

    async def close(self) -> None:
        """It is gone."""


async def serve_page(socket: WebSocket, page: Page) -> None:
    """Run one accepted WebSocket until either side ends it."""
    writer = asyncio.create_task(_write(socket, page.outbox))
    reader = asyncio.create_task(_read(socket, page))
    try:
        await asyncio.wait([reader, writer], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (reader, writer):
            task.cancel()
        await asyncio.wait([reader, writer])
        await page.close()


async def _write(socket: WebSocket, outbox: Outbox) -> None:
    try:
        while True:
            await socket.send_text(await outbox.get())
    except OverflowError:
        await socket.close(1013, "the page does not read")
    except (WebSocketDisconnect, RuntimeError):
        return  # gone; the reader ends too


async def _read(socket: WebSocket, page: Page) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if text is None:
            if socket.application_state is WebSocketState.CONNECTED:
                await socket.close(1003, "text messages only")
            return
        page.receive(text)
