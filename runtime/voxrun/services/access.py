"""The session access URL: a request becomes AppEvents.HttpRequest, the handler's return value the reply."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from msgspec import Struct

from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.session.messages import Command, Event

REPLY_WITHIN = 30.0
"""Seconds an asynchronous handler may take before the request is answered 504."""

MOST_REPLY = 16 * 1024 * 1024


class AccessReply(Struct, frozen=True):
    """What the HTTP client gets."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


OVER = AccessReply(410, b"the session is over\n")


class AccessService(Service):
    """Requests that wait for the scenario's answer."""

    handles: ClassVar[frozenset[str]] = frozenset({"access.reply"})

    def __init__(self, context: ServiceContext) -> None:
        super().__init__(context)
        self._waiting: dict[str, asyncio.Future[AccessReply]] = {}
        self._closed = False

    async def request(
        self, method: str, path: str, content: str, headers: list[tuple[str, str]]
    ) -> AccessReply:
        """Raise HttpRequest and wait for the reply. ``headers``: X-* only reach the scenario."""
        if self._closed:
            return OVER
        request_id = self.context.new_id("access")
        reply: asyncio.Future[AccessReply] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = reply
        shown = [{"key": name, "value": value} for name, value in headers if name.lower().startswith("x-")]
        self.context.emit(
            Event(
                "Application.HttpRequest",
                request_id,
                {"method": method, "path": path, "content": content, "headers": shown},
            )
        )
        try:
            async with asyncio.timeout(REPLY_WITHIN):
                return await reply
        except TimeoutError:
            return AccessReply(504, b"the scenario did not answer in time\n")
        finally:
            self._waiting.pop(request_id, None)

    def execute(self, command: Command) -> None:
        reply = self._waiting.get(command.target)
        if reply is None or reply.done():
            return
        data = Arguments(command)
        kind = "application/json" if data.flag("json") else "text/plain; charset=utf-8"
        body = data.text("body", MOST_REPLY).encode("utf-8", "surrogatepass")
        reply.set_result(AccessReply(200, body, kind))

    async def close(self) -> None:
        self._closed = True
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_result(OVER)
