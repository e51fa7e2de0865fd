"""When a frame sounded, from when it came: frames of an even stream arrive with jitter."""

from __future__ import annotations

from collections import deque
from typing import Final

from voxrun.media.frames import FRAME_MS

WINDOW: Final = 50
"""Frames (one second) that must all be late before the stream is taken to have shifted."""
LATE_MS: Final = 60
EARLY_MS: Final = 40
"""How far the grid may be off: less than anybody measures, and a shift costs the one who listens a search."""


class MediaClock:
    """Places frames on a grid of 20 ms. Times in whole ms; pure.

    A burst after a stall is laid out as it was sent. A stream that really moves (its sender has left time
    out) is followed by whole frames, so that the grid of what is heard stays one.
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._late: deque[int] = deque(maxlen=WINDOW)

    def place(self, now: int) -> int:
        """The time of the frame that has just come."""
        at = now if self._next is None else self._next
        if at - now > EARLY_MS:  # the first one was late, so all others seem early
            at -= _whole(at - now)
            self._late.clear()
        self._late.append(now - at)
        if len(self._late) == WINDOW and (shift := min(self._late)) >= LATE_MS:
            at += _whole(shift)
            self._late.clear()
        self._next = at + FRAME_MS
        return at


def _whole(ms: int) -> int:
    """``ms`` in whole frames."""
    return ms // FRAME_MS * FRAME_MS
