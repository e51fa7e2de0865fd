"""Callers and a voice AI in a process of their own, told what to do by lines of JSON on standard input.

The voice AI has the provider's REST door and a WebSocket that gives back what it is sent. One clock
measures both ends of a call: packets of callers, and messages that reach the voice AI.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import numpy as np
import uvicorn
from _callers import PERIOD, Caller, Network
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from websockets.asyncio.server import ServerConnection, serve

LOUD = 1500
REMEMBERED_S = 60.0
RECENT = 100
"""Frames of two seconds."""


class Socket:
    """What one call's audio did at the voice AI."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.messages: list[float] = []
        self.loud: list[float] = []
        self.echo = True


class VoiceAI:
    """Gives back all that it hears."""

    def __init__(self) -> None:
        self.sockets: list[Socket] = []
        self.ws_url = ""

    async def create(self, request: Request) -> JSONResponse:
        identity = "5f4c0000-0000-4000-8000-000000000001"
        return JSONResponse({"callId": identity, "joinUrl": self.ws_url}, 201)

    async def join(self, connection: ServerConnection) -> None:
        socket = Socket(connection)
        self.sockets.append(socket)
        await connection.send('{"type":"call_started","callId":"5f4c"}')
        with contextlib.suppress(Exception):
            async for message in connection:
                if isinstance(message, str):
                    continue
                now = time.monotonic()
                socket.messages.append(now)
                peak = int(np.frombuffer(message, "<i2").max(initial=0))
                if peak > LOUD:
                    socket.loud.append(now)
                if socket.echo:
                    await connection.send(message)


class Load:
    """Carries out what comes on standard input; each answer is one line."""

    def __init__(self, ai: VoiceAI) -> None:
        self._ai = ai
        self._callers: list[Caller] = []
        self._client = httpx.AsyncClient(timeout=90, trust_env=False)

    async def do(self, order: dict[str, Any]) -> dict[str, Any] | Callable[[], dict[str, Any]]:
        """Gives the answer, or what finds it and takes long."""
        match order["do"]:
            case "call":
                return await self._call(order)
            case "listen":
                return await self._listen(order["seconds"])
            case "barge":
                return await self._barge(order["times"])
            case "end":
                return await self._end()
        raise ValueError(order["do"])

    async def _call(self, order: dict[str, Any]) -> dict[str, Any]:
        """Place calls at ``rate`` a second."""
        network = Network(order.get("loss", 0.0), order.get("jitter", 0.0))
        kinds = ["clicker"] * order["clickers"] + ["talker"] * order["talkers"]
        kinds += ["listener"] * order.get("listeners", 0)
        new = [Caller(order["url"], kind, network, n) for n, kind in enumerate(kinds)]  # type: ignore[arg-type]
        tasks = []
        for caller in new:
            tasks.append(asyncio.create_task(caller.start(self._client)))
            await asyncio.sleep(1 / order["rate"])
        self._callers += new
        done = await asyncio.gather(*tasks, return_exceptions=True)
        failed = [str(error) or type(error).__name__ for error in done if isinstance(error, BaseException)]
        answers = [(caller.began, 1e3 * caller.answer_s) for caller in new]
        return {"answers": answers, "failed": failed}

    async def _listen(self, seconds: float) -> Callable[[], dict[str, Any]]:
        """What happens in so many seconds: pairs of a moment (s, monotonic clock) and how late (ms)."""
        begin = time.monotonic()
        self._forget(begin - REMEMBERED_S)
        await asyncio.sleep(seconds)
        end = time.monotonic() - 0.3  # clicks of the last moments are on their way
        return lambda: self._heard(begin, end)

    def _heard(self, begin: float, end: float) -> dict[str, Any]:
        up, down, own, flowing = [], [], [], 0
        for socket in self._ai.sockets:
            times = [t for t in socket.messages if begin <= t]
            up += late(times, [t - n * PERIOD for n, t in enumerate(times)])
        for caller in self._callers:
            since = [pair for pair in caller.lateness if pair[0] >= begin]
            down += late([at for at, _ in since], [offset for _, offset in since])
            flowing += bool(since)
            own += [(at, 1e3 * behind) for at, behind in caller.own if at >= begin]
        ways, rounds, heard = [], [], []
        listeners = [caller for caller in self._callers if caller.kind == "listener"]
        for caller in self._clickers():
            sent = [t for t in caller.sent if begin <= t < end]
            socket = self._socket_of(caller)
            ways += delays(sent, socket.loud if socket else [])
            rounds += delays(sent, caller.loud)
            for listener in listeners:
                heard += delays(sent, listener.loud)
        lateness = {"up": up, "down": down, "own": own}
        return {"flowing": flowing, **lateness, "one_way": ways, "round_trip": rounds, "heard": heard}

    def _forget(self, before: float) -> None:
        """What is long past: hours of it would take seconds to look through."""
        for socket in self._ai.sockets:
            socket.messages = [t for t in socket.messages if t >= before]
            socket.loud = [t for t in socket.loud if t >= before]
        for caller in self._callers:
            caller.lateness = [row for row in caller.lateness if row[0] >= before]
            caller.own = [row for row in caller.own if row[0] >= before]
            caller.sent = [t for t in caller.sent if t >= before]
            caller.loud = [t for t in caller.loud if t >= before]

    def _clickers(self) -> list[Caller]:
        return [caller for caller in self._callers if caller.kind == "clicker"]

    def _socket_of(self, caller: Caller) -> Socket | None:
        """The voice AI's side of a call: the one that hears clicks in this caller's rhythm."""
        best, found = 900.0, None
        for socket in self._ai.sockets:
            heard = sorted(ms for _, ms in delays(caller.sent, socket.loud))
            if len(heard) < 0.6 * len(caller.sent) or len(socket.loud) > 8 * len(caller.sent) + 8:
                continue
            typical = heard[len(heard) * 3 // 4]
            if typical < best:
                best, found = typical, socket
        return found

    async def _barge(self, times: int) -> dict[str, Any]:
        """The voice AI speaks in a burst and clears it: how long is it still heard?"""
        at = np.arange(16_000 * 3) / 16_000
        tone = (9000 * np.sin(2 * np.pi * 500 * at)).astype("<i2").tobytes()
        found = []
        for caller in self._clickers():
            socket = self._socket_of(caller)
            if socket is None:
                continue
            socket.echo = False
            for number in range(times):
                for start in range(0, len(tone), 6400):
                    await socket.connection.send(tone[start : start + 6400])
                await asyncio.sleep(0.7 + 0.0037 * number)  # at another point of the 20 ms
                cleared = time.monotonic()
                await socket.connection.send('{"type":"playback_clear_buffer"}')
                await asyncio.sleep(0.5)
                after = [t for t in caller.loud if cleared <= t]
                found.append((cleared, 1e3 * (max(after) - cleared) if after else 0.0))
            socket.echo = True
        return {"clear": found}

    async def _end(self) -> dict[str, Any]:
        await asyncio.gather(*(caller.stop(self._client) for caller in self._callers), return_exceptions=True)
        self._callers.clear()
        self._ai.sockets.clear()
        return {}


def late(times: Sequence[float], offsets: Sequence[float]) -> list[tuple[float, float]]:
    """ms by which each of a steady stream is behind the best of the two seconds before it, with its moment:
    what a receiver's jitter buffer, which adapts to what comes, would have to wait for."""
    found, best = [], 0.0
    for n, (at, offset) in enumerate(zip(times, offsets, strict=True)):
        if n % 5 == 0:
            best = float(np.percentile(offsets[max(0, n - RECENT) : n + 1], 5))
        found.append((at, 1e3 * (offset - best)))
    return found


def delays(sent: Sequence[float], heard: Sequence[float]) -> list[tuple[float, float]]:
    """ms from each click to the first sound after it (within a second), with the moment of the click."""
    found, at = [], 0
    ordered = sorted(heard)
    for moment in sent:
        while at < len(ordered) and ordered[at] < moment:
            at += 1
        if at < len(ordered) and ordered[at] - moment < 0.9:
            found.append((moment, 1e3 * (ordered[at] - moment)))
    return found


def beside(find: Callable[[], dict[str, Any]]) -> None:
    """Answer from a copy of this process: the calls go on meanwhile, a pause of theirs would be heard."""
    if os.fork():
        return
    try:
        os.nice(19)
        answer = find()
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    try:
        print(json.dumps(answer), flush=True)
    finally:
        os._exit(0)


async def main() -> None:
    gc.disable()  # a collection would look like a delay of what is measured
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies end by themselves
    ai = VoiceAI()
    socket_server = await serve(ai.join, "127.0.0.1", 0, compression=None, max_size=None)
    ai.ws_url = f"ws://127.0.0.1:{next(iter(socket_server.sockets)).getsockname()[1]}/join"
    app = Starlette(routes=[Route("/api/calls", ai.create, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    load = Load(ai)
    print(json.dumps({"api": f"http://127.0.0.1:{port}/api", "ws": ai.ws_url}), flush=True)
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        try:
            answer = await load.do(json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        if callable(answer):
            beside(answer)
        else:
            print(json.dumps(answer), flush=True)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(main())
    else:
        uvloop.run(main())
