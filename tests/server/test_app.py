"""Page, session access URLs and recordings over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from tests.server.scripted import Running, running

from voxrun.server.app import MAX_REQUEST_BYTES

pytestmark = pytest.mark.live


def play(story: Callable[[Running, httpx.AsyncClient], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        async with (
            asyncio.timeout(30),
            running(**options) as server,
            httpx.AsyncClient(base_url=server.url) as client,
        ):
            await story(server, client)

    asyncio.run(whole())


def test_the_page_is_served_with_a_strict_policy_and_never_stale() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        for path in ("/", "/static/index.html"):
            reply = await client.get(path)
            assert reply.status_code == 200
            assert "default-src 'none'" in reply.headers["content-security-policy"]
            assert "unsafe" not in reply.headers["content-security-policy"]
            assert reply.headers["cache-control"] == "no-cache"
            assert reply.headers["x-content-type-options"] == "nosniff"
            again = await client.get(path, headers={"If-None-Match": reply.headers["etag"]})
            assert again.status_code in (200, 304)
        assert (await client.get("/static/../app.py")).status_code == 404
        assert (await client.get("/static/%2e%2e/app.py")).status_code == 404
        assert (await client.get("/healthz")).text == "ok\n"

    play(story)


def test_any_request_to_the_access_url_reaches_the_scenario() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        reply = await client.post(
            "/request/s1/secret/more/path?a=b", content="héllo", headers={"X-A": "1", "Accept": "*/*"}
        )
        assert (reply.status_code, reply.text) == (200, "HÉLLO")
        seen = ("s1", "POST", "/request/s1/secret/more/path?a=b", "héllo", [("x-a", "1")])
        assert server.runtime.requests == [seen]
        for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert (await client.request(method, "/request/s1/secret")).status_code == 200
        assert [request[1] for request in server.runtime.requests][1:] == [
            "GET", "PUT", "PATCH", "DELETE", "OPTIONS",
        ]  # fmt: skip

    play(story)


def test_a_wrong_token_is_404_and_a_big_body_413() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        assert (await client.get("/request/s1/wrong")).status_code == 404
        big = await client.post("/request/s1/secret", content=b"x" * (MAX_REQUEST_BYTES + 1))
        assert big.status_code == 413
        binary = await client.post("/request/s1/secret", content=b"\xff\x00")
        assert binary.status_code == 200
        assert len(server.runtime.requests) == 1

    play(story)


def test_a_recording_wants_its_own_token_and_gives_ranges(tmp_path: Path) -> None:
    (tmp_path / "rec.mp3").write_bytes(bytes(range(100)))

    async def story(server: Running, client: httpx.AsyncClient) -> None:
        path = server.options.file_path("s1", "rec.mp3")
        reply = await client.get(path)
        assert reply.content == bytes(range(100))
        part = await client.get(path, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
        assert (await client.get("/sessions/s1/files/rec.mp3")).status_code == 404
        assert (await client.get("/sessions/s1/files/rec.mp3?token=é")).status_code == 404
        other = server.options.file_token("s1", "other.mp3")
        assert (await client.get(f"/sessions/s1/files/rec.mp3?token={other}")).status_code == 404
        assert (await client.get(server.options.file_path("s1", "gone.mp3"))).status_code == 404
        assert (await client.get(server.options.file_path("s9", "rec.mp3"))).status_code == 404

    play(story, folder=tmp_path)


def socket_url(server: Running, path: str) -> str:
    return f"ws://127.0.0.1:{server.port}/request/s1/{path}"


def test_the_access_url_is_a_websocket_too() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        url = socket_url(server, "secret/more?a=b")
        async with websockets.connect(url, additional_headers={"X-A": "1"}, subprotocols=["chat"]) as socket:
            assert socket.subprotocol == "chat"
            for message in ("hello", b"\x00"):
                await socket.send(message)
                assert await socket.recv() == message
            await socket.send("close")
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert (socket.close_code, socket.close_reason) == (4000, "as you wish")
        assert server.runtime.requests == [("s1", "/request/s1/secret/more?a=b", "1")]

    play(story)


@pytest.mark.parametrize(("path", "status"), [("wrong", 404), ("secret/full", 429)])
def test_a_websocket_that_may_not_come_in_gets_a_status(path: str, status: int) -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(socket_url(server, path))
        assert refused.value.response.status_code == status

    play(story)


def test_how_a_websocket_ends_is_told_as_it_was() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        async with websockets.connect(socket_url(server, "secret")) as socket:
            await socket.close(4001, "done")
        lost = await websockets.connect(socket_url(server, "secret"))
        lost.transport.abort()
        async with asyncio.timeout(10):
            while len(server.runtime.requests) < 4:
                await client.get("/healthz")
        ends = [each for each in server.runtime.requests if isinstance(each[0], int)]
        assert ends == [(4001, "done", True), (1006, "", False)]

    play(story)
