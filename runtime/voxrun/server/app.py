"""The web application: page, signalling, WHIP, session access URLs, recordings."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from starlette.websockets import WebSocket

from voxrun.connectors.asgi_socket import AsgiDoor
from voxrun.server.feed import Feed
from voxrun.server.guard import Guard
from voxrun.server.options import ServerOptions
from voxrun.server.page_socket import serve_page
from voxrun.server.phones import Phones
from voxrun.server.ports import Runtime
from voxrun.server.softphone import SoftphonePage, welcome
from voxrun.server.whip import TooBig, Whip, read_body

STATIC: Final = Path(__file__).parent / "static"
MAX_REQUEST_BYTES: Final = 1024 * 1024
"""Body of a request to a session access URL."""
METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PAGE_HEADERS: Final = {
    "Cache-Control": "no-cache",  # ask each time: an update of voxrun must not meet an old page
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "microphone=(self), camera=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(runtime: Runtime, phones: Phones, options: ServerOptions) -> Starlette:
    """The application. ``phones.dial`` is the dialer that ``runtime`` was made with."""
    feed = Feed(runtime)
    whip = Whip(runtime, phones.config)

    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        greeting = welcome(
            options.version,
            [*options.scenarios],
            options.ai,
            [*options.ice_servers],
            phones.config.no_answer_seconds,
        )
        await serve_page(socket, SoftphonePage(runtime, phones, feed, greeting, options.file_path))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        whip.close()
        feed.close()

    routes = [
        Route("/", _page),
        Route("/healthz", _health),
        WebSocketRoute("/ws", ws),
        Route("/whip/resource/{id}", whip.delete, methods=["DELETE"]),
        Route("/whip/resource/{id}", whip.patch, methods=["PATCH"]),
        Route("/whip/{destination}", whip.post, methods=["POST"]),
        WebSocketRoute("/request/{session}/{token}", _access_socket(runtime)),
        WebSocketRoute("/request/{session}/{token}/{rest:path}", _access_socket(runtime)),
        Route("/request/{session}/{token}", _access(runtime), methods=METHODS),
        Route("/request/{session}/{token}/{rest:path}", _access(runtime), methods=METHODS),
        Route("/sessions/{session}/files/{name}", _file(runtime, options)),
        Mount("/static", PageFiles(directory=STATIC, check_dir=False)),
    ]
    guard = Middleware(Guard, options.token, options.loopback, options.secure)
    return Starlette(routes=routes, middleware=[guard], lifespan=lifespan)


class PageFiles(StaticFiles):
    """Files of the page, with its headers."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(PAGE_HEADERS)
        return response


async def _page(request: Request) -> Response:
    return FileResponse(STATIC / "index.html", headers=PAGE_HEADERS)


async def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


Endpoint = Callable[[Request], Awaitable[Response]]


def _access(runtime: Runtime) -> Endpoint:
    """Session access URLs: any request becomes AppEvents.HttpRequest, the handler's value the reply."""

    async def access(request: Request) -> Response:
        try:
            body = await read_body(request, MAX_REQUEST_BYTES)
        except TooBig:
            return PlainTextResponse(f"At most {MAX_REQUEST_BYTES} bytes.\n", 413)
        query = request.url.query
        headers = [(name, value) for name, value in request.headers.items() if name.startswith("x-")]
        try:
            reply = await runtime.http_request(
                request.path_params["session"],
                request.path_params["token"],
                request.method,
                request.url.path + (f"?{query}" if query else ""),
                body.decode("utf-8", "replace"),
                headers,
            )
        except KeyError:
            return PlainTextResponse("No such session.\n", 404)
        return Response(reply.body, reply.status, media_type=reply.content_type or None)

    return access


def _access_socket(runtime: Runtime) -> Callable[[WebSocket], Awaitable[None]]:
    """Session access URLs as WebSockets: AppEvents.WebSocket."""

    async def access(socket: WebSocket) -> None:
        door = AsgiDoor(socket.scope, socket.receive, socket.send)
        try:
            await runtime.websocket(socket.path_params["session"], socket.path_params["token"], door)
        except KeyError:
            await door.refuse(404, "No such session.")

    return access


def _file(runtime: Runtime, options: ServerOptions) -> Endpoint:
    """Files of a session; the token is in the address that RecordStarted tells."""

    async def file(request: Request) -> Response:
        session, name = request.path_params["session"], request.path_params["name"]
        token = options.file_token(session, name)
        missing = JSONResponse({"error": "no such file"}, 404)
        if not hmac.compare_digest(request.query_params.get("token", "").encode(), token.encode()):
            return missing
        try:
            path = runtime.file(session, name)
        except KeyError:
            return missing
        if not path.is_file():
            return missing
        return FileResponse(
            path, headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        )

    return file
