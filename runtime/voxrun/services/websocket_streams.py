"""The audio of a WebSocket: streams to the peer, and streams from it that are played in real time.

A ``StreamOut`` is what units send with one tag: 20 ms of audio every 20 ms for as long as a unit sends,
silence where it gave none. A ``StreamIn`` holds at most 10 s of what the peer has sent in advance and gives a
frame every 20 ms, whether or not a unit listens.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from msgspec import Struct, field

from voxrun.connectors.downlink import QUIET_AFTER_S
from voxrun.connectors.uplink import Uplink
from voxrun.media.frames import BYTES_PER_SECOND, FRAME_BYTES, FRAME_MS, SILENCE
from voxrun.media.graph import Source, Ticker
from voxrun.media.stream_codec import StreamDecoder, StreamEncoder
from voxrun.media.stream_protocol import StreamStart, StreamWriter
from voxrun.session.messages import JsonObject

LONGEST_BUFFER_S: Final = 10
"""Platform: seconds of audio that may wait to be played; what exceeds them is discarded."""
MOST_PARTS: Final = 50
"""Streams of one tag that may wait behind each other."""


class StreamOut(Uplink):
    """A stream to the peer. ``send(message, is_audio)`` takes its messages, ``idle(stream)`` is told when the
    last unit has gone."""

    def __init__(
        self,
        ticker: Ticker,
        writer: StreamWriter,
        send: Callable[[JsonObject, bool], None],
        idle: Callable[[StreamOut], None],
    ) -> None:
        super().__init__(ticker, self._pass_on)
        self.writer = writer
        self.begun = False
        self._codec = StreamEncoder(writer.encoding)
        self._send = send
        self._idle = idle

    def begin(self) -> None:
        """The peer listens: announce the stream. Audio from before is lost."""
        if not self.begun:
            self.begun = True
            self._send(self.writer.start(), False)
            self.open()

    def end(self) -> None:
        """Stop for good. Idempotent."""
        self.close()
        if self.begun:
            self.begun = False
            self._send(self.writer.stop(), False)

    def detached(self, source: Source) -> None:
        super().detached(source)
        if not self.sources:
            self._idle(self)

    def _pass_on(self, frame: bytes) -> None:
        payload = self._codec.encode(frame)
        if payload:
            self._send(self.writer.media(payload), True)
        else:
            self.writer.skip()  # an encoder that holds its first frame back


class _State(Enum):
    WAITING = 1
    """Behind another."""
    PLAYING = 2
    """Its beginning was told and its end was not."""
    PAUSED = 3
    """A second of silence; sound would begin it again."""


class _Part(Struct):
    """What comes between a start and its stop."""

    start: StreamStart
    decoder: StreamDecoder
    pcm: bytearray = field(default_factory=bytearray)
    stopped: bool = False
    state: _State = _State.WAITING
    frames: int = 0
    """Played since its (latest) beginning."""
    until_sound: int = 0
    """The same up to the last sound."""


class StreamIn:
    """The streams of one tag from the peer, one after the other.

    ``started(start)`` is called when a stream begins to play, which is at once where nothing is played, and
    again when it goes on after a second of silence. ``ended(seconds)`` is called when a stream that was
    stopped has been played (or cleared), and after a second of silence.
    """

    def __init__(
        self,
        source: Source,
        ticker: Ticker,
        started: Callable[[StreamStart], None],
        ended: Callable[[int], None],
    ) -> None:
        self.source = source
        self.dropped_ms = 0
        """Audio that was discarded because 10 s waited."""
        self._ticker = ticker
        self._started = started
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._parts: deque[_Part] = deque()
        self._last_sound = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._short = False

    def start(self, start: StreamStart) -> str:
        """The peer begins a stream (and ends the one before). Gives "", or why it cannot."""
        if len(self._parts) >= MOST_PARTS:
            return f"{MOST_PARTS} streams with this tag wait to be played already"
        self.stop()
        self._parts.append(_Part(start, StreamDecoder(start.encoding)))
        self._settle()
        return ""

    def media(self, payload: bytes) -> str:
        """Audio of the stream that was begun. Gives "", or why it cannot be played."""
        part = self._parts[-1] if self._parts else None
        if part is None or part.stopped:
            return "there was no start before it"
        room = LONGEST_BUFFER_S * BYTES_PER_SECOND - sum(len(each.pcm) for each in self._parts)
        if room <= 0:
            self.dropped_ms += part.decoder.encoding.milliseconds(payload)
            return ""
        pcm = part.decoder.decode(payload)
        self.dropped_ms += max(0, len(pcm) - room) * 1000 // BYTES_PER_SECOND
        if pcm:
            part.pcm += pcm[:room]
            self._short = False
            self._ticker.start(self)
        return ""

    def stop(self) -> None:
        """The peer ends its stream: what waits is still played."""
        if self._parts:
            self._parts[-1].stopped = True
            self._settle()

    def clear(self) -> None:
        """Drop what was not played; the next tick has nothing. A stream that was not stopped goes on."""
        for part in self._parts:
            part.pcm.clear()
        self._parts = deque(
            part for part in self._parts if part.state is not _State.WAITING or not part.stopped
        )
        self.source.flush()
        self._settle()

    def close(self) -> None:
        """The socket is over: nothing is played or told any more."""
        self._parts.clear()
        self._ticker.stop(self)
        self._disarm()

    def tick(self) -> bool:
        if not self._parts:
            return False
        part = self._parts[0]
        frame = self._next_frame(part)
        if frame is None:
            self._short = len(part.pcm) > 0
            return self._short
        part.frames += 1
        if frame.count(0) == FRAME_BYTES:
            frame = SILENCE
        else:
            self._sounds(part)
        self.source.push(frame)
        self._settle()
        return bool(self._parts)

    def _next_frame(self, part: _Part) -> bytes | None:
        """A rest shorter than a frame waits one tick for its continuation, then it is the end of a phrase."""
        waiting = len(part.pcm)
        if waiting < FRAME_BYTES and not (waiting and (part.stopped or self._short)):
            return None
        frame = bytes(part.pcm[:FRAME_BYTES])
        del part.pcm[:FRAME_BYTES]
        return frame + bytes(FRAME_BYTES - len(frame))

    def _sounds(self, part: _Part) -> None:
        if part.state is _State.PAUSED:
            self._begin(part)
            part.frames = 1
        self._last_sound = self._loop.time()
        part.until_sound = part.frames

    def _settle(self) -> None:
        """Streams that have been played go, the next one begins."""
        while self._parts:
            part = self._parts[0]
            if part.state is _State.WAITING:
                self._begin(part)
            if part.pcm or not part.stopped:
                return
            self._parts.popleft()
            self._end(part)

    def _begin(self, part: _Part) -> None:
        part.state = _State.PLAYING
        part.frames = part.until_sound = 0
        self._last_sound = self._loop.time()
        self._disarm()
        self._timer = self._loop.call_later(QUIET_AFTER_S, self._check_quiet)
        self._started(part.start)

    def _end(self, part: _Part) -> None:
        if part.state is _State.PLAYING:
            self._disarm()
            part.state = _State.PAUSED
            self._ended((part.until_sound * FRAME_MS + 500) // 1000)

    def _check_quiet(self) -> None:
        quiet_at = self._last_sound + QUIET_AFTER_S
        if self._loop.time() < quiet_at - 1e-6:
            self._timer = self._loop.call_at(quiet_at, self._check_quiet)
        elif self._parts:
            self._end(self._parts[0])

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
