"""Hearing a beep: one steady tone, as an answering machine gives before it records.

Every 20 ms the last 60 ms are measured: how much of their energy lies in one narrow peak, and where that peak
is. Five measurements in a row that show a pure tone at one frequency start a beep, so 140 ms of tone are
enough; two that do not, or a frame that is far softer, end it. Speech has a voice's harmonics beside every
peak, a DTMF digit has two peaks, and noise none. What is compared is rounded to whole percent and Hz first.
A frame takes about 50 us (measured on a shared 2-core machine), silence next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from voxrun.media.frames import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE
from voxrun.media.levels import rms_dbfs, samples

LOWEST_HZ: Final = 350
HIGHEST_HZ: Final = 3000
TOLERANCE_HZ: Final = 25
"""How far a tone may be from its first measurement, and from a frequency that was asked for."""
PURE_PERCENT: Final = 85
"""Share of the energy that the peak holds."""
MIN_DBFS: Final = -45.0
FALL_DB: Final = 12.0
"""A frame so much softer than the beep is the end of it."""
CONFIRM: Final = 5
MISSES: Final = 2
FRAMES: Final = 3
"""Length of a measurement."""

_FFT: Final = 1024
_BIN: Final = SAMPLE_RATE / _FFT
_WIDTH: Final = 2
"""Bins on each side that belong to the peak: the window's main lobe is 33 Hz wide to each side."""
_HANN: Final = np.hanning(FRAMES * FRAME_SAMPLES + 1)[:-1]


class BeepEvent(Struct, frozen=True):
    """A beep started or ended. Times count from the first frame fed.

    ``at_ms`` is when the tone began or ended (to about 20 ms), ``duration_ms`` its length (0 at a start).
    """

    kind: Literal["start", "end"]
    hz: int
    at_ms: int
    duration_ms: int = 0


class BeepDetector:
    """Feed it every 20 ms frame; it tells when beeps start and end.

    ``frequencies`` (Hz) are the only ones that count; none given: any from 350 to 3000 Hz.
    """

    def __init__(self, frequencies: Iterable[float] = ()) -> None:
        self._wanted = tuple(frequencies)
        self._recent: list[bytes] = [SILENCE] * FRAMES
        self._frames = 0
        self._hz = 0
        """Of the tone that is on, or may be; 0 for none."""
        self._run = 0
        self._missing = 0
        self._level = 0.0
        self._began: int | None = None

    @property
    def beeping(self) -> bool:
        """Whether a beep is on."""
        return self._began is not None

    @property
    def suspect(self) -> bool:
        """Whether the last measurement was a pure tone: it is no speech, whatever else it may be."""
        return self._run > 0

    def feed(self, frame: bytes) -> BeepEvent | None:
        """Take the next frame (640 bytes); gives what it decided."""
        self._recent = [*self._recent[1:], frame]
        self._frames += 1
        level = MIN_DBFS - 1 if frame is SILENCE else rms_dbfs(frame)
        hz = self._measure() if level >= MIN_DBFS else 0
        if self._began is None:
            return self._while_quiet(hz, level)
        faded = level < self._level - FALL_DB
        self._missing = 0 if self._is_same(hz) else self._missing + 1
        return self._end(1 if faded else MISSES) if faded or self._missing >= MISSES else None

    def _while_quiet(self, hz: int, level: float) -> BeepEvent | None:
        if not hz:
            self._run = 0
            return None
        self._run = self._run + 1 if self._run and self._is_same(hz) else 1
        if self._run == 1:
            self._hz = hz
        if self._run < CONFIRM:
            return None
        self._level, self._missing = level, 0
        self._began = (self._frames - FRAMES - CONFIRM + 1) * FRAME_MS
        return BeepEvent("start", self._hz, max(0, self._began))

    def _end(self, late: int) -> BeepEvent:
        began, self._began = self._began or 0, None
        self._run = self._missing = 0
        at = (self._frames - late) * FRAME_MS
        return BeepEvent("end", self._hz, at, at - began)

    def _is_same(self, hz: int) -> bool:
        return hz > 0 and abs(hz - self._hz) <= TOLERANCE_HZ

    def _measure(self) -> int:
        """The frequency of the pure tone in the last 60 ms; 0 where there is none (that counts)."""
        values: npt.NDArray[np.float64] = samples(b"".join(self._recent)).astype(np.float64)
        power = np.abs(np.fft.rfft(values * _HANN, _FFT)) ** 2
        top = int(np.argmax(power))
        peak = power[max(0, top - _WIDTH) : top + _WIDTH + 1]
        total = float(power.sum())
        if total <= 0.0 or round(100 * float(peak.sum()) / total) < PURE_PERCENT:
            return 0
        around = np.arange(max(0, top - _WIDTH), max(0, top - _WIDTH) + len(peak))
        hz = round(float(np.dot(peak, around)) / float(peak.sum()) * _BIN)
        if not LOWEST_HZ <= hz <= HIGHEST_HZ:
            return 0
        if self._wanted and all(abs(hz - wanted) > TOLERANCE_HZ for wanted in self._wanted):
            return 0
        return hz
