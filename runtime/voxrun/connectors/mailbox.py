"""What waits to be sent on a WebSocket whose messages must keep their order, audio among them.

Texts are never given up: a peer that reads none for long enough fills the box, and ``put`` says so. Audio
grows old: what exceeds half a second is taken out again, the oldest first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from voxrun.connectors.transport import ClientSocket

MOST_TEXTS: Final = 1000
"""Messages that may wait for a peer."""
MOST_CHARACTERS: Final = 16 * 1024 * 1024
"""And their length together."""
MOST_AUDIO: Final = 25
"""Pieces of audio (20 ms each) that may wait."""


class Mailbox:
    """Filled from callbacks at any time, also before there is a socket; emptied by ``run``."""

    def __init__(self, most_texts: int = MOST_TEXTS, most_audio: int = MOST_AUDIO) -> None:
        self.dropped_audio = 0
        """Pieces of audio that were taken out again, for want of a peer that reads."""
        self._most_texts = most_texts
        self._most_audio = most_audio
        self._waiting: OrderedDict[int, str] = OrderedDict()
        self._audio: deque[int] = deque()
        self._characters = 0
        self._next = 0
        self._filled = asyncio.Event()
        self._flushed = asyncio.Event()
        self._flushed.set()

    def put(self, text: str) -> bool:
        """A message; False, and nothing done, where no more may wait."""
        texts = len(self._waiting) - len(self._audio)
        if texts >= self._most_texts or self._characters + len(text) > MOST_CHARACTERS:
            return False
        self._add(text)
        return True

    def put_audio(self, text: str) -> None:
        """20 ms of audio, as a message."""
        if len(self._audio) >= self._most_audio:
            self._characters -= len(self._waiting.pop(self._audio.popleft()))
            self.dropped_audio += 1
        self._audio.append(self._next)
        self._add(text)

    def _add(self, text: str) -> None:
        self._waiting[self._next] = text
        self._next += 1
        self._characters += len(text)
        self._flushed.clear()
        self._filled.set()

    async def flushed(self) -> None:
        """Wait until everything has gone out."""
        await self._flushed.wait()

    async def run(
        self, socket: ClientSocket, sending: Callable[[str, bool], None] = lambda text, is_audio: None
    ) -> None:
        """Send what comes, in order, until cancelled; ``sending`` is told of each. Raises SocketClosed."""
        while True:
            while self._waiting:
                text, is_audio = self._take()
                sending(text, is_audio)  # before it goes out: an answer must not come before its question
                await socket.send(text)
            self._flushed.set()
            self._filled.clear()
            await self._filled.wait()

    def _take(self) -> tuple[str, bool]:
        number, text = self._waiting.popitem(last=False)
        is_audio = bool(self._audio) and self._audio[0] == number
        if is_audio:
            self._audio.popleft()
        self._characters -= len(text)
        return text, is_audio
