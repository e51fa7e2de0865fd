"""WebSockets that come in, over the in-memory server; real ones are in tests/server/test_app.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.connectors.provider import virtual

from voxrun.connectors.asgi_socket import AsgiDoor, AsgiSocket
from voxrun.connectors.memory import MemoryConnector, MemorySocket
from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import PeerError

URL = "ws://voxrun.test/request/s1/token/more?a=b"


async def visit(
    serve: Callable[[AsgiDoor], Awaitable[None]], protocols: tuple[str, ...] = ()
) -> tuple[MemorySocket, MemoryConnector]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await serve(AsgiDoor(scope, receive, send))

    connector = MemoryConnector(app)
    return await connector(URL, {"X-Id": "7"}, protocols), connector


async def keep(door: AsgiDoor, sockets: list[ClientSocket]) -> None:
    sockets.append(await door.accept())
    await asyncio.Event().wait()


@virtual
async def test_a_door_tells_path_headers_and_lets_in() -> None:
    seen: list[Any] = []

    async def serve(door: AsgiDoor) -> None:
        seen.extend([door.path, dict(door.headers)["x-id"]])
        socket = await door.accept()
        await socket.send("hello")
        seen.append(await socket.recv())
        with pytest.raises(SocketClosed) as closed:
            await socket.recv()
        seen.append((closed.value.code, closed.value.reason, closed.value.clean))

    client, connector = await visit(serve)
    assert await client.recv() == "hello"
    await client.send("hi")
    await client.close(4001, "bye")
    await asyncio.sleep(0.1)
    await connector.aclose()
    assert seen == ["/request/s1/token/more?a=b", "7", "hi", (4001, "bye", True)]


@virtual
async def test_the_first_subprotocol_that_is_offered_is_taken() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await AsgiDoor({"subprotocols": ["chat", "other"]}, receive, send).accept()
    await AsgiDoor({"subprotocols": []}, receive, send).accept()
    assert [message["subprotocol"] for message in sent] == ["chat", None]


@virtual
async def test_a_refusal_has_a_status_and_a_reason() -> None:
    async def serve(door: AsgiDoor) -> None:
        await door.refuse(429, "too many")

    with pytest.raises(PeerError, match="HTTP 429 Too Many Requests: too many"):
        await visit(serve)


@virtual
async def test_a_server_that_knows_no_statuses_refuses_all_the_same() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await AsgiDoor({"type": "websocket", "extensions": None}, receive, send).refuse(429, "too many")
    assert sent == ["websocket.close"]


@virtual
async def test_closing_is_seen_by_both_and_happens_once() -> None:
    sockets: list[ClientSocket] = []
    client, connector = await visit(lambda door: keep(door, sockets))
    await asyncio.sleep(0)
    await sockets[0].close(1001, "the session is over")
    await sockets[0].close(1000)
    with pytest.raises(SocketClosed) as closed:
        await client.recv()
    assert (closed.value.code, closed.value.reason) == (1001, "the session is over")
    with pytest.raises(SocketClosed):
        await sockets[0].recv()
    with pytest.raises(SocketClosed):
        await sockets[0].send("more")
    await connector.aclose()


@pytest.mark.parametrize(
    ("message", "end"),
    [
        ({"code": 1000, "reason": "bye"}, (1000, "bye", True)),
        ({"code": 1005, "reason": ""}, (1005, "", True)),
        ({"code": 1005}, (1006, "", False)),  # uvicorn's words for a lost connection
        ({"code": 1006}, (1006, "", False)),
        ({}, (1006, "", False)),
    ],
)
def test_the_end_is_told_as_it_was(message: dict[str, Any], end: tuple[int, str, bool]) -> None:
    @virtual
    async def run() -> None:
        async def receive() -> Any:
            return {"type": "websocket.disconnect", **message}

        async def gone(message: Any) -> None:
            raise OSError("gone")

        socket = AsgiSocket(receive, gone)
        with pytest.raises(SocketClosed) as sending:
            await socket.send("x")
        assert sending.value.code == 1006
        for _ in range(2):
            with pytest.raises(SocketClosed) as closed:
                await socket.recv()
            assert (closed.value.code, closed.value.reason, closed.value.clean) == end
        await socket.close()

    run()


@virtual
async def test_binary_messages_come_through() -> None:
    async def receive() -> Any:
        return {"type": "websocket.receive", "bytes": b"\x00", "text": None}

    async def send(message: Any) -> None:
        assert message == {"type": "websocket.send", "bytes": b"\x01"}

    socket = AsgiSocket(receive, send)
    await socket.send(b"\x01")
    assert await socket.recv() == b"\x00"
