"""From an engine's sample rate to 16 kHz, the same samples on every machine.

A polyphase windowed-sinc filter whose coefficients are whole numbers (Q15). All products and sums are
integers below 2**53, so float64 arithmetic is exact whatever order a BLAS adds them in: the result is a
function of the input alone. This is for files and phrases; live legs have ``media.resample``.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from voxrun.media.frames import SAMPLE_RATE

Floats: TypeAlias = NDArray[np.float64]

TAPS: Final = 96
"""Length of the filter in input samples: 80 dB down within 1.2 kHz at 22.05 kHz."""
KAISER_BETA: Final = 8.0
PASS_SHARE: Final = 0.95
"""Cut-off as a share of the lower Nyquist frequency."""
UNIT: Final = 1 << 15


def to_16k(pcm: bytes, rate: int) -> bytes:
    """Convert mono s16le from ``rate`` Hz to 16 kHz; an odd last byte is dropped."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")
    if rate == SAMPLE_RATE or not samples.size:
        return samples.tobytes()
    divisor = math.gcd(rate, SAMPLE_RATE)
    up, down = SAMPLE_RATE // divisor, rate // divisor
    kernel = _kernel(up, down)
    half = TAPS // 2
    padded = np.zeros(samples.size + TAPS + down, np.float64)
    padded[half - 1 : half - 1 + samples.size] = samples
    windows = sliding_window_view(padded, TAPS)
    total = -(-samples.size * up // down)
    result = np.zeros(total, np.float64)
    for phase in range(min(up, total)):
        start = phase * down // up
        count = len(range(phase, total, up))
        result[phase::up] = windows[start::down][:count] @ kernel[phase * down % up]
    return _saturate(np.floor((result + UNIT / 2) / UNIT))


def prepare(rate: int) -> None:
    """Compute the filter for ``rate`` ahead of its first use."""
    if rate != SAMPLE_RATE:
        divisor = math.gcd(rate, SAMPLE_RATE)
        _kernel(SAMPLE_RATE // divisor, rate // divisor)


def scale(pcm: bytes, percent: int) -> bytes:
    """Make s16le louder or softer by ``percent`` (100 leaves it as it is), without wrapping around."""
    if percent == 100:
        return pcm
    samples = np.frombuffer(pcm, "<i2").astype(np.int64)
    return _saturate((samples * percent) // 100)


@lru_cache(maxsize=8)
def _kernel(up: int, down: int) -> Floats:
    """Coefficients by position between two input samples: shape (up, TAPS), each row sums to ``UNIT``."""
    offsets = np.arange(up)[:, None] / up - (np.arange(TAPS)[None, :] - (TAPS // 2 - 1))
    cutoff = PASS_SHARE * min(1.0, up / down)
    inside = np.clip(1.0 - (offsets / (TAPS / 2)) ** 2, 0.0, None)
    window = np.i0(KAISER_BETA * np.sqrt(inside)) / np.i0(KAISER_BETA)
    ideal = np.sinc(offsets * cutoff) * window
    rows: Floats = np.round(ideal / ideal.sum(axis=1, keepdims=True) * UNIT)
    rows[:, TAPS // 2 - 1] += UNIT - rows.sum(axis=1)
    return rows


def _saturate(values: NDArray[np.float64] | NDArray[np.int64]) -> bytes:
    return np.clip(values, -32768, 32767).astype("<i2").tobytes()
