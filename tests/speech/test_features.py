"""Band energies: the right band, the right level, whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sounds import pcm_of, softer

from voxrun.speech.features import BANDS, analyse, steps


def tone(hertz: float, amplitude: float = 8000) -> bytes:
    return pcm_of(amplitude * np.sin(2 * np.pi * hertz * np.arange(8000) / 16_000))


def test_a_frame_every_10_ms_and_integers() -> None:
    features = analyse(tone(1000))
    assert features is not None
    assert features.bands.shape == (1 + (8000 - 400) // 160, BANDS)
    assert features.bands.dtype == np.int32
    assert features.energy.shape == (len(features.bands),)


def test_less_than_a_frame_is_nothing() -> None:
    assert analyse(b"") is None
    assert analyse(bytes(798)) is None
    assert analyse(bytes(800)) is not None


def test_bands_rise_with_frequency_within_the_telephone_band() -> None:
    loudest = []
    for hertz in (350, 700, 1200, 2000, 3200):
        features = analyse(tone(hertz))
        assert features is not None
        loudest.append(int(features.bands[10].argmax()))
    assert loudest == sorted(set(loudest))


@pytest.mark.parametrize("hertz", [100, 5000, 7000])
def test_what_a_telephone_does_not_carry_is_not_heard(hertz: int) -> None:
    inside, outside = analyse(tone(1000)), analyse(tone(hertz))
    assert inside is not None
    assert outside is not None
    assert outside.peak < inside.peak - steps(25)


def test_a_change_of_level_is_a_shift() -> None:
    loud, soft = analyse(tone(1000)), analyse(softer(tone(1000), 12))
    assert loud is not None
    assert soft is not None
    assert abs(loud.peak - soft.peak - steps(12)) <= 1
    strong = loud.bands[10] > loud.peak - steps(40)
    assert np.abs((loud.bands - soft.bands)[10][strong] - steps(12)).max() <= 1


def test_silence_has_no_energy() -> None:
    features = analyse(bytes(3200))
    assert features is not None
    assert features.peak == 0
