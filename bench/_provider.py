"""An Ultravox for benchmarks that does what it is told, when it is told: no speech, no ears, no emulator.

Shapes of messages as in the provider's public documentation.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from _telephone import is_loud
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket


class Provider:
    """One call at a time."""

    def __init__(self) -> None:
        self.port = 0
        self.joined = asyncio.Event()
        self.heard = bytearray()
        """The caller's audio in the call that is up, 16 kHz mono s16le."""
        self.loud_at: asyncio.Future[float] | None = None
        """Resolved with the loop time of the first loud message, when somebody put it here."""
        self._socket: WebSocket | None = None
        self.app = Starlette(
            routes=[
                Route("/api/calls", self._create, methods=["POST"]),
                WebSocketRoute("/join", self._call),
            ]
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    async def called(self) -> None:
        """Wait until voxrun has joined a call. Raises TimeoutError."""
        async with asyncio.timeout(20):
            await self.joined.wait()

    async def left(self) -> None:
        """Wait until the call is over. Raises TimeoutError."""
        async with asyncio.timeout(20):
            while self.joined.is_set():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def speak(self, pcm: bytes) -> float:
        """Send 16 kHz audio in one burst; gives the time just before."""
        assert self._socket is not None
        at = asyncio.get_running_loop().time()
        for start in range(0, len(pcm), 6400):
            await self._socket.send_bytes(pcm[start : start + 6400])
        return at

    async def clear(self) -> float:
        """Send playback_clear_buffer; gives the time just before."""
        assert self._socket is not None
        at = asyncio.get_running_loop().time()
        await self._socket.send_text('{"type":"playback_clear_buffer"}')
        return at

    async def _create(self, request: Request) -> JSONResponse:
        url = f"ws://127.0.0.1:{self.port}/join"
        return JSONResponse({"callId": "5f4c0000-0000-4000-8000-000000000001", "joinUrl": url}, 201)

    async def _call(self, socket: WebSocket) -> None:
        await socket.accept()
        self._socket = socket
        self.heard.clear()
        await socket.send_text(json.dumps({"type": "call_started", "callId": "5f4c"}))
        await socket.send_text(json.dumps({"type": "state", "state": "listening"}))
        self.joined.set()
        while (message := await socket.receive())["type"] == "websocket.receive":
            waiting, pcm = self.loud_at, message.get("bytes") or b""
            self.heard += pcm
            if waiting is not None and not waiting.done() and is_loud(pcm):
                waiting.set_result(asyncio.get_running_loop().time())
        self.joined.clear()
        self._socket = None


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    """A provider on a free port of 127.0.0.1."""
    found = Provider()
    config = uvicorn.Config(
        found.app,
        host="127.0.0.1",
        port=0,
        log_level="error",
        lifespan="off",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        if serving.done():
            await serving
    found.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.should_exit = True
        await serving
