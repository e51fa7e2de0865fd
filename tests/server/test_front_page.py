"""A page at the front, with workers that are a few lines each."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_ws

from voxrun.server.backends import Backend
from voxrun.server.front import Front, create_front
from voxrun.server.options import ServerOptions
from voxrun.server.serve import serve

pytestmark = pytest.mark.live


class Worker:
    """Says welcome, tells of a session, and sends back what it is sent with its number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.authorized: list[str | None] = []

    async def __call__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.authorized.append(connection.request.headers.get("Authorization"))
        await connection.send(json.dumps({"type": "welcome", "scenarios": ["s.js"]}))
        await connection.send(json.dumps({"type": "session", "id": f"s{self.number}", "state": "started"}))
        async for text in connection:
            await connection.send(
                json.dumps({"type": "record", "worker": self.number, "got": json.loads(text)})
            )


async def hears(page: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = json.loads(await page.recv())
            if message["type"] == kind:
                return message


def test_one_welcome_all_sessions_and_each_call_at_its_worker() -> None:
    async def main() -> None:
        front, workers = Front(), [Worker(0), Worker(1)]
        servers = [await serve_ws(worker, "127.0.0.1", 0) for worker in workers]
        backends = []
        for worker, server in zip(workers, servers, strict=True):
            port = next(iter(server.sockets)).getsockname()[1]
            backends.append(Backend(worker.number, f"http://127.0.0.1:{port}", "inner"))
            front.up(backends[-1])
        port_there: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        app = create_front(front, ServerOptions(version="1"))
        serving = asyncio.create_task(serve(app, "127.0.0.1", 0, ready=port_there.set_result))
        async with connect(f"ws://127.0.0.1:{await port_there}/ws", proxy=None) as page:
            await hears(page, "welcome")
            sessions = {(await hears(page, "session"))["id"] for _ in range(2)}
            assert sessions == {"s0", "s1"}
            while front.backends.live < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            front.backends.ended("s1")
            await page.send(json.dumps({"type": "call", "id": "c"}))
            assert (await hears(page, "record"))["worker"] == 1
            await page.send(json.dumps({"type": "hangup", "id": "c"}))
            assert (await hears(page, "record")) == {
                "type": "record", "worker": 1, "got": {"type": "hangup", "id": "c"},
            }  # fmt: skip
            front.down(backends[1], "it died")
            assert (await hears(page, "ended"))["id"] == "c"
            await page.send(json.dumps({"type": "call", "id": "d"}))
            assert (await hears(page, "record"))["worker"] == 0
        assert {token for worker in workers for token in worker.authorized} == {"Bearer inner"}
        serving.cancel()
        await asyncio.wait({serving})
        await front.close()
        for server in servers:
            server.close()

    asyncio.run(main())
