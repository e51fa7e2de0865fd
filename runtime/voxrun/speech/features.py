"""What an utterance sounds like, in whole numbers: band energies of 16 bands from 300 to 3400 Hz every 10 ms.

The band is that of a telephone, so that a trip through an 8 kHz codec changes little. Energies are
logarithms in steps of a quarter of an octave of power (0.75 dB); from here on everything is integer
arithmetic, so a decision does not depend on how a machine rounds.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.levels import samples

Ints: TypeAlias = NDArray[np.int32]

BANDS: Final = 16
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
HOP: Final = 160
"""Samples between frames (10 ms)."""
WINDOW: Final = 400
"""Samples of a frame (25 ms)."""
STEPS_AN_OCTAVE: Final = 4
"""Steps for a doubling of power."""
STEP_DB: Final = 10 * math.log10(2) / STEPS_AN_OCTAVE

_FFT: Final = 512


class Features(Struct, frozen=True):
    """``bands``: shape (frames, BANDS) in steps; ``energy``: shape (frames,), all bands together, in steps.

    ``peak`` is the energy that 5 % of the louder frames exceed: the level of the voice.
    """

    bands: Ints
    energy: Ints
    peak: int


def analyse(pcm: bytes) -> Features | None:
    """Features of 16 kHz mono s16le; None for less than one frame."""
    signal = samples(pcm).astype(np.float64)
    if signal.size < WINDOW:
        return None
    frames = sliding_window_view(signal, WINDOW)[::HOP] * _HANN
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2
    bands = power @ _MEL
    energy = _steps(bands.sum(axis=1))
    return Features(_steps(bands), energy, voice_level(energy))


def steps(db: float) -> int:
    """Decibels as steps."""
    return round(db / STEP_DB)


def voice_level(energy: Ints) -> int:
    """The ``peak`` of frames of these energies."""
    ordered = np.sort(energy)
    loud = ordered[ordered > ordered[-1] - steps(20)]
    return int(loud[-max(1, loud.size // 20)])


def _steps(power: NDArray[np.float64]) -> Ints:
    result: Ints = np.rint(STEPS_AN_OCTAVE * np.log2(power + 1.0)).astype(np.int32)
    return result


def _mel_matrix() -> NDArray[np.float64]:
    """Triangular filters, evenly spaced on the mel scale: shape (bins, BANDS)."""
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    bins = np.arange(_FFT // 2 + 1) * SAMPLE_RATE / _FFT
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.clip(np.minimum(rising, falling), 0.0, None)


_HANN: Final = np.hanning(WINDOW + 1)[:-1]
_MEL: Final = _mel_matrix()
