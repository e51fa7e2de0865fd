"""Who may talk to the server: Origin, Host and token, checked before anything else (DESIGN, "Trust").

A page of another origin must not drive voxrun through somebody's browser: a request with an ``Origin``
is let through only if that is the server itself. On loopback the ``Host`` must be a name of this machine
too, or a foreign name that resolves to 127.0.0.1 would count as the same origin (DNS rebinding). A server
that others can reach has a token. Session access URLs and recordings carry their own.
"""

from __future__ import annotations

import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

COOKIE: Final = "voxrun_token"
_OPEN: Final = ("/request/", "/sessions/", "/healthz")
"""Paths with tokens of their own, for programs anywhere."""


class Guard:
    """ASGI middleware. ``token`` "" lets everybody in who can reach the server; ``loopback`` says that only
    this machine can."""

    def __init__(self, app: ASGIApp, token: str, loopback: bool, secure: bool) -> None:
        self._app = app
        self._token = token
        self._loopback = loopback
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        trouble = self._trouble(headers, scope)
        if trouble:
            await _refuse(scope, receive, send, trouble)
        elif self._token and scope["type"] == "http" and self._in_query(scope):
            await self._keep_token(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _trouble(self, headers: Headers, scope: Scope) -> str:
        host = headers.get("host", "")
        if self._loopback and not self._token and not is_loopback_name(urlsplit(f"//{host}").hostname or ""):
            return f"voxrun serves this machine only, not {host!r}: use 127.0.0.1 or localhost."
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return f"Requests from {origin[:100]} are not allowed here."
        if self._token and not self._has_token(headers, scope):
            return "This server wants its token: open the link that voxrun printed when it started."
        return ""

    def _has_token(self, headers: Headers, scope: Scope) -> bool:
        given = [headers.get("authorization", "").removeprefix("Bearer "), _cookie(headers)]
        return self._in_query(scope) or any(self._is_token(value) for value in given)

    def _in_query(self, scope: Scope) -> bool:
        values = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return any(self._is_token(value) for value in values)

    def _is_token(self, value: str) -> bool:
        return hmac.compare_digest(value.encode(), self._token.encode())

    async def _keep_token(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put the token of the address into a cookie and go on without it, so that nobody copies it."""
        if scope["path"] != "/":
            await self._app(scope, receive, send)
            return
        response = RedirectResponse("/", 303)
        response.set_cookie(COOKIE, self._token, httponly=True, samesite="strict", secure=self._secure)
        await response(scope, receive, send)


def is_loopback_name(host: str) -> bool:
    """Whether ``host`` names this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


async def _refuse(scope: Scope, receive: Receive, send: Send, why: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": "refused"})  # 403 before the upgrade
        return
    await PlainTextResponse(why + "\n", 403)(scope, receive, send)
