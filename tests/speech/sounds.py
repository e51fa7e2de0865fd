"""What happens to speech on its way: silence around it, level, codec, noise, cuts."""

from __future__ import annotations

import numpy as np

from voxrun.media.resample import convert

PHRASES = (
    "yes",
    "no",
    "what is the weather in Berlin",
    "what is the weather in Paris",
    "transfer me to a person",
    "goodbye",
    "one",
    "two",
    "five",
    "nine",
    "hello",
    "stop",
    "my number is four two seven",
    "book a table for two",
    "book a table for four",
)
STRANGERS = (
    "open the window now",
    "nothing at all",
    "seven",
    "I would like some coffee",
    "new",
    "good night",
    "yellow",
    "ten",
    "what is the weather in Madrid",
)


def samples(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def pcm_of(values: np.ndarray) -> bytes:
    return np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes()


def in_a_call(pcm: bytes) -> bytes:
    """200 ms of silence before, 400 ms after."""
    return bytes(6400) + pcm + bytes(12_800)


def softer(pcm: bytes, db: float) -> bytes:
    return pcm_of(samples(pcm) * 10 ** (-db / 20))


def noisy(pcm: bytes, snr_db: float, seed: int = 1) -> bytes:
    """White noise under the whole, ``snr_db`` below its mean power."""
    values = samples(pcm)
    level = np.sqrt((values**2).mean()) * 10 ** (-snr_db / 20)
    return pcm_of(values + np.random.default_rng(seed).normal(size=values.size) * level)


def cut(pcm: bytes, share: float) -> bytes:
    """The first ``share`` of the speech, then silence."""
    return in_a_call(pcm[: int(len(pcm) // 2 * share) * 2])


def mu_law(pcm: bytes) -> bytes:
    """Through an 8 kHz G.711 mu-law channel and back, by the formula rather than by our codec's tables."""
    narrow = samples(convert(pcm, 16_000, 8000)) / 32_768
    squeezed = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    coarse = np.round(squeezed * 127) / 127
    wide = np.sign(coarse) * np.expm1(np.abs(coarse) * np.log(256)) / 255
    return convert(pcm_of(wide * 32_768), 8000, 16_000)


def lost_frames(pcm: bytes) -> bytes:
    """Every 25th frame of 20 ms is silence."""
    frames = [pcm[start : start + 640] for start in range(0, len(pcm), 640)]
    return b"".join(bytes(len(f)) if number % 25 == 12 else f for number, f in enumerate(frames))
