"""Queues between audio that comes in bursts and outputs that take one frame every 20 ms.

``PcmQueue`` is for voice-AI clients: messages of any length, faster than real time, cleared on barge-in.
``JitterQueue`` is for the way out to a leg: whole frames that may come a little early or late.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal, TypeAlias

from voxrun.media.frames import FRAME_BYTES, FRAME_MS

DropPolicy: TypeAlias = Literal["newest", "oldest"]

BYTES_PER_MS: Final = FRAME_BYTES // FRAME_MS


class PcmQueue:
    """A bounded first-in first-out queue of 16 kHz mono s16le.

    What exceeds ``max_ms`` is dropped: with "newest" (default) the audio that just came, so that what is
    being spoken stays whole; with "oldest" the audio that waited longest, so that the delay stays bounded.
    ``dropped_ms`` counts it. A sample may be split over two pushes: an odd byte waits for its other half.
    """

    def __init__(self, max_ms: int = 30_000, drop: DropPolicy = "newest") -> None:
        if max_ms < FRAME_MS:
            raise ValueError(f"max_ms must be at least {FRAME_MS}, not {max_ms}")
        self.max_ms = max_ms
        self.drop: DropPolicy = drop
        self.dropped_bytes = 0
        self._buffer = bytearray()  # whole samples only
        self._half = b""  # first byte of a sample whose second has not come yet

    def __len__(self) -> int:
        """Bytes waiting, without a half sample."""
        return len(self._buffer)

    @property
    def ms(self) -> float:
        """Milliseconds of audio waiting."""
        return len(self._buffer) / BYTES_PER_MS

    @property
    def dropped_ms(self) -> int:
        """Whole milliseconds dropped for want of room so far (``clear`` does not count)."""
        return self.dropped_bytes // BYTES_PER_MS

    def push(self, pcm: bytes) -> int:
        """Append audio of any length; gives the bytes that had to be dropped."""
        data = self._half + pcm if self._half else pcm
        even = len(data) & ~1
        self._half = bytes(data[even:])
        self._buffer += data[:even]
        excess = len(self._buffer) - self.max_ms * BYTES_PER_MS
        if excess <= 0:
            return 0
        if self.drop == "newest":
            del self._buffer[-excess:]
        else:
            del self._buffer[:excess]
        self.dropped_bytes += excess
        return excess

    def pop(self, *, partial: bool = False) -> bytes | None:
        """One frame of 640 bytes, or None when less is waiting.

        With ``partial`` a shorter rest is given too, filled up with silence (the end of an utterance).
        """
        waiting = len(self._buffer)
        if waiting < FRAME_BYTES and not (partial and waiting):
            return None
        frame = bytes(memoryview(self._buffer)[:FRAME_BYTES])
        del self._buffer[:FRAME_BYTES]
        return frame if len(frame) == FRAME_BYTES else frame + bytes(FRAME_BYTES - len(frame))

    def peek(self, frames: int) -> bytes:
        """The next whole frames, which stay."""
        return bytes(memoryview(self._buffer)[: frames * FRAME_BYTES])  # a slice would be copied twice

    def skip(self, frames: int) -> None:
        """Forget the next whole frames."""
        del self._buffer[: frames * FRAME_BYTES]

    def clear(self) -> int:
        """Forget everything, half samples too; gives the whole milliseconds that were waiting."""
        waiting = len(self._buffer) // BYTES_PER_MS
        self._buffer.clear()
        self._half = b""
        return waiting


class JitterQueue:
    """Whole frames on their way to an output that takes one every 20 ms.

    Nothing is given until ``target`` frames wait, and again so after it ran dry: that many frames of
    jitter are absorbed, at ``target - 1`` frames of delay. Beyond ``limit`` frames the oldest go.
    """

    def __init__(self, target: int = 1, limit: int = 50) -> None:
        if not 1 <= target <= limit:
            raise ValueError(f"need 1 <= target <= limit, not target={target}, limit={limit}")
        self.target = target
        self.dropped = 0
        self.underruns = 0
        self._frames: deque[bytes] = deque()
        self._limit = limit
        self._running = False

    def __len__(self) -> int:
        """Frames waiting."""
        return len(self._frames)

    def push(self, frame: bytes) -> None:
        """Append one frame."""
        if len(self._frames) >= self._limit:
            self._frames.popleft()
            self.dropped += 1
        self._frames.append(frame)
        if len(self._frames) >= self.target:
            self._running = True

    def pop(self) -> bytes | None:
        """The next frame, or None while filling up."""
        if not self._running:
            return None
        if not self._frames:
            self._running = False
            self.underruns += 1
            return None
        return self._frames.popleft()

    def drain(self) -> bytes | None:
        """The next frame whether or not the target was reached (the source ended)."""
        return self._frames.popleft() if self._frames else None

    def clear(self) -> None:
        """Forget the waiting frames and fill up anew."""
        self._frames.clear()
        self._running = False
