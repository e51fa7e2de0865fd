"""How alike two pieces of sound are: correlation at 4 kHz, and whole renderings kept ready for it.

Speech is below 2 kHz, and resampling, mu-law and Opus leave it alone there. Levels do not matter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from voxrun.media.frames import SAMPLE_RATE
from voxrun.replay.people import AUDIBLE

Wave: TypeAlias = npt.NDArray[np.float32]
Spectrum: TypeAlias = npt.NDArray[np.complexfloating]

DECIMATE: Final = 4
RATE: Final = SAMPLE_RATE // DECIMATE


@lru_cache(64)
def shape(pcm: bytes) -> tuple[Wave, int, int]:
    """A rendering for comparing, and where its sound begins and ends; the calls of a run share most."""
    return decimated(pcm), *_extent(pcm)


def _extent(pcm: bytes) -> tuple[int, int]:
    """Where sound begins and ends in ``pcm``, ms."""
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) >= AUDIBLE)
    if loud.size == 0:
        return 0, len(pcm) // 32
    return int(loud[0]) * 1000 // SAMPLE_RATE, int(loud[-1]) * 1000 // SAMPLE_RATE + 1


def decimated(pcm: bytes) -> Wave:
    """16 kHz s16le as 4 kHz floats: the mean of four is filter enough for comparing."""
    samples = np.frombuffer(pcm, "<i2", count=len(pcm) // 2 // DECIMATE * DECIMATE).astype(np.float32)
    wave: Wave = samples.reshape(-1, DECIMATE) @ _MEAN
    return wave


_MEAN: Final = np.full(DECIMATE, 1 / DECIMATE, np.float32)


def rms(wave: Wave) -> float:
    """Root mean square, in units of a sample."""
    return float(np.sqrt(np.mean(wave * wave))) if wave.size else 0.0


def likeness(one: Wave, other: Wave) -> float:
    """Correlation of two pieces of equal length, the best within 1 ms."""
    if one.size < 8:
        return 1.0
    best = 0.0
    for shift in range(-4, 5):
        a = one[max(0, shift) : one.size + min(0, shift)]
        b = other[max(0, -shift) : other.size + min(0, -shift)]
        energy = float(np.dot(a, a)) * float(np.dot(b, b))
        if energy > 0:
            best = max(best, float(np.dot(a, b)) / energy**0.5)
    return best


def find(probe: Wave, wave: Wave) -> tuple[float, int]:
    """The best normalised correlation of ``probe`` with a part of ``wave``, and where that begins."""
    return _find(probe, wave, np.fft.rfft(wave, _size(wave, probe)))


def find_in(probe: Wave, pcm: bytes) -> tuple[float, int]:
    """The same in a whole rendering, which is compared again and again."""
    wave = shape(pcm)[0]
    return _find(probe, wave, _spectrum(pcm, _size(wave, probe)))


def _size(wave: Wave, probe: Wave) -> int:
    """Of the Fourier transforms that compare them."""
    return 1 << (max(wave.size, probe.size) + probe.size - 1).bit_length()


@lru_cache(32)
def _spectrum(pcm: bytes, size: int) -> Spectrum:
    spectrum: Spectrum = np.fft.rfft(shape(pcm)[0], size)
    return spectrum


def _find(probe: Wave, wave: Wave, spectrum: Spectrum) -> tuple[float, int]:
    size = _size(wave, probe)
    if wave.size < probe.size:
        wave = np.concatenate((wave, np.zeros(probe.size - wave.size, np.float32)))
    products = np.fft.irfft(spectrum * np.conj(np.fft.rfft(probe, size)), size)
    products = products[: wave.size - probe.size + 1]
    total = np.concatenate(([0.0], np.cumsum(wave.astype(np.float64) ** 2)))
    energy = (total[probe.size :] - total[: -probe.size]) * float(np.dot(probe, probe))
    scores = np.where(energy > 1.0, products / np.sqrt(np.maximum(energy, 1.0)), 0.0)
    best = int(np.argmax(scores))
    return float(scores[best]), best
