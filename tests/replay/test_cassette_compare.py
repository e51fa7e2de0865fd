"""What counts as a difference between a recorded message and a new one, and how it is named."""

from __future__ import annotations

from typing import Any

import pytest

from voxrun.replay.cassette_compare import ABSENT, alike, differences, shown


def places(before: Any, after: Any) -> list[str]:
    return [str(place) for place in differences(before, after, alike)]


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b[1]: 2 -> 3"]),
        ({"a": 1}, {}, ["a: 1 -> nothing"]),
        ({}, {"a": 1}, ["a: nothing -> 1"]),
        ([1], [1, 2], ["[1]: nothing -> 2"]),
        ("x", "y", ['"x" -> "y"']),
        ({"a": None}, {}, ["a: null -> nothing"]),
        (True, 1, ["true -> 1"]),
        ({"a": [1]}, {"a": {"b": 1}}, ['a: [1] -> {"b": 1}']),
    ],
)
def test_each_difference_is_named_by_its_place(before: Any, after: Any, named: list[str]) -> None:
    assert places(before, after) == named


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [
        ("at 2025-01-06T09:00:00.123Z", "at 2026-11-22T10:00:00Z"),
        ("id 0e0f7f3c-6d55-4a39-9d31-0c1c2c4f1d6a!", "id 11111111-2222-3333-4444-555555555555!"),
        (1_736_154_000_000, 1_763_806_000_123),
        ("t=1736154000000", "t=1763806000123"),
        ("key «secret:KEY» of «redacted»", "key «secret:KEY» of anything"),
        ({"b": 1, "a": 2}, {"a": 2, "b": 1}),
    ],
)
def test_times_drawn_ids_and_what_was_hidden_are_no_difference(recorded: Any, actual: Any) -> None:
    assert places(recorded, actual) == []


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [
        ("Hello", "hello"),
        (12, 13),
        (1_736_154_000_000, 12),
        ("phone 4930123456", "phone 4930123457"),
        ("a «redacted» b", "a x c"),
        ("«redacted»", 5),
    ],
)
def test_everything_else_is_one(recorded: Any, actual: Any) -> None:
    assert len(places(recorded, actual)) == 1


def test_long_values_are_shortened_and_odd_ones_can_be_printed() -> None:
    assert len(shown("x" * 1000)) == 160
    shown("\ud800").encode("utf-8")
    assert shown(ABSENT) == "nothing"
