"""Guessing whether a voice is a woman's or a man's."""

from __future__ import annotations

import pytest

from voxrun.speech.names import FEMALE, MALE, gender_of


@pytest.mark.parametrize(
    ("name", "gender"),
    [
        ("Joanna", "f"),
        ("Matthew", "m"),
        ("Chantal", "f"),
        ("Surya", "m"),
        ("Female", "f"),
        ("Male", "m"),
        ("Kore", "f"),
        ("Charon", "m"),
        ("Xiaoxiao", "f"),
        ("Yunxia", "m"),
        ("A", "f"),
        ("B", "m"),
        ("1", ""),
        ("", ""),
    ],
)
def test_a_name_has_a_gender(name: str, gender: str) -> None:
    assert gender_of(name) == gender


def test_no_name_is_in_both_lists() -> None:
    assert not FEMALE & MALE
