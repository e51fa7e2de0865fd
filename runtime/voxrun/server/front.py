"""The front of a voxrun with several workers: one address for all of them.

Calls are given to workers when they are set up and stay there. HTTP goes on to the worker that owns the
session, new calls to the one with the fewest. A page's WebSocket is one socket to each worker
(``front_page``, ``switchboard``). Media does not come through here: workers offer addresses of
their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from voxrun.server.backends import Backend, Backends
from voxrun.server.front_page import Page, worker_socket
from voxrun.server.guard import Guard
from voxrun.server.options import ServerOptions
from voxrun.server.whip import problem

METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_OWN_HEADERS: Final = frozenset(
    {"host", "authorization", "cookie", "connection", "transfer-encoding", "content-length", "keep-alive"}
)
"""Headers between a client and the front, or between the front and a worker, only."""
MOST_BODY: Final = 16 * 1024 * 1024


class Front:
    """Knows the workers and the pages. ``draining``: no new calls are taken."""

    def __init__(self) -> None:
        self.backends = Backends()
        self.draining = False
        self._pages: set[Page] = set()
        self._client = httpx.AsyncClient(timeout=None, trust_env=False)
        self._watches: dict[Backend, asyncio.Task[None]] = {}

    async def close(self) -> None:
        for task in self._watches.values():
            task.cancel()
        await self._client.aclose()

    def up(self, backend: Backend) -> None:
        """A worker takes calls."""
        self.backends.add(backend)
        self._watches[backend] = asyncio.create_task(self._watch(backend))
        for page in tuple(self._pages):
            page.join(backend)

    def down(self, backend: Backend, why: str) -> list[str]:
        """A worker is gone. Pages are told of its calls; gives its sessions that were not over."""
        watch = self._watches.pop(backend, None)
        if watch is not None:
            watch.cancel()
        lost = self.backends.remove(backend)
        for page in tuple(self._pages):
            page.lost(backend, lost, why)
        return lost

    def choose(self) -> Backend | None:
        """Who takes the next call."""
        return None if self.draining else self.backends.least()

    async def _watch(self, backend: Backend) -> None:
        """Hear of every session of a worker."""
        with contextlib.suppress(WebSocketException, OSError):
            async with worker_socket(backend, "/ws") as socket:
                async for text in socket:
                    message = json.loads(text)
                    if message.get("type") == "session":
                        self.session(backend, message["id"], message["state"])

    def session(self, backend: Backend, session: str, state: str) -> None:
        if state == "ended":
            self.backends.ended(session)
        elif self.backends.owner(session) is None:
            self.backends.began(session, backend)

    # -- HTTP

    async def http(self, request: Request) -> Response:
        """Pass a request on to the worker it is for."""
        new_call = request.method == "POST" and request.url.path.startswith("/whip/")
        backend = self.choose() if new_call else self.backends.for_path(request.url.path)
        if backend is None:
            if new_call:
                return problem(503, "No new calls", "voxrun is being shut down, or is starting.")
            if request.url.path.startswith("/whip/resource/"):
                return problem(404, "No such call", "It is over, or never was.")
            return PlainTextResponse("No such session.\n", 404)
        body = await request.body()
        if len(body) > MOST_BODY:
            return PlainTextResponse(f"At most {MOST_BODY} bytes.\n", 413)
        backend.coming += new_call
        try:
            return await self._pass_on(request, backend, body)
        except httpx.TransportError as error:
            return problem(
                502, "The worker process of this request ended", str(error) or type(error).__name__
            )
        finally:
            backend.coming -= new_call

    async def _pass_on(self, request: Request, backend: Backend, body: bytes) -> Response:
        headers = [(n, v) for n, v in request.headers.items() if n not in _OWN_HEADERS]
        headers += backend.headers.items()
        url = httpx.URL(backend.url + request.url.path, query=request.url.query.encode())
        asked = self._client.build_request(request.method, url, headers=headers, content=body)
        answer = await _unless_left(request, self._client.send(asked, stream=True))
        session = answer.headers.get("x-voxrun-session")
        if session:
            self.session(backend, session, "started")
        kept = {n: v for n, v in answer.headers.items() if n not in ("connection", "transfer-encoding")}
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, kept, background=BackgroundTask(answer.aclose)
        )

    # -- WebSockets

    async def page(self, socket: WebSocket) -> None:
        """A softphone page."""
        await socket.accept()
        page = Page(self, socket)
        self._pages.add(page)
        try:
            await page.run()
        finally:
            self._pages.discard(page)

    async def visitor(self, socket: WebSocket) -> None:
        """A WebSocket on a session access URL."""
        path = socket.url.path + (f"?{socket.url.query}" if socket.url.query else "")
        backend = self.backends.for_path(socket.url.path)
        protocols = socket.scope.get("subprotocols") or []
        if backend is None:
            await socket.close(1008)
            return
        try:
            async with worker_socket(backend, path, protocols) as inner:
                await socket.accept(inner.subprotocol)
                await _both_ways(socket, inner)
        except (WebSocketException, OSError):
            with contextlib.suppress(RuntimeError):
                await socket.close(1008)


async def _both_ways(outer: WebSocket, inner: ClientConnection) -> None:
    """Pass messages on until either side ends; the other is closed with the same code."""

    async def inwards() -> None:
        while (message := await outer.receive())["type"] == "websocket.receive":
            text: str | None = message.get("text")
            await inner.send(message["bytes"] if text is None else text)
        await inner.close(message.get("code") or 1000)

    async def outwards() -> None:
        async for message in inner:
            await (outer.send_text(message) if isinstance(message, str) else outer.send_bytes(message))
        await outer.close(inner.close_code or 1011, inner.close_reason or "")

    tasks = {asyncio.create_task(inwards()), asyncio.create_task(outwards())}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _unless_left(request: Request, work: Any) -> httpx.Response:
    """The worker's answer. A client that leaves meanwhile is left by us too: that cancels its call."""

    async def left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    asking, leaving = asyncio.ensure_future(work), asyncio.create_task(left())
    try:
        await asyncio.wait({asking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not asking.done():
            raise httpx.ReadError("the client left")
        answer: httpx.Response = asking.result()
        return answer
    finally:
        leaving.cancel()
        if not asking.done():
            asking.cancel()


def create_front(front: Front, options: ServerOptions) -> Starlette:
    """The application that people and programs talk to."""
    guard = Middleware(Guard, options.token, options.loopback, options.secure)
    routes = [
        WebSocketRoute("/ws", front.page),
        WebSocketRoute("/request/{rest:path}", front.visitor),
        Route("/{rest:path}", front.http, methods=METHODS),
    ]
    return Starlette(routes=routes, middleware=[guard])
