"""The HTTP door, with httpx as the client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.legs.webrtc.caller import Caller
from tests.server.scripted import Running, running

from voxrun.legs.webrtc.peer import PeerConfig

pytestmark = pytest.mark.live
SDP = {"Content-Type": "application/sdp"}


def play(story: Callable[[Running, httpx.AsyncClient], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        async with (
            asyncio.timeout(30),
            running(**options) as server,
            httpx.AsyncClient(base_url=server.url, timeout=20) as client,
        ):
            await story(server, client)

    asyncio.run(whole())


async def offer() -> tuple[Caller, str]:
    caller = Caller()
    return caller, await caller.offer()


def test_a_call_is_answered_connected_and_deleted() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        caller, sdp = await offer()
        query = "?from=bob&displayName=Bob%20B&customData=cd"
        headers = {**SDP, "X-Campaign": "spring"}
        reply = await client.post("/whip/answer" + query, content=sdp, headers=headers)
        assert reply.status_code == 201
        assert reply.headers["content-type"].startswith("application/sdp")
        assert reply.headers["x-voxrun-session"] == "s1"
        _, info, events = await server.runtime.call()
        assert (info.destination, info.callerid, info.display_name) == ("answer", "bob", "Bob B")
        assert info.custom_data == "cd"
        assert info.headers == {"x-campaign": "spring"}
        await caller.take(reply.text)
        await events.wait("first_audio")
        location = reply.headers["location"]
        patch = await client.patch(location, content="x")
        assert (patch.status_code, patch.headers["allow"]) == (405, "DELETE")
        assert (await client.delete(location)).status_code == 200
        assert (await events.wait("ended")).data["by"] == "remote"
        assert (await client.delete(location)).status_code == 404
        await caller.close()

    play(story)


def test_early_media_is_an_answer_too() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        caller, sdp = await offer()
        reply = await client.post("/whip/early", content=sdp, headers=SDP)
        assert reply.status_code == 201
        await caller.take(reply.text)
        await caller.connected()
        _, _, events = await server.runtime.call()
        assert events.kinds() == []
        await caller.close()

    play(story)


@pytest.mark.parametrize(
    ("to", "status", "code", "config"),
    [
        ("reject", 403, 486, PeerConfig()),
        ("wait", 408, 408, PeerConfig(no_answer_seconds=0.2)),
    ],
)
def test_a_call_that_is_not_answered_is_a_problem(
    to: str, status: int, code: int, config: PeerConfig
) -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        caller, sdp = await offer()
        reply = await client.post(f"/whip/{to}", content=sdp, headers=SDP)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["sip_code"] == code
        assert reply.json()["sip_reason"]
        await caller.close()

    play(story, config=config)


def test_a_client_that_leaves_cancels_the_call() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        caller, sdp = await offer()
        post = asyncio.create_task(client.post("/whip/wait", content=sdp, headers=SDP))
        _, _, events = await server.runtime.call()
        post.cancel()
        ended = await events.wait("ended")
        assert (ended.data["code"], ended.data["by"]) == (487, "remote")
        await caller.close()

    play(story)


def test_bad_requests_are_problems_and_make_no_session() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        cases: list[tuple[dict[str, Any], int]] = [
            ({"content": "v=0", "headers": {"Content-Type": "text/plain"}}, 415),
            ({"content": "garbage", "headers": SDP}, 400),
            ({"content": b"\xff\xfe", "headers": SDP}, 400),
            ({"content": "", "headers": SDP}, 400),
            ({"content": "x" * 40_000, "headers": SDP}, 413),
            ({"content": "v=0", "headers": {**SDP, "X-Long": "v" * 300}}, 400),
            ({"content": "v=0", "headers": SDP, "params": {"from": "f" * 300}}, 400),
            ({"content": "v=0", "headers": {**SDP, "Origin": "http://evil.example"}}, 403),
        ]
        for arguments, status in cases:
            reply = await client.post("/whip/answer", **arguments)
            assert reply.status_code == status, arguments
            if status != 403:
                assert json.loads(reply.text)["detail"]
        assert server.runtime.calls == []
        assert (await client.get("/whip/answer")).status_code == 405

    play(story)


def test_no_session_to_be_had_is_503() -> None:
    async def story(server: Running, client: httpx.AsyncClient) -> None:
        caller, sdp = await offer()
        reply = await client.post("/whip/refuse", content=sdp, headers=SDP)
        assert reply.status_code == 503
        assert "too many" in reply.json()["detail"]
        await caller.close()

    play(story)


def test_calls_end_with_the_server() -> None:
    async def story() -> None:
        async with running() as server, httpx.AsyncClient(base_url=server.url) as client:
            caller, sdp = await offer()
            reply = await client.post("/whip/answer", content=sdp, headers=SDP)
            await caller.take(reply.text)
            _, _, events = await server.runtime.call()
            await events.wait("answered")
        assert (await events.wait("ended")).data["by"] == "remote"
        await caller.close()

    asyncio.run(story())
