"""What the scenario finds on the network: the script's HTTP stubs. Anything else fails the script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.writers import wav_header
from voxrun.replay.script import HttpStub, StubReply
from voxrun.replay.texts import mismatch
from voxrun.speech.base import Speech, Voice

Told = Callable[[str, dict[str, Any]], None]
"""(url, {method, headers, body, json, stub})"""


class StubNet(httpx.AsyncBaseTransport):
    """``httpx`` transport that answers from the script. ``told`` hears of every request, ``unmatched`` of
    those that no stub fits."""

    def __init__(
        self,
        stubs: tuple[HttpStub, ...],
        speech: Speech,
        told: Told,
        unmatched: Callable[[str], None],
    ) -> None:
        self._stubs = stubs
        self._used = [0] * len(stubs)
        self._speech = speech
        self._told = told
        self._unmatched = unmatched

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = (await request.aread()).decode("utf-8", "replace")
        url = str(request.url)
        found = self._find(request, body)
        self._told(
            url,
            {
                "method": request.method,
                "headers": dict(request.headers),
                "body": body,
                "json": _json(body),
                "stub": None if found is None else self._stubs[found].where,
            },
        )
        if found is None:
            self._unmatched(f"{request.method} {url}")
            return httpx.Response(404, text="the call script has no stub for this request")
        replies = self._stubs[found].replies
        reply = replies[min(self._used[found], len(replies) - 1)]
        self._used[found] += 1
        return await self._answer(reply)

    def _find(self, request: httpx.Request, body: str) -> int | None:
        return next((i for i, stub in enumerate(self._stubs) if fits(stub, request, body)), None)

    async def _answer(self, reply: StubReply) -> httpx.Response:
        if reply.timeout:
            await asyncio.get_running_loop().create_future()
        if reply.delay_ms:
            await asyncio.sleep(reply.delay_ms / 1000)
        content, headers = reply.body, dict(reply.headers)
        if reply.file is not None:
            content = reply.file.read_bytes()
        elif reply.says:
            pcm = await self._speech.render(reply.says, Voice())
            content = wav_header(len(pcm), 1, SAMPLE_RATE) + pcm
            headers = {"content-type": "audio/wav", **headers}
        return httpx.Response(reply.status, headers=headers, content=content)


def fits(stub: HttpStub, request: httpx.Request, body: str) -> bool:
    """Whether a request is one that the stub answers."""
    if stub.method and stub.method != request.method:
        return False
    if not stub.url.like(str(request.url)):
        return False
    for name, wanted in stub.headers.items():
        if not wanted.inside(request.headers.get(name, "")):
            return False
    if stub.body is not None and not stub.body.inside(body):
        return False
    return stub.json is None or not mismatch(stub.json, _json(body))


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
