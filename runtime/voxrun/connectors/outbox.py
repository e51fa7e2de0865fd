"""What waits to be sent to a provider: messages in order, and audio that must not grow old."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from voxrun.connectors.transport import ClientSocket, MediaSocket, NearSocket
from voxrun.media.runs import AudioDoor

MOST_MESSAGES: Final = 1000
"""Messages that wait for a provider that does not read; the oldest go first."""
MOST_AUDIO: Final = 25
"""Pieces of audio (20 ms each) that wait: 500 ms. Older speech helps nobody and delays what follows."""


class Outbox:
    """Filled from callbacks at any time, also before there is a socket; emptied by ``run``."""

    def __init__(self, most_audio: int = MOST_AUDIO, most_messages: int = MOST_MESSAGES) -> None:
        self.dropped_audio = 0
        """Pieces of audio that were dropped, for want of a peer that reads."""
        self.dropped_messages = 0
        self._messages: deque[str] = deque()
        self._audio: deque[bytes] = deque()
        self._most_audio = most_audio
        self._most_messages = most_messages
        self._filled = asyncio.Event()
        self._near: NearSocket | None = None
        self._flushed = asyncio.Event()
        self._flushed.set()
        self._now: Callable[[bytes], bool] = lambda pcm: False

    def put_message(self, message: str) -> None:
        """A text message; none is dropped unless a thousand wait."""
        if len(self._messages) >= self._most_messages:
            self._messages.popleft()
            self.dropped_messages += 1
        self._messages.append(message)
        self._flushed.clear()
        self._filled.set()

    def put_audio(self, pcm: bytes) -> None:
        """20 ms of audio: at once where the peer keeps up; else it waits, and the oldest makes room."""
        if (door := self.door()) is not None:
            door.take(pcm)
            return
        if not self._audio and not self._messages and self._now(pcm):
            return
        if len(self._audio) >= self._most_audio:
            self._audio.popleft()
            self.dropped_audio += 1
        self._audio.append(pcm)
        self._filled.set()

    def door(self) -> AudioDoor | None:
        """The short way for audio to a peer in this process; None where something waits before it."""
        near = self._near
        return None if near is None or self._messages or self._audio else near.door

    async def flushed(self) -> None:
        """Wait until every message has gone out."""
        await self._flushed.wait()

    async def run(self, socket: ClientSocket) -> None:
        """Send what comes, messages before audio, until cancelled. Raises SocketClosed."""
        self._near = socket if isinstance(socket, NearSocket) else None
        try:
            await self._empty(socket)
        finally:
            self._now = lambda pcm: False
            self._near = None

    async def _empty(self, socket: ClientSocket) -> None:
        while True:
            if self._messages:
                await socket.send(self._messages.popleft())
                if not self._messages:
                    self._flushed.set()
            elif self._audio:
                await socket.send(self._audio.popleft())
            else:
                if isinstance(socket, MediaSocket):
                    self._now = socket.send_now
                self._filled.clear()
                await self._filled.wait()
