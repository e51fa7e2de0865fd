"""The Ultravox client over real sockets: HTTP and WebSocket servers on loopback, written by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.connectors.provider import CREATE, KEY, Ear, Host, ms
from websockets.asyncio.server import ServerConnection, serve

from voxrun.connectors.transport import Transports
from voxrun.connectors.ultravox import UltravoxClient
from voxrun.connectors.websocket import WebSocketConnector
from voxrun.media.graph import Source

pytestmark = pytest.mark.live

Talk = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def rest(status: str, body: bytes, seen: list[bytes]) -> AsyncIterator[str]:
    """An HTTP server that reads one request and gives one answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        seen.extend((head, await reader.readexactly(length)))
        lines = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(lines.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"


@asynccontextmanager
async def client(base_url: str) -> AsyncIterator[tuple[UltravoxClient, Host]]:
    host = Host(Transports(WebSocketConnector()))
    made = UltravoxClient("c" * 32, CREATE, host, base_url=base_url)
    await made.open()
    try:
        yield made, host
    finally:
        await made.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(body())


def test_a_whole_call_request_join_events_audio_both_ways_and_the_end() -> None:
    voice = b"\x01\x02" * 320

    async def test() -> None:
        said: list[Any] = []
        heard_us = asyncio.Event()

        async def talk(connection: ServerConnection) -> None:
            await connection.send(json.dumps({"type": "call_started", "callId": "1"}))
            await connection.send(ms(400))
            async for message in connection:
                if isinstance(message, str):
                    said.append(json.loads(message))
                elif message == voice:
                    heard_us.set()
                    await connection.close(1000, "")

        async with serve(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            body = json.dumps({"callId": "1", "joinUrl": f"ws://127.0.0.1:{port}/calls/1/server_web_socket"})
            seen: list[bytes] = []
            async with rest("201 Created", body.encode(), seen) as url, client(url) as (made, host):
                ear, microphone = Ear(), Source()
                made.source.connect(ear)
                microphone.connect(made.sink)
                made.call("userTextMessage", {"text": "HI!"})
                await host.until("WebSocketMediaStarted")
                while not heard_us.is_set():
                    microphone.push(voice)
                    await asyncio.sleep(0.02)
                await host.until("closed")
        assert seen[0].startswith(b"POST /api/calls HTTP/1.1\r\n")
        assert f"X-API-Key: {KEY}".lower().encode() in seen[0].lower()
        assert json.loads(seen[1])["voice"] == "Mark"
        assert said == [{"text": "HI!", "type": "user_text_message"}]
        assert ear.pcm == ms(400)
        assert host.log[:2] == ["ConnectorInformation", "HTTPResponse"]
        assert host.ends == [(1000, "", True)]

    run(test)


@pytest.mark.parametrize("status", ["401 Unauthorized", "402 Payment Required", "429 Too Many Requests"])
def test_a_refusal_over_the_network_is_told_in_order(status: str) -> None:
    async def test() -> None:
        async with rest(status, b'{"detail":"no"}', []) as url, client(url) as (_, host):
            await host.until("closed")
        assert host.log == ["ConnectorInformation", "HTTPResponse", "WebSocketError", "closed"]
        assert status in host.payloads("WebSocketError")[0]["reason"]

    run(test)


def test_an_api_that_is_not_there_is_told_without_an_http_response() -> None:
    async def test() -> None:
        async with rest("201 Created", b"{}", []) as url:
            pass  # closed again: the port is free
        async with client(url) as (_, host):
            await host.until("closed")
        assert host.log == ["ConnectorInformation", "WebSocketError", "closed"]
        assert "is the server running?" in host.payloads("WebSocketError")[0]["reason"]

    run(test)


def test_a_connection_that_breaks_in_mid_word_is_1006() -> None:
    async def test() -> None:
        async def talk(connection: ServerConnection) -> None:
            await connection.send(ms(2000))
            await connection.recv()
            connection.transport.abort()

        async with serve(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            body = json.dumps({"joinUrl": f"ws://127.0.0.1:{port}/"}).encode()
            async with rest("201 Created", body, []) as url, client(url) as (_, host):
                await host.until("closed")
        assert host.ends[0][0] == 1006
        assert host.ends[0][2] is False
        assert host.log[-2:] == ["WebSocketError", "closed"]

    run(test)
