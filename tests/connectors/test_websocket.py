"""Real WebSockets on loopback: messages, ends, and one clear message for every way to fail."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve

from voxrun.connectors.transport import SocketClosed
from voxrun.connectors.websocket import SocketSettings, WebSocketConnector
from voxrun.errors import PeerError

pytestmark = pytest.mark.live

Handler = Callable[[ServerConnection], Awaitable[None]]
QUICK = SocketSettings(open_timeout=0.2, close_timeout=0.2)


@asynccontextmanager
async def server(
    handler: Handler, check: Callable[[ServerConnection, Request], Response | None] | None = None
) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, process_request=check, compression=None) as running:
        port = running.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/calls/1?token=hush"


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(body())


async def how(socket_recv: Awaitable[object]) -> tuple[int, str, bool]:
    with pytest.raises(SocketClosed) as caught:
        await socket_recv
    return caught.value.code, caught.value.reason, caught.value.clean


async def refusal(url: str, connector: WebSocketConnector | None = None) -> str:
    with pytest.raises(PeerError) as caught:
        await (connector or WebSocketConnector(settings=QUICK))(url, {})
    assert "hush" not in str(caught.value)
    return str(caught.value)


def test_messages_go_both_ways_and_headers_are_sent() -> None:
    async def test() -> None:
        seen: list[str] = []

        async def handler(connection: ServerConnection) -> None:
            assert connection.request is not None
            seen.extend(connection.request.headers.get_all("X-A"))
            seen.append(connection.request.headers.get("Sec-WebSocket-Extensions", "no extensions"))
            await echo(connection)

        async with server(handler) as url:
            socket = await WebSocketConnector()(url, {"X-A": "b"})
            await socket.send("täxt")
            await socket.send(bytes(1_000_000))
            assert await socket.recv() == "täxt"
            assert await socket.recv() == bytes(1_000_000)
            await socket.close()
            await socket.close()
        assert seen == ["b", "no extensions"]

    run(test)


def test_a_close_frame_of_the_peer_is_a_clean_end_with_its_code_and_reason() -> None:
    async def test() -> None:
        async def handler(connection: ServerConnection) -> None:
            await connection.close(4000, "enough")

        async with server(handler) as url:
            socket = await WebSocketConnector()(url, {})
            assert await how(socket.recv()) == (4000, "enough", True)
            assert await how(socket.send("late")) == (4000, "enough", True)

    run(test)


def test_a_dropped_connection_is_1006_and_not_clean() -> None:
    async def test() -> None:
        async def handler(connection: ServerConnection) -> None:
            await connection.send("hel")
            connection.transport.abort()

        async with server(handler) as url:
            socket = await WebSocketConnector()(url, {})
            assert await socket.recv() == "hel"
            assert await how(socket.recv()) == (1006, "", False)

    run(test)


def test_our_own_close_reaches_the_peer_with_its_code() -> None:
    async def test() -> None:
        codes: asyncio.Queue[int | None] = asyncio.Queue()

        async def handler(connection: ServerConnection) -> None:
            await connection.wait_closed()
            codes.put_nowait(connection.close_code)

        async with server(handler) as url:
            socket = await WebSocketConnector()(url, {})
            await socket.close(1000, "")
            assert await codes.get() == 1000
            assert await how(socket.recv()) == (1000, "", True)

    run(test)


def test_a_message_that_is_too_big_ends_the_connection() -> None:
    async def test() -> None:
        async def handler(connection: ServerConnection) -> None:
            await connection.send(bytes(2000))
            await connection.wait_closed()

        async with server(handler) as url:
            socket = await WebSocketConnector(settings=SocketSettings(max_message=1000))(url, {})
            code, _, _ = await how(socket.recv())
            assert code in (1006, 1009)

    run(test)


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_a_refused_handshake_names_the_status_and_what_the_peer_said(status: int) -> None:
    async def test() -> None:
        def check(connection: ServerConnection, request: Request) -> Response | None:
            return connection.respond(http.HTTPStatus(status), "not today\n")

        async with server(echo, check) as url:
            message = await refusal(url)
        assert f"HTTP {status} " in message
        assert "not today" in message
        assert "/calls/1" in message

    run(test)


def test_a_redirect_is_a_refusal_and_nothing_else_is_dialled() -> None:
    async def test() -> None:
        reached: list[str] = []

        async def handler(connection: ServerConnection) -> None:
            reached.append("elsewhere")

        async with server(handler) as elsewhere:

            def check(connection: ServerConnection, request: Request) -> Response | None:
                response = connection.respond(http.HTTPStatus.FOUND, "")
                response.headers["Location"] = elsewhere
                return response

            async with server(echo, check) as url:
                assert "HTTP 302" in await refusal(url)
        assert reached == []

    run(test)


def test_a_port_where_nobody_listens_says_so() -> None:
    async def test() -> None:
        async with server(echo) as url:
            pass  # closed again: the port is free
        message = await refusal(url)
        assert "connection refused" in message
        assert "is the server running?" in message

    run(test)


def test_a_peer_that_never_answers_the_handshake_is_given_up() -> None:
    async def test() -> None:
        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        async with await asyncio.start_server(mute, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            assert "did not open within 0.2 s" in await refusal(f"ws://127.0.0.1:{port}/")

    run(test)


def test_a_peer_that_speaks_something_else_is_named() -> None:
    async def test() -> None:
        async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.test ESMTP\r\n")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(smtp, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            assert "does not answer as a WebSocket server" in await refusal(f"ws://127.0.0.1:{port}/")

    run(test)


@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "nonsense", "ws://", ""])
def test_what_is_no_websocket_address_says_what_one_looks_like(url: str) -> None:
    async def test() -> None:
        assert "ws:// or wss://" in await refusal(url)

    run(test)


def test_the_guard_is_asked_first_and_can_refuse() -> None:
    async def test() -> None:
        asked: list[str] = []

        async def guard(url: str) -> str | None:
            asked.append(url)
            raise PeerError("blocked: a metadata address")

        async with server(echo) as url:
            assert await refusal(url, WebSocketConnector(guard)) == "blocked: a metadata address"
        assert asked == [url]

    run(test)


def test_a_name_that_the_guard_cannot_resolve_is_named() -> None:
    async def test() -> None:
        async def guard(url: str) -> str | None:
            raise OSError(-2, "Name or service not known")

        message = await refusal("wss://voice.nowhere.test/x", WebSocketConnector(guard))
        assert "voice.nowhere.test" in message
        assert "Name or service not known" in message

    run(test)


def test_the_address_that_the_guard_checked_is_the_one_that_is_dialled() -> None:
    async def test() -> None:
        hosts: list[str] = []

        async def handler(connection: ServerConnection) -> None:
            assert connection.request is not None
            hosts.append(connection.request.headers["Host"])

        async def guard(url: str) -> str | None:
            return "127.0.0.1"

        async with server(handler) as url:
            named = url.replace("127.0.0.1", "voice.nowhere.test")
            socket = await WebSocketConnector(guard)(named, {})
            assert await how(socket.recv()) == (1000, "", True)
        assert hosts[0].startswith("voice.nowhere.test:")

    run(test)
