"""One JSON request to a provider's REST API."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Final

import httpx
from msgspec import Struct

from voxrun.connectors.addresses import is_loopback, shown_url
from voxrun.connectors.payloads import parse
from voxrun.errors import PeerError
from voxrun.session.messages import Json, JsonObject

CONNECT_TIMEOUT: Final = 6.0
"""Seconds, the platform's own limit for HTTP connections."""
TOTAL_TIMEOUT: Final = 30.0
MAX_ANSWER: Final = 1024 * 1024
"""Bytes of an answer that are read; an answer to a call's creation has about 3 KB."""


class RestRequest(Struct, frozen=True):
    """A POST of a JSON body. ``headers`` hold secrets: note their names only."""

    url: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: JsonObject


class RestAnswer(Struct, frozen=True):
    """An answer: ``body`` is the parsed JSON, or the text where it is none; header names in lower case."""

    status: int
    phrase: str
    headers: Mapping[str, str]
    body: Json

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


async def post(request: RestRequest, transport: httpx.AsyncBaseTransport | None) -> RestAnswer:
    """Send ``request``; every status is an answer, redirects too. PeerError when there is none."""
    where = shown_url(request.url)
    try:
        async with asyncio.timeout(TOTAL_TIMEOUT):
            return await _post(request, transport)
    except (TimeoutError, httpx.TimeoutException):
        raise PeerError(f"{where} did not answer in time; check the address and the network") from None
    except httpx.ConnectError as error:
        raise PeerError(f"{where} cannot be reached: {error}; is the server running?") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise PeerError(f"the request to {where} failed: {error or type(error).__name__}") from error


async def _post(request: RestRequest, transport: httpx.AsyncBaseTransport | None) -> RestAnswer:
    client = _client(request.url, transport)
    try:
        async with client.stream(
            "POST",
            request.url,
            params=list(request.query),
            headers=dict(request.headers),
            json=request.body,
        ) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER:
                    raise PeerError(f"{shown_url(request.url)} answered with more than {MAX_ANSWER} bytes")
            return _answer(response, bytes(content))
    finally:
        if transport is None:  # a transport that was given belongs to its giver, and aclose would close it
            await client.aclose()


def _client(url: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    timeout = httpx.Timeout(TOTAL_TIMEOUT, connect=CONNECT_TIMEOUT)
    if transport is not None:
        return httpx.AsyncClient(transport=transport, timeout=timeout)
    target = httpx.URL(url)
    return httpx.AsyncClient(
        verify=_tls() if target.scheme == "https" else False,  # no TLS, so nothing to load
        trust_env=not is_loopback(target.host),  # a proxy of the environment is for the world outside
        timeout=timeout,
    )


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes some 20 ms, in which no audio would flow."""
    return httpx.create_ssl_context()


def _answer(response: httpx.Response, content: bytes) -> RestAnswer:
    text = content.decode(response.encoding or "utf-8", "replace")
    body: Json = text
    if text.strip():
        try:
            body = parse(text)
        except ValueError:
            body = text
    headers = {name: value for name, value in response.headers.items() if name != "set-cookie"}
    return RestAnswer(response.status_code, response.reason_phrase, headers, body)
