"""Who is let in."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import websockets
from starlette.responses import PlainTextResponse
from tests.server.scripted import running

from voxrun.server.guard import COOKIE, Guard, is_loopback_name


async def ask(guard: Guard, path: str = "/", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=guard)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        return await client.get(path, headers=headers)


def guard(token: str = "", loopback: bool = True) -> Guard:
    return Guard(PlainTextResponse("in"), token, loopback, secure=False)


def status(token: str = "", loopback: bool = True, path: str = "/", **headers: str) -> int:
    return asyncio.run(ask(guard(token, loopback), path, **headers)).status_code


def test_the_own_page_is_let_in_and_a_foreign_one_is_not() -> None:
    assert status() == 200
    assert status(Origin="http://127.0.0.1:8080") == 200
    assert status(Origin="http://evil.example") == 403
    assert status(Origin="http://127.0.0.1:9999") == 403
    assert status(Origin="null") == 403


def test_a_foreign_name_that_leads_to_this_machine_is_refused() -> None:
    assert status(Host="rebound.example", Origin="http://rebound.example") == 403
    assert status(Host="localhost:8080", Origin="http://localhost:8080") == 200
    assert status(Host="") == 403


@pytest.mark.parametrize(
    ("headers", "path", "expected"),
    [
        ({}, "/", 403),
        ({}, "/ws", 403),
        ({"Authorization": "Bearer wrong"}, "/", 403),
        ({"Authorization": "Bearer sesame"}, "/whip/1", 200),
        ({"Cookie": f"{COOKIE}=sesame"}, "/", 200),
        ({"Cookie": f"{COOKIE}=sesamé"}, "/", 403),
        ({"Cookie": "\x01=;;;"}, "/", 403),
        ({}, "/?token=wrong", 403),
        ({}, "/healthz", 200),
        ({}, "/request/s/t", 200),
    ],
)
def test_a_server_that_others_reach_wants_its_token(
    headers: dict[str, str], path: str, expected: int
) -> None:
    encoded: dict[str, Any] = {name: value.encode() for name, value in headers.items()}
    assert status("sesame", False, path, Host="voxrun.example", **encoded) == expected


def test_the_token_of_the_address_moves_into_a_cookie() -> None:
    reply = asyncio.run(ask(guard("sesame", False), "/?token=sesame", Host="voxrun.example"))
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_loopback_names() -> None:
    assert all(
        is_loopback_name(name) for name in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "a.localhost")
    )
    assert not any(
        is_loopback_name(name) for name in ("", "example.com", "10.0.0.1", "localhost.evil.example")
    )


@pytest.mark.live
def test_a_websocket_of_a_foreign_page_is_refused_before_it_opens() -> None:
    async def story() -> None:
        async with running() as server:
            with pytest.raises(websockets.InvalidStatus) as caught:
                async with server.page(additional_headers={"Origin": "http://evil.example"}):
                    pass
            assert caught.value.response.status_code == 403
            async with server.page(additional_headers={"Origin": server.url}) as page:
                assert page.welcome

    asyncio.run(story())
