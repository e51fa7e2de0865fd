"""Sockets in memory behave as an ASGI server's sockets do, and work in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.connectors.provider import virtual
from tests.media.test_passage import Door

from voxrun.connectors.memory import HIGH_WATER, MemoryConnector, memory_transports
from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import PeerError
from voxrun.media.passage import PASSAGE, Passage


class Echo:
    """A real Starlette app, so that the memory is measured against somebody else's idea of ASGI."""

    def __init__(self) -> None:
        self.disconnects: list[tuple[int, str]] = []
        self.seen: dict[str, Any] = {}
        self.app = Starlette(
            routes=[
                WebSocketRoute("/echo/{name}", self.echo),
                WebSocketRoute("/denied", self.denied),
                WebSocketRoute("/rejected", self.rejected),
                WebSocketRoute("/dies", self.dies),
                WebSocketRoute("/returns", self.returns),
                WebSocketRoute("/says", self.says),
                WebSocketRoute("/deaf", self.deaf),
                WebSocketRoute("/slow", self.slow),
                Route("/hello", self.hello),
            ]
        )

    async def echo(self, socket: WebSocket) -> None:
        self.seen = {
            "name": socket.path_params["name"],
            "query": dict(socket.query_params),
            "host": socket.headers["host"],
            "x-a": socket.headers.get("x-a"),
            "raw": socket.scope["raw_path"],
        }
        await socket.accept()
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(message["code"], message.get("reason"))
                if message.get("text") is not None:
                    await socket.send_text(message["text"])
                else:
                    await socket.send_bytes(message["bytes"])
        except WebSocketDisconnect as gone:
            self.disconnects.append((gone.code, gone.reason))

    async def hello(self, request: Request) -> JSONResponse:
        return JSONResponse({"hello": request.url.hostname})

    async def denied(self, socket: WebSocket) -> None:
        await socket.close(1008)

    async def rejected(self, socket: WebSocket) -> None:
        await socket.send_denial_response(PlainTextResponse("call is over", 410))

    async def dies(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("last words")
        raise RuntimeError("the app has a bug")

    async def returns(self, socket: WebSocket) -> None:
        await socket.accept()

    async def says(self, socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("one")
        await socket.close(4000, "that is all")

    async def deaf(self, socket: WebSocket) -> None:
        await socket.accept()
        await asyncio.sleep(1000)

    async def slow(self, socket: WebSocket) -> None:
        await asyncio.sleep(1000)


async def ended(socket: ClientSocket) -> tuple[int, str, bool]:
    with pytest.raises(SocketClosed) as caught:
        await socket.recv()
    return caught.value.code, caught.value.reason, caught.value.clean


@virtual
async def test_text_and_bytes_come_back_in_order_and_the_app_sees_the_url_and_headers() -> None:
    echo = Echo()
    socket = await MemoryConnector(echo.app)("wss://peer.test/echo/a%20b?x=1&y=%20", {"X-A": "b"})
    await socket.send("täxt")
    await socket.send(b"\x00\xff")
    await socket.send("")
    assert [await socket.recv() for _ in range(3)] == ["täxt", b"\x00\xff", ""]
    assert echo.seen == {
        "name": "a b",
        "query": {"x": "1", "y": " "},
        "host": "peer.test",
        "x-a": "b",
        "raw": b"/echo/a%20b",
    }
    await socket.close()


@virtual
async def test_the_clients_close_code_reaches_the_app_once() -> None:
    echo = Echo()
    connector = MemoryConnector(echo.app)
    socket = await connector("ws://peer.test/echo/a", {})
    await socket.close(4001, "bye")
    await socket.close()
    assert await ended(socket) == (4001, "bye", True)
    with pytest.raises(SocketClosed):
        await socket.send("late")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert echo.disconnects == [(4001, "bye")]


@virtual
async def test_the_apps_close_code_reaches_the_client_after_what_was_sent_before() -> None:
    socket = await MemoryConnector(Echo().app)("ws://peer.test/says", {})
    assert await socket.recv() == "one"
    assert await ended(socket) == (4000, "that is all", True)


@virtual
async def test_an_app_that_fails_cuts_its_socket_and_one_that_returns_closes_it() -> None:
    socket = await MemoryConnector(Echo().app)("ws://peer.test/dies", {})
    assert await socket.recv() == "last words"
    assert await ended(socket) == (1006, "", False)
    socket = await MemoryConnector(Echo().app)("ws://peer.test/returns", {})
    assert await ended(socket) == (1000, "", True)


@virtual
async def test_a_cut_cable_is_1006_on_both_sides() -> None:
    echo = Echo()
    connector = MemoryConnector(echo.app)
    socket = await connector("ws://peer.test/echo/a", {})
    connector.cut()
    assert await ended(socket) == (1006, "", False)
    await asyncio.sleep(0.01)
    assert echo.disconnects == [(1006, "")]


@pytest.mark.parametrize(
    ("path", "said"),
    [("denied", "HTTP 403 Forbidden"), ("rejected", "HTTP 410 Gone: call is over"), ("nowhere", "HTTP 403")],
)
def test_a_refusal_names_the_status(path: str, said: str) -> None:
    async def test() -> None:
        with pytest.raises(PeerError) as caught:
            await MemoryConnector(Echo().app)(f"ws://peer.test/{path}?secret=1", {})
        assert said in str(caught.value)
        assert "secret" not in str(caught.value)

    virtual(test)()


@virtual
async def test_an_app_that_does_not_answer_is_given_up() -> None:
    loop = asyncio.get_running_loop()
    with pytest.raises(PeerError, match="did not open within 10 s"):
        await MemoryConnector(Echo().app)("ws://peer.test/slow", {})
    assert loop.time() == pytest.approx(10)


@virtual
async def test_a_peer_that_does_not_read_holds_the_sender_back() -> None:
    connector = MemoryConnector(Echo().app)
    socket = await connector("ws://peer.test/deaf", {})
    sent = 0

    async def fill() -> None:
        nonlocal sent
        while True:
            await socket.send(bytes(1000))
            sent += 1000

    filling = asyncio.create_task(fill())
    await asyncio.sleep(60)
    assert HIGH_WATER - 2000 < sent <= HIGH_WATER + 1000
    connector.cut()  # the blocked sender is told
    with pytest.raises(SocketClosed):
        await filling
    await connector.aclose()


@virtual
async def test_the_app_is_held_back_by_a_client_that_does_not_read() -> None:
    sent = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            await send({"type": "websocket.send", "bytes": bytes(1000)})
            sent += 1000

    connector = MemoryConnector(app)
    await connector("ws://peer.test/", {})
    await asyncio.sleep(60)
    assert sent <= HIGH_WATER + 1000
    await connector.aclose()


@virtual
async def test_the_http_side_of_the_app_is_reached_as_well() -> None:
    transports = memory_transports(Echo().app)
    assert transports.http is not None
    async with httpx.AsyncClient(transport=transports.http) as client:
        assert (await client.get("http://peer.test/hello")).json() == {"hello": "peer.test"}


@virtual
async def test_what_is_no_websocket_address_is_refused() -> None:
    with pytest.raises(PeerError, match="is not a WebSocket address"):
        await MemoryConnector(Echo().app)("http://peer.test/echo/a", {})


@virtual
async def test_an_app_that_knows_the_short_way_takes_and_gives_at_once_and_in_order() -> None:
    door, told = Door(), list[str | bytes]()
    passages: list[Passage] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passage = scope["extensions"][PASSAGE]
        passages.append(passage)
        await receive()
        assert passage.to_app is None
        await send({"type": "websocket.accept"})
        passage.app = door
        await send({"type": "websocket.send", "text": "by queue"})
        while (message := await receive())["type"] != "websocket.disconnect":
            door.taken.append(message["bytes"])

    socket = await MemoryConnector(app)("ws://peer.test/", {})
    (passage,) = passages
    socket.meet(told.append)
    assert passage.to_client is None  # "by queue" has not been read yet
    assert await socket.recv() == "by queue"
    assert passage.to_client is not None
    passage.to_client(b"at once")
    assert told == [b"at once"]
    assert socket.door is door
    await socket.send(b"queued")
    assert socket.door is None  # it must not overtake
    await asyncio.sleep(0)
    assert door.taken == [b"queued"]
    assert socket.door is door
    await socket.close()
    assert socket.door is None
    assert passage.to_client is None
