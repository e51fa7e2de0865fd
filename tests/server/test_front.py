"""The front's HTTP: to whom requests go, and what is said where nobody can take them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from voxrun.server.backends import Backend
from voxrun.server.front import Front, create_front
from voxrun.server.options import ServerOptions

Story = Callable[[Front, httpx.AsyncClient], Awaitable[None]]


def play(story: Story, token: str = "") -> None:
    async def main() -> None:
        front = Front()
        app = create_front(front, ServerOptions(version="1", token=token))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as client:
            await story(front, client)
        await front.close()

    asyncio.run(main())


def test_without_workers_and_while_draining_new_calls_get_503() -> None:
    async def story(front: Front, client: httpx.AsyncClient) -> None:
        answer = await client.post("/whip/100", content="v=0")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        front.backends.add(Backend(0, "http://127.0.0.1:9", "t"))
        front.draining = True
        assert (await client.post("/whip/100", content="v=0")).status_code == 503

    play(story)


def test_a_session_that_nobody_has_is_not_there() -> None:
    async def story(front: Front, client: httpx.AsyncClient) -> None:
        front.backends.add(Backend(0, "http://127.0.0.1:9", "t"))
        assert (await client.get("/request/abc/def")).status_code == 404
        assert (await client.delete("/whip/resource/abc-1")).status_code == 404

    play(story)


def test_a_worker_that_does_not_answer_is_told_as_502() -> None:
    async def story(front: Front, client: httpx.AsyncClient) -> None:
        gone = Backend(0, "http://127.0.0.1:9", "t")
        front.backends.add(gone)
        assert (await client.post("/whip/100", content="v=0")).status_code == 502
        assert gone.coming == 0

    play(story)


def test_the_front_wants_its_token() -> None:
    async def story(front: Front, client: httpx.AsyncClient) -> None:
        assert (await client.get("/")).status_code == 403

    play(story, token="hush")


@pytest.mark.live
def test_a_request_reaches_the_owner_with_the_workers_own_token_and_without_ours() -> None:
    seen: list[Request] = []

    async def worker(request: Request) -> Response:
        seen.append(request)
        body = await request.body()
        return PlainTextResponse(body + b"!", 201, {"X-Voxrun-Session": "abc", "X-Kept": "yes"})

    async def story(front: Front, client: httpx.AsyncClient) -> None:
        app = Starlette(routes=[Route("/{rest:path}", worker, methods=["POST", "DELETE"])])
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        owner = Backend(0, f"http://127.0.0.1:{port}", "inner")
        front.backends.add(owner)
        headers = {"Authorization": "Bearer outer", "X-Mine": "1"}
        answer = await client.post("/whip/100?from=a%20b", content="v=0", headers=headers)
        assert (answer.status_code, answer.text, answer.headers["x-kept"]) == (201, "v=0!", "yes")
        assert seen[0].headers["authorization"] == "Bearer inner"
        assert (seen[0].headers["x-mine"], seen[0].query_params["from"]) == ("1", "a b")
        assert front.backends.owner("abc") is owner
        assert (await client.delete("/whip/resource/abc-1")).status_code == 201
        server.should_exit = True
        await serving

    play(story)
