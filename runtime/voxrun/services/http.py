"""Net.httpRequest: three requests at once, the rest wait; every outcome is a result, never an exception.

Result codes (typings of VoxEngine): the HTTP status, or 0 limits, -1 unknown, -2 bad URL, -3 host not
found, -4 connection, -5 redirects, -6 network, -7 timeout, -8 internal, -9 response over 2 MB.
"""

from __future__ import annotations

import asyncio
import base64
import socket
from collections import deque
from typing import Any, ClassVar

import httpx

from voxrun.errors import VoxrunError
from voxrun.services.base import Service, ServiceContext
from voxrun.services.guard import Blocked
from voxrun.session.limits import Limits
from voxrun.session.messages import Command, Event

USER_AGENT = "VoxEngine/1.0"
MOST_REDIRECTS = 10


class HttpService(Service):
    """HTTP requests of a session."""

    handles: ClassVar[frozenset[str]] = frozenset({"http.request"})

    def __init__(self, context: ServiceContext, transport: httpx.AsyncBaseTransport, limits: Limits) -> None:
        super().__init__(context)
        self._limits = limits
        self._client = httpx.AsyncClient(
            transport=transport, follow_redirects=True, max_redirects=MOST_REDIRECTS, trust_env=False
        )
        self._waiting: deque[Command] = deque()
        self._active: dict[str, asyncio.Task[None]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def active(self) -> int:
        """Requests under way."""
        return len(self._active)

    def execute(self, command: Command) -> None:
        self._waiting.append(command)
        self._start_next()

    def _start_next(self) -> None:
        while self._waiting and len(self._active) < self._limits.http_active:
            command = self._waiting.popleft()
            task = asyncio.get_running_loop().create_task(self._run(command))
            self._active[command.target] = task
            self._idle.clear()

    async def _run(self, command: Command) -> None:
        request_id = command.target
        try:
            result = await self._perform(dict(command.data))
        finally:
            self._active.pop(request_id, None)
            if not self._active:
                self._idle.set()
        self.context.journal.note(
            "wire", {"dir": "in", "what": "http", "id": request_id, "payload": {"code": result["code"]}}
        )
        self.context.emit(Event("@http", request_id, result))
        self._start_next()

    async def _perform(self, data: dict[str, Any]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(float(data["timeout"])):
                return await self._send(data)
        except TimeoutError:
            return failure(-7, f"no answer within {data['timeout']:g} s")
        except httpx.TimeoutException as error:
            return failure(-7, f"timeout: {error or type(error).__name__}")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            return failure(-2, f"bad URL {data['url']!r}: {error}")
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

    async def _send(self, data: dict[str, Any]) -> dict[str, Any]:
        url = httpx.URL(str(data["url"]))
        if url.scheme not in ("http", "https") or not url.host:
            return failure(-2, f"bad URL {data['url']!r}: it must begin with http:// or https://")
        for name, value in data.get("params") or []:
            url = url.copy_add_param(name, value)
        request = self._client.build_request(
            str(data["method"]),
            url,
            headers=_headers(data),
            content=_content(data),
            timeout=httpx.Timeout(float(data["timeout"]), connect=float(data["connect"])),
        )
        response = await self._client.send(request, stream=True)
        try:
            return await self._read(response, raw=bool(data.get("raw")))
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
            result["text"] = body.decode(response.charset_encoding or "utf-8", "replace")
        return result

    def drop_waiting(self) -> None:
        """Forget requests that are not under way (the session is terminating)."""
        self._waiting.clear()

    async def wait_idle(self) -> None:
        """Until no request is under way."""
        await self._idle.wait()

    async def close(self) -> None:
        self._waiting.clear()
        tasks = tuple(self._active.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()


def failure(code: int, error: str) -> dict[str, Any]:
    """A result for a request that got no response."""
    return {"code": code, "error": error, "headers": [], "raw_headers": "", "text": ""}


def _headers(data: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = [(str(name), str(value)) for name, value in data.get("headers") or []]
    if not any(name.lower() == "user-agent" for name, _ in pairs):
        pairs.append(("User-Agent", USER_AGENT))
    return pairs


def _content(data: dict[str, Any]) -> bytes | None:
    body = data.get("body") or {}
    if "bytes" in body:
        return base64.b64decode(body["bytes"])
    if "text" in body:
        return str(body["text"]).encode("utf-8", "surrogatepass")
    return None


def _is_unknown_host(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, socket.gaierror) or "host not found" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
