"""Bridges a lost packet where the codec cannot: the last sound again, fading out (after ITU-T G.711
appendix I, which repeats the last pitch periods and is silent after 60 ms). No I/O, no clock."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from voxrun.media.frames import FRAME_SAMPLES

FADE_FRAMES: Final = 3
"""Frames of 20 ms until a repetition is silent."""
SHORTEST: Final = 40
LONGEST: Final = 200
"""Pitch periods that are looked for, in samples at 16 kHz: 400 to 80 Hz."""

_Wave: Final = np.float64


class Repeater:
    """Keeps the last 40 ms of sound and goes on with them."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.float64] = np.zeros(2 * FRAME_SAMPLES, _Wave)
        self._lost = 0

    def heard(self, pcm: bytes) -> None:
        """Take sound that did arrive (s16le, any length)."""
        new = np.frombuffer(pcm, "<i2", len(pcm) // 2).astype(_Wave)
        self._last = np.concatenate((self._last, new))[-2 * FRAME_SAMPLES :]
        self._lost = 0

    def conceal(self, samples: int) -> bytes:
        """So many samples in place of what was lost."""
        period = self._period()
        wave = np.resize(self._last[-period:], samples)
        start = self._lost / (FADE_FRAMES * FRAME_SAMPLES)
        slope = np.arange(samples, dtype=_Wave) / (FADE_FRAMES * FRAME_SAMPLES)
        self._lost += samples
        return bytes((wave * np.clip(1.0 - start - slope, 0.0, 1.0)).astype("<i2").tobytes())

    def _period(self) -> int:
        """The pitch period of the last sound: where it is most like itself."""
        recent = self._last[-FRAME_SAMPLES:]
        energy = float(np.dot(recent, recent))
        if energy < FRAME_SAMPLES:
            return FRAME_SAMPLES
        best, period = 0.0, FRAME_SAMPLES
        for lag in range(SHORTEST, LONGEST):
            shifted = self._last[-FRAME_SAMPLES - lag : -lag]
            norm = float(np.dot(shifted, shifted))
            if norm <= 0.0:
                continue
            likeness = float(np.dot(recent, shifted)) / (norm * energy) ** 0.5
            if likeness > best:
                best, period = likeness, lag
        return period
