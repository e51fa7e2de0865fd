"""One player: it plays a piece of PCM once, or again and again, frame by frame on the ticker."""

from __future__ import annotations

from collections.abc import Callable

from voxrun.media.frames import FRAME_BYTES
from voxrun.media.graph import Source, Ticker


class Player:
    """Plays ``pcm`` (16 kHz mono s16le) into ``source``. ``finished`` is called once, at the end.

    Looping players never finish. A player that was stopped never calls ``finished``.
    """

    def __init__(self, ticker: Ticker, pcm: bytes, loop: bool, finished: Callable[[], None]) -> None:
        self.source = Source()
        self._ticker = ticker
        self._pcm = pcm
        self._loop = loop and bool(pcm)
        self._finished: Callable[[], None] | None = finished
        self._at = 0

    def start(self) -> None:
        """Begin with the next tick."""
        self._ticker.start(self)

    def stop(self) -> None:
        """Stop for good."""
        self._finished = None
        self._ticker.stop(self)
        self.source.disconnect_all()

    def tick(self) -> bool:
        frame = self._next_frame()
        if frame is not None:
            self.source.push(frame)
            return True
        finished, self._finished = self._finished, None
        self.source.disconnect_all()
        if finished is not None:
            finished()
        return False

    def _next_frame(self) -> bytes | None:
        if self._at >= len(self._pcm):
            return None
        frame = self._pcm[self._at : self._at + FRAME_BYTES]
        self._at += FRAME_BYTES
        missing = FRAME_BYTES - len(frame)
        if not self._loop:
            return frame + bytes(missing) if missing else frame
        # A loop has no seam: the rest of the last frame is the beginning of the next round.
        while missing:
            frame += self._pcm[:missing]
            self._at = missing
            missing = FRAME_BYTES - len(frame)
        if self._at >= len(self._pcm):
            self._at = 0
        return frame
