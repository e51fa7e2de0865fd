"""A queue of 20 ms frames between two beats that drift apart or stall: bounded, and it melts.

After a stall frames come in a burst and would stay late for ever. Quiet ones are left out first; where a
source never pauses, a frame goes after each ``WINDOW`` in which none was needed.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from voxrun.media.levels import is_silence

QUIET_DBFS: Final = -60.0
"""What may be left out to catch up."""
WINDOW: Final = 100
"""Frames taken (2 s) while another waited."""


class Surplus:
    """Finds that more waits in a queue than its jitter needs."""

    def __init__(self) -> None:
        self._unneeded = 0

    def found(self, waiting: int) -> bool:
        """To ask after each frame taken, with what is left above what shall wait; True: leave one out."""
        self._unneeded = self._unneeded + 1 if waiting > 0 else 0
        if self._unneeded < WINDOW:
            return False
        self._unneeded = 0
        return True


class Backlog:
    """``push`` as frames come, ``pop`` at a beat of one's own."""

    def __init__(self, most: int) -> None:
        """``most`` frames may wait; above it the oldest go."""
        self._frames: deque[bytes] = deque(maxlen=most)
        self._surplus = Surplus()

    def __len__(self) -> int:
        """Frames waiting."""
        return len(self._frames)

    def push(self, frame: bytes) -> None:
        """Append one frame."""
        self._frames.append(frame)

    def pop(self, spare: int) -> bytes | None:
        """The next frame, None where there is none. ``spare`` frames may wait without being needed."""
        frames = self._frames
        if len(frames) > spare + 1 and is_silence(frames[0], QUIET_DBFS):
            frames.popleft()
        frame = frames.popleft() if frames else None
        if self._surplus.found(len(frames) - spare):
            frames.popleft()
        return frame

    def clear(self) -> None:
        """Forget what waits."""
        self._frames.clear()
