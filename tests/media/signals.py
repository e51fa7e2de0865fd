"""Test signals, made from numbers so that no fixture files are needed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
Floats = npt.NDArray[np.float64]


def pcm(values: Floats) -> bytes:
    """Float samples (full scale 32768) as s16le."""
    return np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes()


def sine(hz: float, ms: float, *, dbfs: float = -10.0, rate: int = RATE) -> Floats:
    """A sine whose RMS level is ``dbfs``."""
    t = np.arange(round(ms * rate / 1000)) / rate
    return np.sqrt(2.0) * 32768 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t)


def noise(ms: float, *, dbfs: float = -30.0, seed: int = 1, rate: int = RATE) -> Floats:
    """White noise."""
    count = round(ms * rate / 1000)
    return np.random.default_rng(seed).normal(0.0, 32768 * 10 ** (dbfs / 20), count)


def quiet(ms: float, *, rate: int = RATE) -> Floats:
    return np.zeros(round(ms * rate / 1000))


def voice(ms: float, *, dbfs: float = -20.0, seed: int = 1, pitch: float = 120.0) -> Floats:
    """Something like a voice: a gliding buzz through two moving formants, in syllables of about 200 ms.

    Different seeds give different melodies and rhythms, which hardly correlate.
    """
    rng = np.random.default_rng(seed)
    count = round(ms * RATE / 1000)
    knots = max(4, round(ms / 100))
    grid, at = np.linspace(0, count, knots), np.arange(count)
    f0 = np.interp(at, grid, pitch * rng.uniform(0.8, 1.3, knots))
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    first = np.interp(at, grid, rng.uniform(300, 800, knots))
    second = np.interp(at, grid, rng.uniform(1000, 2400, knots))
    out = np.zeros(count)
    for harmonic in range(1, 25):
        f = harmonic * f0
        weight = np.exp(-(((f - first) / 250) ** 2)) + 0.5 * np.exp(-(((f - second) / 300) ** 2)) + 0.02
        out += weight * np.sin(harmonic * phase + rng.uniform(0, 6.28))
    syllables = np.interp(at, grid, rng.uniform(0.15, 1.0, knots))
    edge = np.minimum(1.0, np.minimum(at, at[::-1]) / 320)
    out *= syllables * edge
    return out * (32768 * 10 ** (dbfs / 20) / np.sqrt(np.mean(out**2)))


def rms_db(values: Floats) -> float:
    return float(10 * np.log10(max(float(np.mean(values**2)), 1e-6) / 32768**2))


def tone_level(values: Floats, hz: float, rate: int = RATE) -> float:
    """dBFS (RMS) of the component at ``hz``."""
    window = np.hanning(values.size)
    t = np.arange(values.size) / rate
    amplitude = 2 * abs(np.sum(values * window * np.exp(-2j * np.pi * hz * t))) / window.sum()
    return float(20 * np.log10(max(amplitude, 1e-9) / np.sqrt(2) / 32768))


def floats(data: bytes) -> Floats:
    return np.frombuffer(data, "<i2").astype(np.float64)
