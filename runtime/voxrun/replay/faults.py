"""What goes wrong between a connector and its provider, on purpose and seeded: around any transports.

Nothing of this knows a provider: a refusal is an HTTP status, everything else happens to the messages of
the WebSocket on their way in.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Mapping, Sequence

import httpx

from voxrun.connectors.transport import (
    ClientSocket,
    NearSocket,
    SocketClosed,
    SocketConnector,
    Transports,
)
from voxrun.media.runs import AudioDoor
from voxrun.replay.script import Faults


def faulty(transports: Transports, faults: Faults, seed: int) -> Transports:
    """The same transports with these faults."""
    if not faults.any:
        return transports
    rng = random.Random(f"faults {seed}")
    http = transports.http
    if faults.refuse_status and http is not None:
        http = _RefusingHttp(http, faults)
    return Transports(_FaultyConnector(transports.connect, faults, rng), http)


class _RefusingHttp(httpx.AsyncBaseTransport):
    """Refuses what would create a call; reading goes through."""

    def __init__(self, inner: httpx.AsyncBaseTransport, faults: Faults) -> None:
        self._inner = inner
        self._faults = faults
        self._refused = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        faults = self._faults
        spent = faults.refuse_times and self._refused >= faults.refuse_times
        if request.method != "POST" or spent:
            return await self._inner.handle_async_request(request)
        await request.aread()
        self._refused += 1
        detail = f"refused by the call script with {faults.refuse_status}"
        body = faults.refuse_body or json.dumps({"detail": detail})
        return httpx.Response(faults.refuse_status, headers={"content-type": "application/json"}, text=body)


class _FaultyConnector:
    """``SocketConnector``."""

    def __init__(self, inner: SocketConnector, faults: Faults, rng: random.Random) -> None:
        self._inner = inner
        self._faults = faults
        self._rng = rng

    async def __call__(
        self, url: str, headers: Mapping[str, str], protocols: Sequence[str] = ()
    ) -> ClientSocket:
        socket = _FaultySocket(await self._inner(url, headers, protocols), self._faults, self._rng)
        socket.start()
        return socket


class _FaultySocket:
    """``ClientSocket`` whose incoming messages are lost, late, or end too soon. A pump reads the real one,
    so that the times of messages are known before anybody waits for them; order is kept."""

    def __init__(self, inner: ClientSocket, faults: Faults, rng: random.Random) -> None:
        self._inner = inner
        self._faults = faults
        self._rng = rng
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()
        self._ready: asyncio.Queue[str | bytes | SocketClosed] = asyncio.Queue()
        self._ended: SocketClosed | None = None
        self._due = self._opened
        self._held: deque[tuple[float, str | bytes | SocketClosed]] = deque()
        """What is on its way: when it arrives, in order."""
        self._pumping: asyncio.Task[None] | None = None
        self._closing: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._pumping = self._loop.create_task(self._pump())
        if self._faults.close_after_ms is not None:
            when = self._opened + self._faults.close_after_ms / 1000
            self._closing = self._loop.call_at(when, self._break)

    async def _pump(self) -> None:
        try:
            while True:
                message = await self._inner.recv()
                if not self._lost(message):
                    self._deliver(message)
        except SocketClosed as closed:
            self._deliver(closed)

    def _lost(self, message: str | bytes) -> bool:
        faults = self._faults
        kind = "messages" if isinstance(message, str) else "audio"
        if faults.drop_percent == 0 or faults.drop_kind not in (kind, "all"):
            return False
        return self._rng.randrange(100) < faults.drop_percent

    def _deliver(self, item: str | bytes | SocketClosed) -> None:
        due = self._due = max(self._due, self._arrival())
        if due <= self._loop.time() and not self._held:
            self._ready.put_nowait(item)
            return
        self._held.append((due, item))
        if len(self._held) == 1:
            self._loop.call_at(due, self._release)

    def _release(self) -> None:
        """Let go what is due. One timer at a time: a loop keeps no order among timers of the same moment."""
        due = self._held[0][0]
        while self._held and self._held[0][0] <= due:
            self._ready.put_nowait(self._held.popleft()[1])
        if self._held:
            self._loop.call_at(self._held[0][0], self._release)

    def _arrival(self) -> float:
        """When what is sent now arrives."""
        faults, due = self._faults, self._loop.time()
        if faults.delay_ms or faults.jitter_ms:
            due += (faults.delay_ms + self._rng.randint(0, faults.jitter_ms)) / 1000
        if faults.stall_after_ms is not None:
            start = self._opened + faults.stall_after_ms / 1000
            end = start + faults.stall_for_ms / 1000
            if start <= due < end:
                due = end
        return due

    def _break(self) -> None:
        faults = self._faults
        self._ended = SocketClosed(faults.close_code, faults.close_reason, faults.close_code != 1006)
        self._ready.put_nowait(self._ended)
        self._loop.create_task(self._leave()).add_done_callback(lambda _: None)

    async def _leave(self) -> None:
        if self._pumping is not None:
            self._pumping.cancel()
        await self._inner.close(1000, "")

    @property
    def door(self) -> AudioDoor | None:
        """Faults happen to what comes; what goes may go the short way."""
        inner = self._inner
        return inner.door if self._ended is None and isinstance(inner, NearSocket) else None

    async def send(self, message: str | bytes) -> None:
        if self._ended is not None:
            raise self._ended
        await self._inner.send(message)

    async def recv(self) -> str | bytes:
        if self._ended is not None and self._ready.empty():
            raise self._ended
        item = await self._ready.get()
        if isinstance(item, SocketClosed):
            self._ended = item
            raise item
        return item

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._closing is not None:
            self._closing.cancel()
        if self._ended is None:
            self._ended = SocketClosed(code, reason, True)
            self._ready.put_nowait(self._ended)
        await self._inner.close(code, reason)
        if self._pumping is not None:
            self._pumping.cancel()
