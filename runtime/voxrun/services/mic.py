"""handleMicStatus: tells when the far end of a call starts and stops to speak."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source, Ticker
from voxrun.media.vad import SpeechDetector

LATE_SECONDS = 0.060
"""Without a frame for this long the far end counts as silent: its packets stopped (mute, a dead network)."""

REST_MS = 1000
"""After so much silence in place of frames nothing is left to decide."""


class MicWatcher(Sink):
    """``changed(active)`` is called for each change. The detector counts frames, so silence stands in for
    those that do not come: who stops sending in mid-word has stopped speaking."""

    def __init__(self, ticker: Ticker, changed: Callable[[bool], None]) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._ticker = ticker
        self._changed = changed
        self._detector = SpeechDetector()
        self._last = self._loop.time()

    def write(self, frame: bytes, source: Source) -> None:
        self._last = self._loop.time()
        self._ticker.start(self)
        self._feed(frame)

    def tick(self) -> bool:
        if self._loop.time() - self._last < LATE_SECONDS:
            return True
        self._feed(SILENCE)
        return self._detector.speaking or self._detector.quiet_ms < REST_MS

    def stop(self) -> None:
        """Forget it; nothing is told any more."""
        self._ticker.stop(self)

    def _feed(self, frame: bytes) -> None:
        transition = self._detector.feed(frame)
        if transition is not None:
            self._changed(transition.kind == "start")
