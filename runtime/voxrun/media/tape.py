"""What a player plays, as a tape that gives the next piece of 16 kHz mono s16le.

``take(most)`` gives (position, pcm): at most so many samples, and where on the tape they begin; b"" when
there is nothing, for now (a tape that still grows) or for good (``over``). Loops and joins have no seam,
because who wants a whole frame just takes again. Positions and lengths are samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from voxrun.media.frames import FRAME_BYTES, SAMPLE_RATE
from voxrun.media.tones import Tone, ToneGenerator

SAMPLES_PER_MS: Final = SAMPLE_RATE // 1000
AHEAD: Final = 200 * SAMPLES_PER_MS
"""So much of a growing tape is there before it is played, at first and after it ran dry."""


class Tape(Protocol):
    """See the module docstring."""

    @property
    def length(self) -> int | None:
        """Samples of one round; None while it is not known, and where there is no end."""
        ...

    @property
    def over(self) -> bool:
        """Nothing comes any more."""
        ...

    def take(self, most: int) -> tuple[int, bytes]: ...

    def whole(self, most: int) -> tuple[int, bytes]:
        """As ``take``, but without taking it: the next frames, at most so many, that are whole and in one
        piece; b"" where that is not known."""
        ...

    def place(self, offset_ms: int, segment: int | None) -> int | None:
        """The position ``offset_ms`` from the beginning, or the end when it is negative, of the tape or of
        one of its segments; None while it is not known."""
        ...


class PcmTape:
    """Audio that is there as a whole, once or again and again."""

    def __init__(self, pcm: bytes, loop: bool = False) -> None:
        self._pcm = pcm[: len(pcm) & ~1]
        self._loop = loop and bool(self._pcm)
        self._at = 0

    @property
    def length(self) -> int:
        return len(self._pcm) // 2

    @property
    def over(self) -> bool:
        return not self._loop and self._at >= len(self._pcm)

    def take(self, most: int) -> tuple[int, bytes]:
        if self._loop and self._at >= len(self._pcm):
            self._at = 0
        begin = self._at
        pcm = self._pcm[begin : begin + 2 * most]
        self._at += len(pcm)
        return begin // 2, pcm

    def whole(self, most: int) -> tuple[int, bytes]:
        count = min(most, (len(self._pcm) - self._at) // FRAME_BYTES)
        return self._at // 2, self._pcm[self._at : self._at + count * FRAME_BYTES]

    def place(self, offset_ms: int, segment: int | None) -> int | None:
        return from_end(offset_ms, self.length)


class GrowingTape:
    """Audio that comes while it is played (progressive playback). ``append`` it, then ``finish``."""

    def __init__(self, loop: bool = False) -> None:
        self._pcm = bytearray()
        self._loop = loop
        self._complete = False
        self._at = 0
        self._filling = True

    @property
    def length(self) -> int | None:
        return len(self._pcm) // 2 if self._complete else None

    @property
    def over(self) -> bool:
        return self._complete and self._at >= len(self._pcm) and not (self._loop and self._pcm)

    @property
    def enough(self) -> bool:
        """Whether it may be played: some is there, or all."""
        return self._complete or len(self._pcm) - self._at >= 2 * AHEAD

    def append(self, pcm: bytes) -> None:
        """More of it: whole samples."""
        self._pcm += pcm

    def finish(self) -> None:
        """That was all."""
        self._complete = True

    def take(self, most: int) -> tuple[int, bytes]:
        if self._complete and self._loop and self._at >= len(self._pcm):
            self._at = 0
        begin = self._at
        # Rather a pause than pieces of frames: what has run dry is played again when there is enough.
        self._filling = not self._complete and (self._filling or len(self._pcm) - begin < 2 * most)
        if self._filling and not self.enough:
            return begin // 2, b""
        self._filling = False
        pcm = bytes(self._pcm[begin : begin + 2 * most])
        self._at += len(pcm)
        return begin // 2, pcm

    def whole(self, most: int) -> tuple[int, bytes]:
        return 0, b""

    def place(self, offset_ms: int, segment: int | None) -> int | None:
        return from_end(offset_ms, self.length)


class ToneTape:
    """A tone."""

    def __init__(self, tone: Tone, loop: bool = False) -> None:
        self._generator = ToneGenerator(tone, loop=loop)
        self._length = tone.length
        self._loop = loop and self._length != 0
        self._frame = b""
        self._made = 0
        self._done = False

    @property
    def length(self) -> int | None:
        return self._length

    @property
    def over(self) -> bool:
        return self._done and not self._frame

    def take(self, most: int) -> tuple[int, bytes]:
        if not self._frame:
            self._frame = self._next()
        begin, length = self._made, self._length
        if self._loop and length is not None:
            begin %= length
            most = min(most, length - begin)
        count = min(most, len(self._frame) // 2)
        # A whole frame goes on as it is: the shared frame of silence is known by its identity.
        pcm = self._frame if 2 * count == len(self._frame) else self._frame[: 2 * count]
        self._frame = b"" if pcm is self._frame else self._frame[2 * count :]
        self._made += count
        return begin, pcm

    def whole(self, most: int) -> tuple[int, bytes]:
        return 0, b""

    def _next(self) -> bytes:
        frame = self._generator.next_frame()
        if frame is None:
            self._done = True
            return b""
        left = None if self._loop or self._length is None else self._length - self._made
        return frame if left is None or 2 * left >= FRAME_BYTES else frame[: 2 * left]

    def place(self, offset_ms: int, segment: int | None) -> int | None:
        return from_end(offset_ms, self._length)


class JoinedTape:
    """Segments one after the other. One that loops is the last that is heard."""

    def __init__(self, segments: Sequence[PcmTape]) -> None:
        self._segments = segments
        self._starts = [0]
        for segment in segments:
            self._starts.append(self._starts[-1] + segment.length)
        self._current = 0

    @property
    def length(self) -> int:
        return self._starts[-1]

    @property
    def over(self) -> bool:
        return all(segment.over for segment in self._segments[self._current :])

    def take(self, most: int) -> tuple[int, bytes]:
        while self._current < len(self._segments):
            at, pcm = self._segments[self._current].take(most)
            if pcm:
                return self._starts[self._current] + at, pcm
            self._current += 1
        return self._starts[-1], b""

    def whole(self, most: int) -> tuple[int, bytes]:
        if self._current == len(self._segments):
            return 0, b""
        at, pcm = self._segments[self._current].whole(most)
        return self._starts[self._current] + at, pcm

    def place(self, offset_ms: int, segment: int | None) -> int | None:
        if segment is None:
            return from_end(offset_ms, self.length)
        if not 0 <= segment < len(self._segments):
            return None
        begin, length = self._starts[segment], self._segments[segment].length
        place = from_end(offset_ms, length)
        if place is None or place > length:
            return None  # it is not in this segment
        return begin + place


def from_end(offset_ms: int, length: int | None) -> int | None:
    """``offset_ms`` as a position; a negative one counts from the end, and before the beginning is there."""
    if offset_ms >= 0:
        return offset_ms * SAMPLES_PER_MS
    return None if length is None else max(0, length + offset_ms * SAMPLES_PER_MS)


def whole_ms(samples: int) -> int:
    """Samples as whole milliseconds."""
    return samples // SAMPLES_PER_MS
