"""What was heard, compared with what was said. PCM is 16 kHz mono s16le throughout."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voxrun.media.frames import SAMPLE_RATE

Floats = npt.NDArray[np.float64]

WINDOW_MS = 200
DRIFT_MS = 240
"""How far a window may have moved against the whole: jitter buffers skip and stretch pauses."""


def floats(pcm: bytes) -> Floats:
    return np.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(np.float64)


def correlation(heard: bytes, said: bytes) -> float:
    """How much of ``said`` is in ``heard``: the best normalised correlation over all delays, 0 to 1.

    One delay for the whole of it, so a hole, a repetition or a slip of time lowers it.
    """
    return _best(floats(heard), floats(said))[0]


def piecewise(heard: bytes, said: bytes) -> float:
    """``correlation`` that forgives slips of time: each 200 ms may have a delay of its own, near the whole's.

    For listeners behind a jitter buffer that stretches time (a browser's). Windows count by their energy, so
    a hole still costs what was in it, and windows may not stand for each other.
    """
    ear, voice = floats(heard), floats(said)
    _, delay = _best(ear, voice)
    size, slack = SAMPLE_RATE * WINDOW_MS // 1000, SAMPLE_RATE * DRIFT_MS // 1000
    total = gained = 0.0
    for start in range(0, len(voice) - size + 1, size):
        part = voice[start : start + size]
        weight = float(np.dot(part, part))
        at = start + delay
        around = ear[max(0, at - slack) : max(0, at + size + slack)]
        if weight == 0 or len(around) < size:
            total += weight
            continue
        score, shift = _best(around, part)
        delay = max(0, at - slack) + shift - start
        total += weight
        gained += weight * score
    return gained / total if total else 0.0


def leak(other: bytes, own: bytes, said: bytes, slack_ms: int = 300) -> float:
    """How much of ``said`` is in ``other`` at the time (and a little around it) at which ``own`` has it.

    Any two voices correlate by chance when every delay is tried over a whole call; what leaks is there at
    about the same time. However soft it is, next to silence it counts in full.
    """
    voice, slack = floats(said), SAMPLE_RATE * slack_ms // 1000
    _, delay = _best(floats(own), voice)
    return _best(floats(other)[max(0, delay - slack) : delay + len(voice) + slack], voice)[0]


def _best(ear: Floats, voice: Floats) -> tuple[float, int]:
    """(correlation, delay in samples) at the delay that fits best; polarity counts."""
    if len(voice) == 0 or len(ear) == 0:
        return 0.0, 0
    ear = np.pad(ear, (0, len(voice)))  # what was cut off in the middle is found too
    size = 1 << (len(ear) + len(voice) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(ear, size) * np.conj(np.fft.rfft(voice, size)), size)
    products = products[: len(ear) - len(voice) + 1]
    squares = np.concatenate(([0.0], np.cumsum(ear**2)))
    energy = squares[len(voice) :] - squares[: len(squares) - len(voice)]
    norm = np.sqrt(np.maximum(energy, 1.0) * max(float(np.dot(voice, voice)), 1.0))
    scores = products / norm
    at = int(np.argmax(scores))
    return float(scores[at]), at


def trimmed(pcm: bytes, dbfs: float = -45.0) -> bytes:
    """Without the quiet at both ends."""
    loud = np.flatnonzero(np.abs(floats(pcm)) > 32768 * 10 ** (dbfs / 20))
    return pcm[int(loud[0]) * 2 : int(loud[-1]) * 2 + 2] if len(loud) else b""


def level(pcm: bytes) -> float:
    """dBFS, RMS; -120 for silence."""
    values = floats(pcm)
    mean = float(np.mean(values**2)) if len(values) else 0.0
    return float(10 * np.log10(max(mean, 1e-3) / 32768**2))


def channels(path: Path) -> tuple[bytes, bytes]:
    """(left, right) of a 16 kHz stereo WAV."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, SAMPLE_RATE, 2)
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    return data[:, 0].tobytes(), data[:, 1].tobytes()


def write_wav(path: Path, pcm: bytes, rate: int = SAMPLE_RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path


def quiet(seconds: float) -> bytes:
    return bytes(2 * round(seconds * SAMPLE_RATE))


def tone(hertz: float, seconds: float, amplitude: float = 8000.0) -> bytes:
    at = np.arange(round(seconds * SAMPLE_RATE))
    return np.rint(amplitude * np.sin(2 * np.pi * hertz * at / SAMPLE_RATE)).astype("<i2").tobytes()
