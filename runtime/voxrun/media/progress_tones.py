"""Hearing what a telephone exchange says by tones: dial tone, busy, congestion, ringback (ITU-T E.180).

Every 20 ms the last 100 ms are compared with the tones of North America (350+440, 440+480, 480+620 Hz) and
the 425 Hz of most other countries: a stretch of sound is a tone where one of these holds nearly all of its
energy. What it means is its cadence: a dial tone goes on for 2 s, busy and congestion are three equal beats
with equal pauses (slow or fast), ringback is one long beat and a longer pause. Sums are exact (integers in
float64, as in ``voxrun.media.dtmf``), so the same audio gives the same answer everywhere. A frame takes
about 20 us (measured on a shared 2-core machine), silence next to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from voxrun.media.frames import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE
from voxrun.media.levels import samples

ProgressTone = Literal["dial", "busy", "congestion", "ringback"]

FREQUENCIES: Final = (350, 425, 440, 480, 620)
TONES: Final[tuple[tuple[int, ...], ...]] = ((350, 440), (440, 480), (480, 620), (425,))
SINGLE: Final = (425,)
MIN_DBFS: Final = -42.0
"""Quieter frames are a pause."""
SHARE_PERCENT: Final = 65
"""Of the energy that the tone holds; 6 Hz beside its frequency it measures 80."""
LEAST_PERCENT: Final = 12
"""Of each of two frequencies."""
DIAL_MS: Final = 2000
BEATS: Final = 3
BEAT_MS: Final = (140, 700)
FAST_MS: Final = 350
"""Beats up to this long are congestion, longer ones busy."""
UNEVEN_MS: Final = 80
RING_MS: Final = 600
RING_PAUSE_MS: Final = 1800

WINDOW: Final = 5
"""Frames of a measurement."""
_COUNT: Final = WINDOW * FRAME_SAMPLES
_UNIT: Final = 2**14
_FLOOR: Final = round(FRAME_SAMPLES * (32768.0 * 10.0 ** (MIN_DBFS / 20.0)) ** 2)
"""Energy of the quietest frame that is a sound."""


def _make_matrix() -> npt.NDArray[np.float64]:
    """Windowed cosines, then sines, of the frequencies, in whole units."""
    hann = np.hanning(_COUNT + 1)[:-1]
    angles = 2.0 * np.pi / SAMPLE_RATE * np.outer(np.arange(_COUNT), np.array(FREQUENCIES))
    waves = np.concatenate((np.cos(angles), np.sin(angles)), axis=1) * hann[:, None]
    matrix: npt.NDArray[np.float64] = np.rint(_UNIT * waves)
    return matrix


_MATRIX: Final = _make_matrix()
_PEAK: Final = (_UNIT * _COUNT / 2) ** 2 / 2.0
"""|sum|**2 of a sine whose mean square is 1: half its amplitude squared, times what the window passes."""


class _Beat(Struct):
    """A stretch of sound: how many of its measurements were which tone."""

    began: int
    measured: int = 0
    votes: dict[tuple[int, ...], int] | None = None

    def vote(self, tone: tuple[int, ...] | None) -> None:
        self.measured += 1
        if tone is not None:
            self.votes = self.votes or {}
            self.votes[tone] = self.votes.get(tone, 0) + 1

    @property
    def tone(self) -> tuple[int, ...] | None:
        """What most of it was; None when it was no tone."""
        best = max(self.votes.items(), key=lambda item: item[1]) if self.votes else None
        return best[0] if best is not None and best[1] * 4 >= self.measured * 3 else None


class ProgressToneDetector:
    """Feed it every 20 ms frame; it tells a tone once its cadence is sure, and the next one only after it."""

    def __init__(self) -> None:
        self._recent: list[bytes] = [SILENCE] * WINDOW
        self._loud = 0
        """Frames of sound in a row, up to now."""
        self._frames = 0
        self._beat: _Beat | None = None
        self._history: list[tuple[tuple[int, ...], int, int]] = []
        """Beats so far: tone, ms of sound, ms of the pause after it (0 while it lasts)."""
        self._quiet = 0
        self._told = False

    @property
    def listening(self) -> bool:
        """Whether the silence that goes on may still mean something."""
        return bool(self._history) and self._quiet * FRAME_MS <= RING_PAUSE_MS

    def feed(self, frame: bytes) -> ProgressTone | None:
        """Take the next frame (640 bytes)."""
        self._recent = [*self._recent[1:], frame]
        self._frames += 1
        if not _is_sound(frame):
            return self._pause()
        self._loud += 1
        if self._beat is None:
            self._begin_beat()
        assert self._beat is not None
        if self._loud >= WINDOW:
            self._beat.vote(self._measure())
        return self._dial(self._beat)

    # -- cadence

    def _begin_beat(self) -> None:
        if self._history and self._quiet:
            tone, on, _ = self._history[-1]
            self._history[-1] = (tone, on, self._quiet * FRAME_MS)
        self._quiet, self._told = 0, False
        self._beat = _Beat(self._frames - 1)

    def _pause(self) -> ProgressTone | None:
        beat, self._beat = self._beat, None
        self._loud = 0
        self._quiet += 1
        if beat is not None:
            tone = beat.tone
            if tone is None:
                self._history.clear()
            else:
                self._history = [
                    *self._history[1 - BEATS :],
                    (tone, (self._frames - 1 - beat.began) * FRAME_MS, 0),
                ]
        return None if self._told else self._told_by_pause()

    def _dial(self, beat: _Beat) -> ProgressTone | None:
        lasted = (self._frames - beat.began) * FRAME_MS
        if self._told or lasted < DIAL_MS or beat.tone not in ((350, 440), SINGLE):
            return None
        self._told = True
        return "dial"

    def _told_by_pause(self) -> ProgressTone | None:
        found = self._even_beats() or self._ringback()
        self._told = found is not None
        if found is not None:
            self._history.clear()
        return found

    def _even_beats(self) -> ProgressTone | None:
        """Busy or congestion: known as soon as the last beat is over."""
        if self._quiet != 1 or len(self._history) < BEATS:
            return None
        tone = self._history[-1][0]
        if tone not in ((480, 620), SINGLE) or any(beat[0] != tone for beat in self._history):
            return None
        lengths = [beat[1] for beat in self._history] + [beat[2] for beat in self._history[:-1]]
        if min(lengths) < BEAT_MS[0] or max(lengths) > BEAT_MS[1] or max(lengths) - min(lengths) > UNEVEN_MS:
            return None
        return "congestion" if max(lengths) <= FAST_MS else "busy"

    def _ringback(self) -> ProgressTone | None:
        if not self._history or self._quiet * FRAME_MS != RING_PAUSE_MS:
            return None
        tone, on, _ = self._history[-1]
        return "ringback" if tone in ((440, 480), SINGLE) and on >= RING_MS else None

    # -- spectrum

    def _measure(self) -> tuple[int, ...] | None:
        """The tone in the last 100 ms."""
        values = samples(b"".join(self._recent)).astype(np.float64)
        energy = float(np.dot(values, values))
        sums: list[float] = (values @ _MATRIX).tolist()
        count = len(FREQUENCIES)
        mean = energy / _COUNT
        percent = {
            hz: math.floor(100.0 * (sums[k] ** 2 + sums[k + count] ** 2) / (_PEAK * mean) + 0.5)
            for k, hz in enumerate(FREQUENCIES)
        }
        return _tone_of(percent)


def _is_sound(frame: bytes) -> bool:
    if frame is SILENCE:
        return False
    values = samples(frame).astype(np.float64)
    return bool(np.dot(values, values) >= _FLOOR)


def _tone_of(percent: dict[int, int]) -> tuple[int, ...] | None:
    for tone in TONES:
        parts: Sequence[int] = [percent[hz] for hz in tone]
        if sum(parts) >= SHARE_PERCENT and min(parts) >= LEAST_PERCENT:
            return tone
    return None
