"""The client connection of the ``websockets`` library, with messages handed over as they are read.

The library's own way is a queue, a future and a task switch for each message, in both directions: for audio,
50 messages a second each way, that costs more than the audio. Its protocol, handshake, keepalive and limits
stay in use.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State

MOST_WAITING: Final = 64
"""Messages that wait for a reader before no more are read from the network."""
MOST_BUFFERED: Final = 32 * 1024
"""Bytes that may wait in the send buffer for ``send_now``: a second of 16 kHz audio."""

Take = Callable[[str | bytes], None]


class MediaConnection(ClientConnection):
    """Messages wait in ``waiting`` until somebody takes them, or go straight to ``take``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.take: Take | None = None
        self.waiting: deque[str | bytes] = deque()
        self.changed = asyncio.Event()
        """Set when a message waits, and at the end."""
        self.lost = False
        self._parts: list[bytes] = []
        self._is_text = False
        self._reading = True

    def process_event(self, event: Any) -> None:
        if not isinstance(event, Frame) or event.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            super().process_event(event)
            return
        if event.opcode is not Opcode.CONT:
            self._is_text = event.opcode is Opcode.TEXT
        if event.fin and not self._parts:
            self._message(bytes(event.data))
        else:
            self._parts.append(bytes(event.data))
            if event.fin:
                parts, self._parts = self._parts, []
                self._message(b"".join(parts))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.lost = True
        self.changed.set()

    def send_now(self, message: bytes) -> bool:
        """Send a binary message if the peer keeps up; False where the caller has to wait or to drop it."""
        if self.protocol.state is not State.OPEN or self.paused:
            return False
        if self.transport.get_write_buffer_size() > MOST_BUFFERED:
            return False
        self.protocol.send_binary(message)
        self.send_data()
        return True

    def next(self) -> str | bytes | None:
        """A message that waits; None when there is none."""
        if not self.waiting:
            return None
        message = self.waiting.popleft()
        if not self._reading and len(self.waiting) < MOST_WAITING // 2:
            self._reading = True
            self.transport.resume_reading()
        return message

    def _message(self, data: bytes) -> None:
        message: str | bytes = data
        if self._is_text:
            try:
                message = data.decode()
            except UnicodeDecodeError:
                self.protocol.fail(CloseCode.INVALID_DATA, "a text message is not UTF-8")
                self.send_data()
                self.loop.call_later(self.close_timeout or 0, self.transport.abort)
                return
        if self.take is not None:
            self.take(message)
            return
        self.waiting.append(message)
        self.changed.set()
        if self._reading and len(self.waiting) >= MOST_WAITING:
            self._reading = False
            self.transport.pause_reading()
