"""Lost packets of codecs that cannot bridge them."""

from __future__ import annotations

import numpy as np

from voxrun.legs.webrtc.conceal import FADE_FRAMES, Repeater
from voxrun.media.levels import rms_dbfs


def tone(hz: float, start: int, count: int) -> bytes:
    return bytes((8000 * np.sin(2 * np.pi * hz * np.arange(start, start + count) / 16000)).astype("<i2"))


def test_a_hole_in_a_tone_goes_on_with_its_period() -> None:
    repeater = Repeater()
    repeater.heard(tone(200, 0, 640))
    made_up = np.frombuffer(repeater.conceal(320), "<i2").astype(float)
    expected = np.frombuffer(tone(200, 640, 320), "<i2").astype(float)
    assert np.dot(made_up, expected) / (np.linalg.norm(made_up) * np.linalg.norm(expected)) > 0.95


def test_it_fades_and_then_is_silent_until_sound_comes_again() -> None:
    repeater = Repeater()
    repeater.heard(tone(200, 0, 640))
    levels = [rms_dbfs(repeater.conceal(320)) for _ in range(FADE_FRAMES + 1)]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] < -90
    repeater.heard(tone(200, 0, 640))
    assert rms_dbfs(repeater.conceal(320)) > -20


def test_nothing_is_made_of_silence() -> None:
    repeater = Repeater()
    repeater.heard(bytes(640))
    assert repeater.conceal(320) == bytes(640)
    assert Repeater().conceal(100) == bytes(200)
