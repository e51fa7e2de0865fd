"""Tones of exchanges, as voxrun.media.tones makes them, told from each other and from everything else."""

from __future__ import annotations

import numpy as np
import pytest
from signals import noise, pcm, quiet, sine, voice

from voxrun.media.dtmf import generate
from voxrun.media.frames import FRAME_MS, SILENCE, split
from voxrun.media.g711 import decode_ulaw, encode_ulaw
from voxrun.media.progress_tones import ProgressToneDetector
from voxrun.media.resample import convert
from voxrun.media.tones import ToneGenerator, ToneName, progress_tone


def tone(country: str, name: ToneName, seconds: float) -> bytes:
    generator = ToneGenerator(progress_tone(country, name))
    return b"".join(generator.next_frame() or SILENCE for _ in range(round(seconds * 50)))


def hear(audio: bytes) -> list[tuple[str, int]]:
    """What was told, and when (ms)."""
    detector = ProgressToneDetector()
    found = [(detector.feed(frame), (n + 1) * FRAME_MS) for n, frame in enumerate(split(audio))]
    return [(name, at) for name, at in found if name is not None]


@pytest.mark.parametrize("country", ["US", "RU"])
@pytest.mark.parametrize(
    ("name", "seconds", "within_ms"),
    [("dial", 3, 2100), ("busy", 4, 3100), ("congestion", 2.5, 1600), ("ringback", 7, 4000)],
)
def test_a_tone_of_a_country_is_told_once_its_cadence_is_sure(
    country: str, name: ToneName, seconds: float, within_ms: int
) -> None:
    heard = hear(tone(country, name, seconds))
    assert [found for found, _ in heard][:1] == [name]
    assert heard[0][1] <= within_ms


def test_a_tone_on_a_noisy_telephone_line_is_heard() -> None:
    narrow = decode_ulaw(encode_ulaw(convert(tone("US", "busy", 4), 16_000, 8_000)))
    line = np.frombuffer(convert(narrow, 8_000, 16_000), "<i2")
    assert [name for name, _ in hear(pcm(line + noise(5000, dbfs=-50)[: line.size]))] == ["busy"]


def test_after_speech_a_tone_is_still_heard() -> None:
    assert [name for name, _ in hear(pcm(voice(3000)) + tone("RU", "busy", 4))] == ["busy"]


@pytest.mark.parametrize("seed", range(4))
def test_a_voice_is_no_tone(seed: int) -> None:
    assert hear(pcm(voice(8000, seed=seed, pitch=100 + 40 * seed))) == []


def test_keys_noise_silence_and_other_tones_are_none() -> None:
    beep = np.concatenate([sine(1000, 3000), quiet(500)])
    sounds = (generate("123A456B789C"), pcm(noise(4000)), bytes(640 * 200), pcm(beep), pcm(sine(440, 4000)))
    for sound in sounds:
        assert hear(sound) == []


def test_two_beats_are_not_busy_yet_and_uneven_ones_never() -> None:
    assert hear(tone("US", "busy", 1.6)) == []
    beats = [np.concatenate([sine(425, on), quiet(off)]) for on, off in ((200, 400), (600, 300), (400, 200))]
    assert hear(pcm(np.concatenate([*beats, *beats]))) == []


def test_a_dial_tone_that_goes_on_is_told_once() -> None:
    assert [name for name, _ in hear(tone("US", "dial", 10))] == ["dial"]
