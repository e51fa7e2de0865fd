"""How loud PCM is, whether it is silence, and whether one recording contains another.

All functions take s16le bytes (a trailing odd byte is ignored) and are pure. Levels are in dBFS: 0 dBFS is
a constant full-scale signal, so a full-scale sine measures -3 dBFS.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from voxrun.media.frames import SAMPLE_RATE, SILENCE

Samples: TypeAlias = npt.NDArray[np.int16]

FLOOR_DBFS: Final = -100.0
"""What digital silence measures; the quietest s16 signal, one step now and then, is about -96 dBFS."""
FULL_SCALE: Final = 32768.0
MIN_OVERLAP_MS: Final = 100
"""A lag counts in ``correlation`` only where at least this much (or half the shorter side) overlaps."""


def samples(pcm: bytes | bytearray | memoryview) -> Samples:
    """PCM as int16 samples, read-only and without a copy."""
    return np.frombuffer(pcm, dtype="<i2", count=len(pcm) // 2)


def to_pcm(values: npt.NDArray[np.floating]) -> bytes:
    """Round to the nearest sample and saturate: float samples (full scale 32768) as s16le bytes."""
    rounded: Samples = np.clip(np.rint(values), -32768, 32767).astype("<i2")
    return rounded.tobytes()


def rms_dbfs(pcm: bytes) -> float:
    """Root mean square of the whole piece in dBFS, at least ``FLOOR_DBFS``."""
    values = samples(pcm).astype(np.float64)
    if values.size == 0:
        return FLOOR_DBFS
    return power_to_dbfs(float(np.dot(values, values)) / values.size)


def power_to_dbfs(power: float) -> float:
    """Mean square of int16 samples as dBFS, at least ``FLOOR_DBFS``."""
    if power <= 0.0:
        return FLOOR_DBFS
    return max(FLOOR_DBFS, 10.0 * math.log10(power / (FULL_SCALE * FULL_SCALE)))


def peak(pcm: bytes) -> int:
    """Largest absolute sample, 0 to 32768."""
    values = samples(pcm)
    if values.size == 0:
        return 0
    return max(int(values.max()), -int(values.min()))


def is_silence(pcm: bytes, threshold_dbfs: float = FLOOR_DBFS) -> bool:
    """True for digital silence, or for anything at or below ``threshold_dbfs`` when one is given.

    The shared ``SILENCE`` frame and zeros are recognised without arithmetic.
    """
    if pcm is SILENCE or pcm.count(0) == len(pcm):
        return True
    return threshold_dbfs > FLOOR_DBFS and rms_dbfs(pcm) <= threshold_dbfs


def gain(pcm: bytes, db: float) -> bytes:
    """The same audio ``db`` louder (negative: quieter), saturated."""
    return to_pcm(samples(pcm) * 10.0 ** (db / 20.0))


class Correlation(Struct, frozen=True):
    """How much of a reference is found in some audio.

    ``value`` is -1..1 (1: the same wave at any volume), ``lag`` the samples by which the audio is late.
    """

    value: float
    lag: int
    rate: int = SAMPLE_RATE

    @property
    def lag_ms(self) -> float:
        return self.lag * 1000.0 / self.rate


def correlation(
    reference: bytes, audio: bytes, max_lag_ms: int = 1000, *, min_lag_ms: int | None = None
) -> Correlation:
    """Best normalised cross-correlation of ``reference`` with ``audio`` (both 16 kHz mono s16le).

    Lags from ``min_lag_ms`` (default ``-max_lag_ms``) to ``max_lag_ms`` are tried; positive means that the
    audio is late. For each lag the product sum is divided by the energies of the *overlapping* parts, so a
    longer or shorter recording does not lower the value. Silence on either side gives 0 at lag 0. Through
    one FFT; a minute against a minute took 0.18 s.
    """
    low = -max_lag_ms if min_lag_ms is None else min_lag_ms
    first, last = low * SAMPLE_RATE // 1000, max_lag_ms * SAMPLE_RATE // 1000
    ref = samples(reference).astype(np.float64)
    got = samples(audio).astype(np.float64)
    if not ref.any() or not got.any() or last < first:
        return Correlation(0.0, 0)
    lags = np.arange(max(first, 1 - ref.size), min(last, got.size - 1) + 1)
    if lags.size == 0:
        return Correlation(0.0, 0)
    scores = _scores(ref, got, lags)
    best = int(np.argmax(scores))
    return Correlation(float(scores[best]), int(lags[best]))


def _scores(
    ref: npt.NDArray[np.float64], got: npt.NDArray[np.float64], lags: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Normalised correlation for each lag; 0 where too little overlaps or the overlap is silent."""
    size = 1 << (ref.size + got.size - 1).bit_length()
    products = np.fft.irfft(np.conj(np.fft.rfft(ref, size)) * np.fft.rfft(got, size), size)[lags % size]
    start_ref, start_got = np.maximum(-lags, 0), np.maximum(lags, 0)
    length = np.minimum(ref.size - start_ref, got.size - start_got)
    energy = _energy(ref, start_ref, length) * _energy(got, start_got, length)
    enough = min(MIN_OVERLAP_MS * SAMPLE_RATE // 1000, (min(ref.size, got.size) + 1) // 2)
    valid = (length >= enough) & (energy > 0.0)
    scores = np.zeros(lags.size)
    scores[valid] = products[valid] / np.sqrt(energy[valid])
    return np.clip(scores, -1.0, 1.0)


def _energy(
    values: npt.NDArray[np.float64], start: npt.NDArray[np.int64], length: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Energy of ``values[start : start + length]`` for each pair."""
    total: npt.NDArray[np.float64] = np.concatenate(([0.0], np.cumsum(values * values)))
    energy: npt.NDArray[np.float64] = total[start + length] - total[start]
    return energy
