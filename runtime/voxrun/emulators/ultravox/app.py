"""The emulator as an ASGI application: the public Ultravox API, as far as calls need it.

Served by uvicorn on loopback (``serve``), or in memory through ``httpx.ASGITransport`` and an in-memory
ASGI WebSocket. It has no lifespan: work begins with the first request.

POST   /api/calls, /api/agents/{id}/calls            201 Call; 400, 401; 402, 429, 503 by ``faults``
GET    /api/calls, /api/calls/{id}                   paged list, Call
GET    /api/calls/{id}/messages, .../events          paged lists
POST   /api/calls/{id}/send_data_message             204; 400; 422 unless the call is live
DELETE /api/calls/{id}                               204; 409 while the call is live
WS     /calls/{id}/server_web_socket                 the call; refused with 404, 409 (joined), 410 (over)

A broken connection (fault ``drop``) leaves the application as ``BrokenOnPurpose``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from voxrun.emulators.ultravox import inbound
from voxrun.emulators.ultravox.call_config import CallConfig
from voxrun.emulators.ultravox.emulator import Emulator, Settings
from voxrun.emulators.ultravox.record import SEVERITIES, CallRecord
from voxrun.emulators.ultravox.request import read_agent_call, read_call
from voxrun.emulators.ultravox.script import AgentScript
from voxrun.emulators.ultravox.values import Invalid, read_json
from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.resample import supported
from voxrun.session.clock import Clock
from voxrun.session.messages import Json, JsonObject
from voxrun.speech.base import Recogniser, Speech

MAX_BODY: Final = 1_000_000
PAGE: Final = 100
REST_MESSAGES: Final = (inbound.UserText, inbound.ForcedMessage, inbound.HangUpRequest)
Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def create_app(
    settings: Settings,
    speech: Speech,
    recogniser: Recogniser,
    *,
    agent: AgentScript | None = None,
    clock: Clock | None = None,
    tool_transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """An emulator. ``tool_transport`` carries HTTP tools; without one they answer with an error.

    The state is at ``app.state.emulator`` (``Emulator``).
    """
    emulator = Emulator(settings, speech, recogniser, agent, tool_transport, clock)
    api = _Api(emulator)
    call = "/api/calls/{call_id}"
    app = Starlette(
        routes=[
            Route("/api/calls", _guarded(api.create), methods=["POST"]),
            Route("/api/calls", _guarded(api.list_calls), methods=["GET"]),
            Route("/api/agents/{agent_id}/calls", _guarded(api.create_for_agent), methods=["POST"]),
            Route(call, _guarded(api.get), methods=["GET"]),
            Route(call, _guarded(api.delete), methods=["DELETE"]),
            Route(f"{call}/messages", _guarded(api.messages), methods=["GET"]),
            Route(f"{call}/events", _guarded(api.events), methods=["GET"]),
            Route(f"{call}/send_data_message", _guarded(api.send_data_message), methods=["POST"]),
            WebSocketRoute("/calls/{call_id}/server_web_socket", api.join),
        ],
        exception_handlers={HTTPException: _http_error, Invalid: _invalid},
    )
    app.state.emulator = emulator
    return app


def _guarded(handler: Handler) -> Handler:
    """Wants an API key: any that is not blank."""

    async def checked(request: Request) -> Response:
        key = request.headers.get("x-api-key") or request.headers.get("x-unsafe-api-key") or ""
        if not key.strip():
            raise HTTPException(401, "Authentication credentials were not provided: send X-API-Key.")
        if not (key.isascii() and key.isprintable()):
            raise HTTPException(401, "This is not an API key.")
        return await handler(request)

    return checked


async def _http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    detail = error.detail if isinstance(error, HTTPException) else "Internal error."
    return JSONResponse({"detail": detail}, status, headers=dict(headers) if headers else None)


async def _invalid(_: Request, error: Exception) -> Response:
    return JSONResponse(error.body() if isinstance(error, Invalid) else {}, 400)


async def _body(request: Request) -> JsonObject:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY:
            raise HTTPException(413, f"The body is larger than {MAX_BODY} bytes.")
    if not raw.strip():
        return {}
    try:
        value = read_json(raw)
    except ValueError as error:
        raise HTTPException(400, f"JSON parse error - {str(error)[:200]}") from None
    if not isinstance(value, dict):
        raise HTTPException(400, "Invalid data. Expected an object.")
    return value


def _check_rates(config: CallConfig) -> None:
    where = "medium.serverWebSocket"
    if not supported(config.medium.input_rate, SAMPLE_RATE):
        raise Invalid(f"{where}.inputSampleRate", "This rate is not supported.")
    if not supported(SAMPLE_RATE, config.medium.output_rate, "file"):
        raise Invalid(f"{where}.outputSampleRate", "This rate is not supported.")


class _Api:
    """The handlers."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def create(self, request: Request) -> Response:
        body = await _body(request)
        self._refuse()
        greets = request.query_params.get("enableGreetingPrompt", "true").lower() not in ("false", "0")
        return self._created(request, read_call(body, greeting_prompt=greets), None)

    async def create_for_agent(self, request: Request) -> Response:
        body = await _body(request)
        self._refuse()
        agent = self._emulator.agent
        config = read_agent_call(body, agent.call_template if agent else {})
        return self._created(request, config, request.path_params["agent_id"])

    def _created(self, request: Request, config: CallConfig, agent_id: str | None) -> Response:
        _check_rates(config)
        base = f"{request.url.scheme}://{request.url.netloc}"
        record = self._emulator.create(config, base, agent_id)
        return JSONResponse(record.to_json(), 201)

    def _refuse(self) -> None:
        refusal = self._emulator.refusal()
        if refusal is not None:
            headers = None if refusal.retry_after is None else {"Retry-After": str(refusal.retry_after)}
            raise HTTPException(refusal.status, refusal.detail, headers)

    def _record(self, request: Request) -> CallRecord:
        record = self._emulator.calls.get(request.path_params["call_id"])
        if record is None:
            raise HTTPException(404, "No such call.")
        return record

    async def get(self, request: Request) -> Response:
        return JSONResponse(self._record(request).to_json())

    async def list_calls(self, request: Request) -> Response:
        wanted = {
            key.removeprefix("metadata."): value
            for key, value in request.query_params.items()
            if key.startswith("metadata.")
        }
        records = [
            record.to_json()
            for record in reversed(self._emulator.calls.values())
            if wanted.items() <= dict(record.config.metadata).items()
        ]
        return _page(request, records)

    async def delete(self, request: Request) -> Response:
        record = self._record(request)
        if record.live is not None:
            raise HTTPException(409, "The call is live: end it first.")
        del self._emulator.calls[record.call_id]
        record.close("unjoined", self._emulator.clock.unix_ms())
        return Response(status_code=204)

    async def messages(self, request: Request) -> Response:
        record = self._record(request)
        live = record.live
        return _page(request, live.conversation.history.messages() if live else record.messages)

    async def events(self, request: Request) -> Response:
        least = request.query_params.get("minimum_severity", "info")
        if least not in SEVERITIES:
            raise Invalid("minimum_severity", f'"{least}" is not a valid choice.')
        kinds = request.query_params.getlist("type")
        shown = [
            event
            for event in self._record(request).events
            if SEVERITIES.index(str(event["severity"])) >= SEVERITIES.index(least)
            and (not kinds or event["type"] in kinds)
        ]
        return _page(request, shown)

    async def send_data_message(self, request: Request) -> Response:
        record = self._record(request)
        message = inbound.read(await _body(request))
        if isinstance(message, inbound.Ignored):
            raise Invalid("type", message.reason)
        if not isinstance(message, REST_MESSAGES):
            raise Invalid("type", "Only user_text_message, forced_agent_message and hang_up can be sent.")
        if record.live is None:
            raise HTTPException(422, "The call is not joined yet, or it is over.")
        record.live.client_message(message)
        return Response(status_code=204)

    async def join(self, socket: WebSocket) -> None:
        record = self._emulator.calls.get(socket.path_params["call_id"])
        if record is None:
            await _deny(socket, 404, "No such call.")
        elif record.ended is not None:
            await _deny(socket, 410, "The call is over.")
        elif record.joined is not None:
            await _deny(socket, 409, "The call was joined already.")
        else:
            record.joined = self._emulator.clock.unix_ms()
            await socket.accept()
            await self._emulator.serve(record, socket, socket.query_params)


async def _deny(socket: WebSocket, status: int, detail: str) -> None:
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(JSONResponse({"detail": detail}, status))
    else:
        await socket.close(1008, detail)


def _page(request: Request, rows: list[JsonObject]) -> Response:
    """One page of a list; a cursor is the place of its first row."""
    size = _number(request, "pageSize", PAGE, 1, 1000)
    start = _number(request, "cursor", 0, 0, 10**9)

    def link(cursor: int) -> Json:
        if not 0 <= cursor < len(rows) or cursor == start:
            return None
        return str(request.url.include_query_params(cursor=cursor))

    results: list[Json] = list(rows[start : start + size])
    previous = link(max(0, start - size)) if start else None
    page: JsonObject = {
        "next": link(start + size),
        "previous": previous,
        "results": results,
        "total": len(rows),
    }
    return JSONResponse(page)


def _number(request: Request, key: str, default: int, low: int, high: int) -> int:
    text = request.query_params.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and low <= int(text[:12]) <= high):
        raise Invalid(key, f"Must be a number from {low} to {high}.")
    return int(text)
