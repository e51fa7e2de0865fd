"""Net.httpRequest: three requests at once, the rest wait; every outcome is a result, never an exception.

Result codes (typings of VoxEngine): the HTTP status, or 0 limits, -1 unknown, -2 bad URL, -3 host not
found, -4 connection, -5 redirects, -6 network, -7 timeout, -8 internal, -9 response over 2 MB.
"""

from __future__ import annotations

import asyncio
import base64
import codecs
import logging
import socket
from collections import deque
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx
from msgspec import Struct

from voxrun.errors import ScenarioError, VoxrunError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.guard import Blocked
from voxrun.session.limits import Limits
from voxrun.session.messages import Command, Event

log = logging.getLogger(__name__)

USER_AGENT = "VoxEngine/1.0"
MOST_REDIRECTS = 10
LONGEST_SECONDS = 90.0
"""Platform: a request takes 90 s at most, 6 of them for the connection."""

NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})
"""Python's text encodings that are none of the web."""


class HttpRequest(Struct, frozen=True):
    """One request as the realm asks for it; times in seconds."""

    id: str
    url: str
    method: str
    headers: tuple[tuple[str, str], ...]
    params: tuple[tuple[str, str], ...]
    content: bytes | None
    raw: bool
    timeout: float
    connect: float


def read_request(command: Command) -> HttpRequest:
    """Check a command of the realm. Raises ScenarioError."""
    data = Arguments(command)
    return HttpRequest(
        id=command.target,
        url=data.text("url"),
        method=data.text("method", 100) or "GET",
        headers=tuple(data.pairs("headers")),
        params=tuple(data.pairs("params")),
        content=data.content("body"),
        raw=data.flag("raw"),
        timeout=data.number("timeout", 0, LONGEST_SECONDS),
        connect=data.number("connect", 0, LONGEST_SECONDS),
    )


class HttpService(Service):
    """HTTP requests of a session."""

    handles: ClassVar[frozenset[str]] = frozenset({"http.request"})

    def __init__(self, context: ServiceContext, transport: httpx.AsyncBaseTransport, limits: Limits) -> None:
        super().__init__(context)
        self._limits = limits
        self._client = httpx.AsyncClient(
            transport=transport, follow_redirects=True, max_redirects=MOST_REDIRECTS, trust_env=False
        )
        self._waiting: deque[HttpRequest] = deque()
        self._active: dict[str, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def active(self) -> int:
        """Requests under way."""
        return len(self._active)

    def execute(self, command: Command) -> None:
        request = read_request(command)
        if request.id in self._active or any(request.id == other.id for other in self._waiting):
            raise ScenarioError("http.request: there is a request of that id")
        if len(self._active) + len(self._waiting) >= self._limits.http_total:
            raise ScenarioError(f"more than {self._limits.http_total} HTTP requests active and waiting")
        self._waiting.append(request)
        self._start_next()

    def _start_next(self) -> None:
        while self._waiting and len(self._active) < self._limits.http_active:
            request = self._waiting.popleft()
            task = asyncio.get_running_loop().create_task(self._run(request))
            self._active[request.id] = task
            self._idle.clear()

    async def _run(self, request: HttpRequest) -> None:
        try:
            result = await self._perform(request)
        finally:
            self._active.pop(request.id, None)
            if not self._active:
                self._idle.set()
        self.context.journal.note(
            "wire", {"dir": "in", "what": "http", "id": request.id, "payload": {"code": result["code"]}}
        )
        self.context.emit(Event("@http", request.id, result))
        self._start_next()

    async def _perform(self, request: HttpRequest) -> dict[str, Any]:
        try:
            async with asyncio.timeout(request.timeout):
                return await self._send(request)
        except TimeoutError:
            return failure(-7, f"no answer within {request.timeout:g} s")
        except httpx.TimeoutException as error:
            return failure(-7, f"timeout: {error or type(error).__name__}")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return failure(-2, f"bad URL {request.url!r}: {error}")
        except httpx.TooManyRedirects:
            return failure(-5, f"more than {MOST_REDIRECTS} redirects")
        except Blocked as error:
            return failure(-4, str(error))
        except httpx.ConnectError as error:
            return failure(-3 if _is_unknown_host(error) else -4, str(error) or "cannot connect")
        except (httpx.HTTPError, OSError) as error:
            return failure(-6, str(error) or type(error).__name__)
        except VoxrunError as error:  # the network in virtual time: say so, do not hide it
            self.context.journal.note("error", {"message": str(error), "own": True})
            return failure(-8, str(error))
        except ValueError as error:
            return failure(-2, f"bad request: {error}")
        except Exception as error:  # the scenario waits for a result, whatever went wrong with us
            log.exception("an HTTP request failed")
            return failure(-8, f"internal error: {error!r}")

    async def _send(self, wish: HttpRequest) -> dict[str, Any]:
        url = httpx.URL(wish.url)
        if url.scheme not in ("http", "https") or not url.host:
            return failure(-2, f"bad URL {wish.url!r}: it must begin with http:// or https://")
        request = self._client.build_request(
            wish.method,
            _with_params(url, wish.params),
            headers=_headers(wish),
            content=wish.content,
            timeout=httpx.Timeout(wish.timeout, connect=wish.connect),
        )
        response = await self._client.send(request, stream=True)
        try:
            return await self._read(response, wish.raw)
        finally:
            await response.aclose()

    async def _read(self, response: httpx.Response, raw: bool) -> dict[str, Any]:
        most = self._limits.http_response_bytes
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most:
                return failure(-9, f"the response is larger than {most} bytes")
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        result: dict[str, Any] = {
            "code": response.status_code,
            "headers": [{"key": name, "value": value} for name, value in pairs],
            "raw_headers": "".join(f"{name}: {value}\r\n" for name, value in pairs),
        }
        if raw:
            result["bytes"] = base64.b64encode(body).decode()
        else:
            result["text"] = decode_text(bytes(body), response.charset_encoding)
        return result

    def drop_waiting(self) -> None:
        """Forget requests that are not under way (the session is terminating)."""
        self._waiting.clear()

    async def wait_idle(self) -> None:
        """Until no request is under way."""
        await self._idle.wait()

    async def give_up(self) -> None:
        """End the requests under way; they get no result."""
        tasks = tuple(self._active.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._active.clear()  # a task that was cancelled before its first step cannot say so itself
        self._idle.set()

    async def close(self) -> None:
        self._waiting.clear()
        await self.give_up()
        await self._client.aclose()


def failure(code: int, error: str) -> dict[str, Any]:
    """A result for a request that got no response."""
    return {"code": code, "error": error, "headers": [], "raw_headers": "", "text": ""}


def decode_text(body: bytes, charset: str | None) -> str:
    """A body as text: UTF-8 unless the server names another encoding that is known."""
    try:
        codec = codecs.lookup(charset or "utf-8").name
        if codec not in NO_CHARSETS:
            return body.decode(codec, "replace")
    except (LookupError, ValueError):
        pass  # no such encoding, or one that does not make text
    return body.decode("utf-8", "replace")


def _with_params(url: httpx.URL, params: tuple[tuple[str, str], ...]) -> httpx.URL:
    """``url`` with ``params`` behind its own query, which stays as it is (it may be signed)."""
    if not params:
        return url
    added = urlencode(params, errors="surrogatepass").encode()
    return url.copy_with(query=b"&".join(part for part in (url.query, added) if part))


def _headers(request: HttpRequest) -> list[tuple[bytes, bytes]]:
    pairs = list(request.headers)
    if not any(name.lower() == "user-agent" for name, _ in pairs):
        pairs.append(("User-Agent", USER_AGENT))
    return [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in pairs]


def _is_unknown_host(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, socket.gaierror) or "host not found" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
