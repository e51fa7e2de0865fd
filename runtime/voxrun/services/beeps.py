"""enableBeepDetection and ToneDetected: what a call's far end says without words."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Sequence

from voxrun.media.beep import HIGHEST_HZ, LOWEST_HZ, BeepDetector, BeepEvent
from voxrun.media.graph import Sink, Source, Ticker, disconnect_sink
from voxrun.media.progress_tones import ProgressToneDetector
from voxrun.services.call import CallState
from voxrun.services.steady import Steady

LONGEST_BEEP_SECONDS = 2.0
"""A beep that goes on counts as one after this."""

Told = Callable[[int], None]
"""(Hz)"""


class Ear(Sink):
    """Hears a call, silence filled in, until ``stop``. Subclasses take frames in ``_hear``."""

    def __init__(self, ticker: Ticker) -> None:
        super().__init__()
        self._steady = Steady(ticker, self._hear)

    def write(self, frame: bytes, source: Source) -> None:
        self._steady.write(frame)

    def stop(self) -> None:
        """Hear nothing more."""
        self._steady.stop()
        disconnect_sink(self)

    @abstractmethod
    def _hear(self, frame: bytes) -> bool:
        """Take 20 ms; tells whether more silence would matter."""


class BeepEar(Ear):
    """Waits for the end of a beep, so that who speaks then is on the recording. ``told`` once."""

    def __init__(self, ticker: Ticker, frequencies: Sequence[float], told: Told) -> None:
        super().__init__(ticker)
        self._detector = BeepDetector(frequencies)
        self._told: Told | None = told
        self._limit: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        super().stop()
        self._told = None
        if self._limit is not None:
            self._limit.cancel()

    def _hear(self, frame: bytes) -> bool:
        event = self._detector.feed(frame)
        if event is not None and event.kind == "start":
            loop = asyncio.get_running_loop()
            self._limit = loop.call_later(LONGEST_BEEP_SECONDS, self._tell, event)
        elif event is not None:
            self._tell(event)
        return self._detector.suspect or self._detector.beeping

    def _tell(self, event: BeepEvent) -> None:
        told = self._told
        self.stop()
        if told is not None:
            told(event.hz)


class BeepWatch:
    """One enableBeepDetection: BeepDetectionComplete after a beep, after the time is up, or when disabled."""

    def __init__(
        self, call: CallState, ticker: Ticker, frequencies: Sequence[float], timeout_ms: int | None
    ) -> None:
        self._call = call
        self._ear = BeepEar(ticker, frequencies, self._heard)
        self._timer: asyncio.TimerHandle | None = None
        self.running = True
        if timeout_ms is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(timeout_ms / 1000, lambda: self._complete(timeout=True))
        call.audio.connect(self._ear)

    def disable(self) -> None:
        """The scenario has no more use for it."""
        self._complete(timeout=False)

    def stop(self) -> None:
        """Listen no more, without a word."""
        self.running = False
        self._ear.stop()
        if self._timer is not None:
            self._timer.cancel()

    def _heard(self, hz: int) -> None:
        self._complete(frequencies=[hz])

    def _complete(self, **fields: object) -> None:
        if self.running:
            self.stop()
            self._call.send("BeepDetectionComplete", **fields)


def wrong_frequencies(frequencies: Sequence[float]) -> str:
    """Why these cannot be listened for; "" when they can."""
    wrong = [hz for hz in frequencies if not LOWEST_HZ <= hz <= HIGHEST_HZ]
    if not wrong:
        return ""
    return f"{wrong[0]:g} Hz is no frequency of a beep: {LOWEST_HZ} to {HIGHEST_HZ} Hz can be heard"


class ToneScan(Ear):
    """Listens for the tones of an exchange and for an answering machine's beep.

    ``progress(name)`` is told of the former, ``voicemail(hz)`` of the latter, when it is over.
    """

    def __init__(self, ticker: Ticker, progress: Callable[[str], None], voicemail: Told) -> None:
        super().__init__(ticker)
        self._progress = progress
        self._voicemail = voicemail
        self._tones = ProgressToneDetector()
        self._beeps = BeepDetector()

    def _hear(self, frame: bytes) -> bool:
        name = self._tones.feed(frame)
        if name is not None:
            self._progress(name)
        event = self._beeps.feed(frame)
        if event is not None and event.kind == "end" and not _is_exchange(event.hz):
            self._voicemail(event.hz)
        return self._tones.listening or self._beeps.suspect or self._beeps.beeping


def _is_exchange(hz: int) -> bool:
    """Whether a single tone is the beat of an exchange's (425 Hz of most countries) and no machine's beep."""
    return abs(hz - 425) <= 10
