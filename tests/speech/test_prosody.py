"""Values of rate, pitch and volume."""

from __future__ import annotations

import pytest

from voxrun.speech.prosody import percent_of


@pytest.mark.parametrize(
    ("kind", "value", "percent"),
    [
        ("rate", "x-slow", 50),
        ("rate", "1.5", 150),
        ("rate", 0.8, 80),
        ("rate", "150", 150),
        ("rate", "120%", 120),
        ("rate", "+10%", 110),
        ("rate", "900%", 400),
        ("rate", "0", 25),
        ("pitch", "+12st", 200),
        ("pitch", "-12st", 50),
        ("pitch", "180Hz", 150),
        ("pitch", "low", 85),
        ("volume", "+6dB", 200),
        ("volume", "-6dB", 50),
        ("volume", "silent", 0),
        ("volume", "-9e9dB", 100),
        ("pitch", None, 100),
        ("pitch", "", 100),
        ("pitch", "nonsense", 100),
        ("pitch", {"a": 1}, 100),
        ("pitch", True, 100),
    ],
)
def test_a_value_is_a_percentage(kind: str, value: object, percent: int) -> None:
    assert percent_of(kind, value) == percent
