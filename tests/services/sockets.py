"""Peers of a scenario's WebSockets for tests: a server written by hand, in memory."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from voxrun.connectors.memory import MemoryConnector


class Peer:
    """One connection, as the server has it. ``texts`` holds what the scenario sent, media left out."""

    def __init__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        self.path = scope["path"]
        self.query = scope["query_string"].decode()
        self.protocols = scope["subprotocols"]
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.messages: list[Any] = []
        """Every message: JSON as such."""
        self.ended: tuple[int, str] | None = None
        self._receive = receive
        self._send = send

    @property
    def texts(self) -> list[Any]:
        return [m for m in self.messages if not isinstance(m, dict) or m.get("event") != "media"]

    def media(self, tag: str | None = None) -> list[dict[str, Any]]:
        """Bodies of media messages with this tag."""
        found = [m["media"] for m in self.messages if isinstance(m, dict) and m.get("event") == "media"]
        return [body for body in found if body.get("tag") == tag]

    def audio(self, tag: str | None = None) -> bytes:
        """Their payloads together."""
        return b"".join(base64.b64decode(body["payload"]) for body in self.media(tag))

    async def tell(self, message: Any) -> None:
        """Send a text, or JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self._send({"type": "websocket.send", "text": text})

    async def tell_bytes(self, data: bytes) -> None:
        await self._send({"type": "websocket.send", "bytes": data})

    async def start(self, encoding: str = "PCM16", rate: int = 16000, **more: Any) -> None:
        form = {"encoding": encoding, "sampleRate": rate}
        await self.tell({"event": "start", "sequenceNumber": 0, "start": {"mediaFormat": form, **more}})

    async def send_media(self, payload: bytes, **more: Any) -> None:
        body = {"chunk": 0, "timestamp": 0, "payload": base64.b64encode(payload).decode(), **more}
        await self.tell({"event": "media", "sequenceNumber": 1, "media": body})

    async def stop(self, **more: Any) -> None:
        await self.tell({"event": "stop", "sequenceNumber": 2, "stop": more})

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def break_off(self) -> None:
        """End it without a close frame."""
        raise ConnectionResetError

    async def listen(self) -> None:
        """Take what comes until the end."""
        while (message := await self._receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            try:
                self.messages.append(json.loads(text))
            except (TypeError, ValueError):
                self.messages.append(text)
        self.ended = (message["code"], message["reason"])


Talk = Callable[[Peer], Awaitable[None]]


class Server:
    """A WebSocket server: each connection is accepted (after ``delay`` seconds) and given to ``talk``, then
    listened to. ``status`` refuses instead."""

    def __init__(self, talk: Talk | None = None, *, status: int = 0, delay: float = 0) -> None:
        self.peers: list[Peer] = []
        self._talk = talk
        self._status = status
        self._delay = delay

    @property
    def connect(self) -> MemoryConnector:
        return MemoryConnector(self)

    @property
    def peer(self) -> Peer:
        """The only connection."""
        (peer,) = self.peers
        return peer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        peer = Peer(scope, receive, send)
        await receive()
        await asyncio.sleep(self._delay)
        if self._status:
            await send({"type": "websocket.http.response.start", "status": self._status, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"go away"})
            return
        self.peers.append(peer)
        await send({"type": "websocket.accept"})
        if self._talk is None:
            await peer.listen()
            return
        listening = asyncio.create_task(peer.listen())
        try:
            await self._talk(peer)
            await listening
        finally:
            listening.cancel()
