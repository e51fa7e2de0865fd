"""Both ends of a connector for its tests: a host that records, and an Ultravox written by hand.

The Ultravox here is an ASGI app that says exactly what a test tells it to, in the shapes of Ultravox's
public documentation. It shares no code with the emulator.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from voxrun.connectors.memory import memory_transports
from voxrun.connectors.transport import Transports
from voxrun.connectors.ultravox import UltravoxClient
from voxrun.media.frames import FRAME_BYTES
from voxrun.media.graph import Sink, Source
from voxrun.media.runs import Leaper, Ticks
from voxrun.services.ticker import LoopTicker
from voxrun.session.virtual import VirtualLoop, run_virtual

API = "https://ultravox.test/api"
JOIN = "wss://voice.ultravox.test/calls/5f4c/server_web_socket"
KEY = "Zk3vTq9a.0123456789abcdef0123456789abcdef"
CREATE: dict[str, Any] = {
    "endpoint": "CreateCall",
    "authorizations": {"X-API-Key": KEY},
    "body": {"systemPrompt": "Be brief.", "model": "ultravox-v0.7", "voice": "Mark"},
}

LOUD = b"\x10\x27" * (FRAME_BYTES // 2)
"""20 ms of sound."""


def virtual(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """The coroutine as a test in virtual time."""

    def run() -> None:
        async def body(_: object) -> None:
            await test()

        run_virtual(body)

    run.__name__ = test.__name__
    return run


def ms(milliseconds: int, frame: bytes = LOUD) -> bytes:
    """Sound of a length."""
    return frame * (milliseconds // 20)


class Host:
    """A ``ConnectorHost`` that remembers, with a way to wait for what is to come."""

    def __init__(self, transports: Transports) -> None:
        self.transports = transports
        self.ticker = LoopTicker()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.ends: list[tuple[int, str, bool]] = []
        self.traffic: list[tuple[str, str, Any]] = []
        self.log: list[str] = []
        """Names of events and "closed", in the order they came."""
        self.times: dict[str, float] = {}
        """When a name came last."""
        self._changed = asyncio.Event()
        self._ids = 0

    def new_id(self, kind: str) -> str:
        self._ids += 1
        return f"{self._ids:032x}"

    def event(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))
        self._came(name.rpartition(".")[2])

    def closed(self, code: int, reason: str, was_clean: bool) -> None:
        self.ends.append((code, reason, was_clean))
        self._came("closed")

    def wire(self, direction: str, what: str, payload: Any) -> None:
        self.traffic.append((direction, what, payload))

    def _came(self, name: str) -> None:
        self.log.append(name)
        self.times[name] = asyncio.get_running_loop().time()
        self._changed.set()

    async def until(self, name: str, count: int = 1, seconds: float = 30.0) -> None:
        """Wait until an event of this name (or "closed") came ``count`` times."""
        async with asyncio.timeout(seconds):
            while self.log.count(name) < count:
                self._changed.clear()
                await self._changed.wait()

    def payloads(self, name: str) -> list[Any]:
        """Payloads of the provider events of this name."""
        return [data["data"]["payload"] for full, data in self.events if full.endswith("." + name)]

    @property
    def everything(self) -> str:
        """All that left the connector towards scenario and journal, as text."""
        return json.dumps([self.events, self.ends, self.traffic])


class Ear(Sink):
    """A unit that records what it is given, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self.flushed = 0

    def flush(self, source: Source) -> None:
        self.flushed += 1

    def write(self, frame: bytes, source: Source) -> None:
        assert len(frame) == FRAME_BYTES
        self.frames.append(frame)
        self.times.append(asyncio.get_running_loop().time())

    @property
    def pcm(self) -> bytes:
        return b"".join(self.frames)


class Wire:
    """Ultravox's end of one call's WebSocket."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        self.heard: list[bytes] = []
        self.said: list[dict[str, Any]] = []
        self.code = 0
        self._receive = receive
        self._send = send

    async def tell(self, **message: Any) -> None:
        await self.text(json.dumps(message))

    async def text(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})

    async def audio(self, pcm: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": pcm})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def read(self) -> str | bytes | None:
        """The client's next message; None when it has gone (``code`` says how)."""
        message = await self._receive()
        if message["type"] != "websocket.receive":
            self.code = message["code"]
            return None
        text = message.get("text")
        if text is not None:
            self.said.append(json.loads(text))
            return str(text)
        self.heard.append(message["bytes"])
        return bytes(message["bytes"])

    async def message(self) -> dict[str, Any]:
        """The client's next data message."""
        while True:
            got = await self.read()
            if got is None:
                raise AssertionError(f"the client closed with {self.code}")
            if isinstance(got, str):
                return self.said[-1]

    async def listen(self) -> None:
        """Read until the client goes."""
        while await self.read() is not None:
            pass


Talk = Callable[[Wire], Awaitable[None]]


async def listen(wire: Wire) -> None:
    """An Ultravox that says nothing."""
    await wire.listen()


class Ultravox:
    """The app: answers every POST with ``status`` and ``body``, then talks as it is told."""

    def __init__(
        self,
        talk: Talk = listen,
        status: int = 201,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.talk = talk
        self.status = status
        self.body = {"callId": "5f4c", "joinUrl": JOIN} if body is None else body
        self.headers = dict(headers or {})
        self.requests: list[dict[str, Any]] = []
        self.wires: list[Wire] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
            return
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        wire = Wire(scope, receive, send)
        self.wires.append(wire)
        await self.talk(wire)

    async def _http(self, scope: Any, receive: Any, send: Any) -> None:
        content = b""
        while True:
            message = await receive()
            content += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.requests.append(
            {
                "method": scope["method"],
                "path": scope["path"],
                "query": scope["query_string"].decode(),
                "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
                "body": json.loads(content) if content else None,
            }
        )
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"content-type": "application/json", **self.headers}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


class Call:
    """A client under test, its host, and an ear on its audio."""

    def __init__(
        self, app: Ultravox, params: Mapping[str, Any] | None = None, *, reject_errors: bool = False
    ) -> None:
        self.app = app
        self.host = Host(memory_transports(app))
        self.client = UltravoxClient(
            "c" * 32, dict(params or CREATE), self.host, base_url=API, reject_errors=reject_errors
        )
        self.ear = Ear()
        self.client.source.connect(self.ear)

    async def __aenter__(self) -> Call:
        await self.client.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    @property
    def wire(self) -> Wire:
        return self.app.wires[-1]


def leap(*nodes: Leaper, first: int, count: int) -> int:
    """What a leaping ticker does, the uplink being asked last."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    ticks = Ticks(0.0, first, count)
    for node in sorted(nodes, key=lambda node: node.final):
        ticks = ticks.cut(node.ahead(ticks))
        if not ticks.count:
            return 0
    loop.advance(ticks.last)
    for node in nodes:
        node.leap(ticks)
    return ticks.count
