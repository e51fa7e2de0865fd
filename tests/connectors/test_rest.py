"""One JSON request to a provider: every status is an answer, and no answer is one clear message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from voxrun.connectors.rest import RestAnswer, RestRequest, post
from voxrun.errors import PeerError

Responder = Callable[[httpx.Request], Awaitable[httpx.Response]]


def request(url: str = "https://api.test/api/calls") -> RestRequest:
    return RestRequest(url, (("a", "1"), ("a", "2")), {"X-API-Key": "k"}, {"voice": "Mark"})


def answer(responder: Responder) -> RestAnswer:
    return asyncio.run(post(request(), httpx.MockTransport(responder)))


def test_the_body_the_query_and_the_headers_are_sent() -> None:
    async def respond(got: httpx.Request) -> httpx.Response:
        assert got.method == "POST"
        assert str(got.url) == "https://api.test/api/calls?a=1&a=2"
        assert got.headers["x-api-key"] == "k"
        assert await got.aread() == b'{"voice":"Mark"}'
        return httpx.Response(201, json={"callId": "1"})

    got = answer(respond)
    assert got.ok
    assert (got.status, got.phrase, got.body) == (201, "Created", {"callId": "1"})


@pytest.mark.parametrize(
    ("content", "body"), [(b"", ""), (b"plain", "plain"), (b'{"a":NaN}', '{"a":NaN}'), (b"[1]", [1])]
)
def test_a_body_that_is_no_json_stays_text(content: bytes, body: Any) -> None:
    async def respond(got: httpx.Request) -> httpx.Response:
        return httpx.Response(503, content=content)

    got = answer(respond)
    assert not got.ok
    assert got.body == body


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    calls: list[str] = []

    async def respond(got: httpx.Request) -> httpx.Response:
        calls.append(str(got.url))
        return httpx.Response(302, headers={"Location": "http://169.254.169.254/"})

    assert answer(respond).status == 302
    assert len(calls) == 1


def test_an_answer_without_end_is_cut_off() -> None:
    async def respond(got: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=bytes(2_000_000))

    with pytest.raises(PeerError, match="more than 1048576 bytes"):
        answer(respond)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectError("Name or service not known"), "cannot be reached: Name or service not known"),
        (httpx.ConnectTimeout(""), "did not answer in time"),
        (httpx.RemoteProtocolError("Server disconnected"), "failed: Server disconnected"),
    ],
)
def test_no_answer_names_the_address_and_the_cause(error: Exception, said: str) -> None:
    async def respond(got: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(PeerError) as caught:
        answer(respond)
    assert "https://api.test/api/calls" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.live
def test_a_port_where_nobody_listens_is_a_clear_message() -> None:
    async def test() -> str:
        server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(PeerError) as caught:
            await post(request(f"http://127.0.0.1:{port}/api/calls"), None)
        return str(caught.value)

    assert "is the server running?" in asyncio.run(test())


def test_a_transport_that_was_given_is_not_closed() -> None:
    class Transport(httpx.MockTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    transport = Transport(lambda got: httpx.Response(201, json={}))
    asyncio.run(post(request(), transport))
    assert not transport.closed
