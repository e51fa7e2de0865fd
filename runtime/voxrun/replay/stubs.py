"""What the scenario finds on the network: the script's HTTP stubs. Anything else fails the script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.writers import wav_header
from voxrun.patterns import EndlessPattern
from voxrun.replay.script import HttpStub, StubReply
from voxrun.replay.texts import mismatch, shown, similarity
from voxrun.speech.base import Speech, Voice

if TYPE_CHECKING:
    from voxrun.replay.tape import Tape

Unmatched = Callable[[str, str], None]
"""("GET https://...", what comes closest)."""
Told = Callable[[str, dict[str, Any]], None]
"""(url, {method, headers, body, json, stub})"""


class StubNet(httpx.AsyncBaseTransport):
    """``httpx`` transport that answers from the script. ``told`` hears of every request, ``unmatched`` of
    those that no stub fits and that are not on the ``tape`` either."""

    def __init__(
        self,
        stubs: tuple[HttpStub, ...],
        speech: Speech,
        told: Told,
        unmatched: Unmatched,
        tape: Tape | None = None,
        trouble: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._stubs = stubs
        self._used = [0] * len(stubs)
        self._speech = speech
        self._told = told
        self._unmatched = unmatched
        self._tape = tape
        self._trouble = trouble

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = (await request.aread()).decode("utf-8", "replace")
        url = str(request.url)
        found = self._find(request, body)
        taped = near = None
        if found is None and self._tape is not None:
            asked = self._tape.request(request, body.encode())
            taped = self._tape.find(asked)
            near = self._tape.closest(asked) if taped is None else None
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
        if taped is not None and self._tape is not None:
            return await self._tape.answer(taped, request)
        if found is None:
            self._unmatched(f"{request.method} {url}", near or self._closest(request, body))
            return httpx.Response(404, text="the call script has no stub for this request")
        replies = self._stubs[found].replies
        reply = replies[min(self._used[found], len(replies) - 1)]
        self._used[found] += 1
        return await self._answer(reply)

    def _find(self, request: httpx.Request, body: str) -> int | None:
        for number, stub in enumerate(self._stubs):
            try:
                if fits(stub, request, body):
                    return number
            except EndlessPattern as endless:
                self._trouble(str(endless.at(stub.where)))
                raise httpx.ConnectError("no stub could be found", request=request) from None
        return None

    def _closest(self, request: httpx.Request, body: str) -> str:
        """The stub that is most like a request that none fits, and what keeps it from fitting."""
        if not self._stubs:
            return ""
        url = str(request.url)
        best = max(self._stubs, key=lambda stub: (stub.url.like(url), similarity(str(stub.url), url)))
        return f"closest is the stub {best.where}: {objection(best, request, body)}"

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
    return not objection(stub, request, body)


def objection(stub: HttpStub, request: httpx.Request, body: str) -> str:
    """ "" where a request is one that the stub answers, else what is first wrong with it."""
    if not stub.url.like(str(request.url)):
        return f"its url is {stub.url}"
    if stub.method and stub.method != request.method:
        return f"its method is {stub.method}, not {request.method}"
    for name, wanted in stub.headers.items():
        given = request.headers.get(name, "")
        if not wanted.inside(given):
            return f"the header {name} is {shown(given)}, expected {wanted}"
    if stub.body is not None and not stub.body.inside(body):
        return f"there is no {stub.body} in the body {shown(body)}"
    return "" if stub.json is None else mismatch(stub.json, _json(body), "body")


def _json(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
