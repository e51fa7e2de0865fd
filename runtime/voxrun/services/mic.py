"""handleMicStatus: tells when the far end of a call starts and stops to speak."""

from __future__ import annotations

from collections.abc import Callable

from voxrun.media.graph import Sink, Source, Ticker
from voxrun.media.vad import SpeechDetector
from voxrun.services.steady import Steady

REST_MS = 1000
"""After so much silence in place of frames nothing is left to decide."""


class MicWatcher(Sink):
    """``changed(active)`` is called for each change. Who stops sending in mid-word has stopped speaking."""

    def __init__(self, ticker: Ticker, changed: Callable[[bool], None]) -> None:
        super().__init__()
        self._steady = Steady(ticker, self._feed)
        self._changed = changed
        self._detector = SpeechDetector()

    def write(self, frame: bytes, source: Source) -> None:
        self._steady.write(frame)

    def stop(self) -> None:
        """Forget it; nothing is told any more."""
        self._steady.stop()

    def _feed(self, frame: bytes) -> bool:
        transition = self._detector.feed(frame)
        if transition is not None:
            self._changed(transition.kind == "start")
        return self._detector.speaking or self._detector.quiet_ms < REST_MS
