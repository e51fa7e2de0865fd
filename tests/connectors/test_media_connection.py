"""Messages that are handed over where they are read, with real WebSockets on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection, serve

from voxrun.connectors.media_connection import MOST_BUFFERED, MOST_WAITING
from voxrun.connectors.transport import MediaSocket, SocketClosed
from voxrun.connectors.websocket import NetworkSocket, WebSocketConnector

pytestmark = pytest.mark.live

Peer = Callable[[ServerConnection], Awaitable[None]]


def talk(peer: Peer, story: Callable[[NetworkSocket], Awaitable[None]]) -> None:
    async def main() -> None:
        async with serve(peer, "127.0.0.1", 0, compression=None, max_size=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            socket = await WebSocketConnector()(f"ws://127.0.0.1:{port}", {})
            async with asyncio.timeout(20):
                await story(socket)
            await socket.close()

    asyncio.run(main())


def test_texts_audio_and_fragments_come_in_order_whether_pumped_or_received() -> None:
    async def peer(connection: ServerConnection) -> None:
        await connection.send("one")
        await connection.send(b"\x01\x02")
        await connection.send(["th", "r\u00e9\u00e9"])
        await connection.send([b"fo", b"ur"])
        await connection.close(1000, "done")

    expected = ["one", b"\x01\x02", "thr\u00e9\u00e9", b"four"]

    async def received(socket: NetworkSocket) -> None:
        got: list[str | bytes] = []
        while len(got) < len(expected):
            got.append(await socket.recv())
        assert got == expected
        with pytest.raises(SocketClosed) as closed:
            await socket.recv()
        assert (closed.value.code, closed.value.reason, closed.value.clean) == (1000, "done", True)

    async def pumped(socket: NetworkSocket) -> None:
        got: list[str | bytes] = [await socket.recv()]
        closed = await socket.pump(got.append)
        assert got == expected
        assert (closed.code, closed.reason) == (1000, "done")

    talk(peer, received)
    talk(peer, pumped)


def test_a_text_that_is_no_utf_8_ends_the_connection_with_1007() -> None:
    async def peer(connection: ServerConnection) -> None:
        connection.protocol.send_text(b"\xff\xfe")
        connection.send_data()
        await connection.wait_closed()
        assert connection.close_code == 1007

    async def story(socket: NetworkSocket) -> None:
        assert (await socket.pump(lambda message: None)).code in (1006, 1007)

    talk(peer, story)


def test_a_peer_that_does_not_read_is_sent_no_more_than_half_a_buffer() -> None:
    stop = asyncio.Event()

    async def peer(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await stop.wait()
        connection.transport.abort()  # it would not read that the other end has gone

    async def story(socket: NetworkSocket) -> None:
        assert isinstance(socket, MediaSocket)
        sent = 0
        while socket.send_now(bytes(16_000)):
            sent += 1
            assert sent < 2000
            await asyncio.sleep(0)
        transport = socket._connection.transport
        assert transport.get_write_buffer_size() < MOST_BUFFERED + 2 * 16_100
        stop.set()
        transport.abort()

    talk(peer, story)


def test_nothing_is_sent_on_a_connection_that_is_over() -> None:
    async def peer(connection: ServerConnection) -> None:
        await connection.close()

    async def story(socket: NetworkSocket) -> None:
        await socket.pump(lambda message: None)
        assert not socket.send_now(b"\0\0")

    talk(peer, story)


def test_who_reads_slowly_holds_the_peer_up_and_loses_nothing() -> None:
    count = 20 * MOST_WAITING

    async def peer(connection: ServerConnection) -> None:
        for number in range(count):
            await connection.send(number.to_bytes(2, "big") + bytes(20_000))
        await connection.close()

    async def story(socket: NetworkSocket) -> None:
        got = [int.from_bytes((await socket.recv())[:2], "big")]  # type: ignore[arg-type]
        most = 0
        while len(got) < count:
            await asyncio.sleep(0)
            most = max(most, len(socket._connection.waiting))
            got.append(int.from_bytes((await socket.recv())[:2], "big"))  # type: ignore[arg-type]
        assert got == list(range(count))
        assert most < 2 * MOST_WAITING

    talk(peer, story)
