"""What goes to the client of a joined call: messages in their order, audio as there is room for it, and the
faults that the agent's file asks for.

A client in this process gets all of it at once (``Passage``), unless something waits that comes before.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from voxrun.emulators.ultravox.call_config import SocketMedium
from voxrun.emulators.ultravox.mouth import Mouth
from voxrun.emulators.ultravox.outbox import Abort, Close, Outbox, Outgoing, Pause
from voxrun.emulators.ultravox.script import Faults
from voxrun.media.passage import Passage

NOT_JSON: Final = '{"type": "transcript", "role": "agent", '


class Downstream:
    """``full`` is called when the client does not read."""

    def __init__(self, medium: SocketMedium, faults: Faults, full: Callable[[], None]) -> None:
        self.passage: Passage | None = None
        """The short way to a client in this process."""
        self.aborted = False
        """The connection has to be cut without a close frame."""
        self._medium = medium
        self._faults = faults
        self._full = full
        self._outbox = Outbox()
        self._wake = asyncio.Event()
        self._closing = False
        self._sending = False
        """Whether the sender is busy with an item that it has taken from the outbox."""
        self._mouth: Mouth | None = None
        self._spoken = 0.0
        """Seconds of audio sent in utterances before this one."""
        self._stalled = False

    @property
    def deadline(self) -> float | None:
        """When ``pump`` is needed."""
        return None if self._mouth is None else self._mouth.deadline

    def put(self, item: Outgoing) -> None:
        """Send something, after all that was put before."""
        if isinstance(item, str | bytes) and (take := self._short_way()) is not None:
            take(item)
            return
        if not self._outbox.put(item):
            self._full()
        self._wake.set()

    def close(self) -> None:
        """Close the socket, once all is sent."""
        self._closing = True
        self.put(Close(1000, ""))

    def start(self, pcm: bytes, now: float) -> None:
        """Send an utterance (at the medium's rate), from now on."""
        if self._faults.malformed_json:
            self.put(NOT_JSON)
        rate, ahead = self._medium.output_rate, self._medium.buffer_ms
        self._mouth = Mouth(pcm, rate, now, ahead, odd=self._faults.odd_audio)
        self.pump(now)

    def stop(self) -> None:
        """Send no more of it."""
        if self._mouth is not None:
            self._spoken += self._mouth.sent_seconds
        self._mouth = None
        self._outbox.drop_audio()

    def pump(self, now: float) -> None:
        """Send the audio that is due."""
        mouth = self._mouth
        if mouth is None:
            return
        if not self._faults.of_audio and (take := self._short_way()) is not None:
            take(mouth.all(now))  # messages are for the network
        while (message := mouth.next(now)) is not None:
            self.put(message)
            self._break(self._spoken + mouth.sent_seconds)
        if mouth.deadline is None:
            self._spoken += mouth.sent_seconds
            self._mouth = None

    async def send_all(self, socket: WebSocket) -> None:
        """Send what waits until the connection is to end, or has ended."""
        with contextlib.suppress(WebSocketDisconnect):
            await self._send_each(socket)

    def _short_way(self) -> Callable[[str | bytes], None] | None:
        """Into the client itself, where nothing waits that has to come before."""
        if self.passage is None or self._sending or self._outbox or self._closing:
            return None
        return self.passage.to_client

    def _break(self, spoken: float) -> None:
        """Do the faults that are due after so many seconds of speech."""
        faults = self._faults
        if faults.drop_after is not None and spoken >= faults.drop_after:
            self.put(Abort())
        if faults.stall_after is not None and spoken >= faults.stall_after and not self._stalled:
            self._stalled = True
            self.put(Pause(faults.stall_for))

    async def _send_each(self, socket: WebSocket) -> None:
        while True:
            item = self._outbox.take()
            self._sending = item is not None
            match item:
                case None:
                    self._wake.clear()
                    await self._wake.wait()
                case str():
                    await socket.send_text(item)
                case bytes():
                    await socket.send_bytes(item)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Close(code, reason):
                    await socket.close(code, reason)
                    return
                case Abort():
                    self.aborted = True
                    return
