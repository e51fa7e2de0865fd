"""Conversion to 16 kHz: clean, of the right length, exact."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from voxrun.speech.convert import scale, to_16k


def tone(hertz: float, rate: int, seconds: float = 1.0, amplitude: int = 20_000) -> bytes:
    time = np.arange(int(rate * seconds)) / rate
    return np.round(amplitude * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes()


def power(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)[1000:-1000]
    return float((samples**2).mean())


@pytest.mark.parametrize("hertz", [200, 1000, 3400, 6800])
def test_a_tone_of_speech_passes_unchanged(hertz: int) -> None:
    converted = np.frombuffer(to_16k(tone(hertz, 22_050), 22_050), "<i2").astype(float)
    wanted = np.frombuffer(tone(hertz, 16_000), "<i2").astype(float)
    assert len(converted) == len(wanted)
    difference = (converted - wanted)[1000:-1000]
    assert (difference**2).mean() < 1e-6 * (wanted**2).mean()  # 60 dB below


@pytest.mark.parametrize("hertz", [8700, 9500, 10_800])
def test_what_16_khz_cannot_hold_does_not_fold_back(hertz: int) -> None:
    assert power(to_16k(tone(hertz, 22_050), 22_050)) < 1e-6 * power(tone(1000, 16_000))


@pytest.mark.parametrize(("rate", "samples"), [(22_050, 22_051), (27_550, 999), (16_000, 7), (8000, 3)])
def test_the_length_follows_the_rates(rate: int, samples: int) -> None:
    assert len(to_16k(bytes(2 * samples), rate)) // 2 == -(-samples * 16_000 // rate)


def test_empty_stays_empty_and_an_odd_byte_is_dropped() -> None:
    assert to_16k(b"", 22_050) == b""
    assert to_16k(b"\x01\x02\x03", 16_000) == b"\x01\x02"


def test_the_samples_are_the_same_on_every_machine() -> None:
    noise = (np.arange(40_000, dtype=np.int64) * 7919 % 65_521 - 32_760).astype("<i2").tobytes()
    digest = hashlib.sha256(to_16k(noise, 22_050)).hexdigest()
    assert digest.startswith("d03999f812db46ad")


def test_louder_stops_at_full_scale() -> None:
    pcm = np.array([1000, -1000, 30_000, -30_000], "<i2").tobytes()
    assert np.frombuffer(scale(pcm, 200), "<i2").tolist() == [2000, -2000, 32_767, -32_768]
    assert np.frombuffer(scale(pcm, 50), "<i2").tolist() == [500, -500, 15_000, -15_000]
    assert scale(pcm, 100) is pcm
