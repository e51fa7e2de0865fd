"""Values of request bodies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.emulators.ultravox.values import (
    Invalid,
    as_object,
    boolean,
    choice,
    duration,
    format_duration,
    integer,
    members,
    number,
    optional_text,
    read_json,
)
from voxrun.session.messages import Json


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("0.384s", 0.384), ("3600.000000s", 3600), ("0s", 0), (None, 7)]
)
def test_durations_are_texts_of_seconds(text: str | None, seconds: float) -> None:
    assert duration(text, "f", 7) == seconds


@pytest.mark.parametrize(
    "value", ["30", "s", "01s", "1.s", "1e3s", " 1s", "-1s", 30, True, [], "9999999999999s"]
)
def test_what_is_no_duration_is_refused(value: Json) -> None:
    with pytest.raises(Invalid, match=r"^f: "):
        duration(value, "f", 0)


@given(st.integers(0, 10**7).map(lambda ms: ms / 1000))
def test_durations_are_written_as_they_are_read(seconds: float) -> None:
    assert duration(format_duration(seconds), "f", 0) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["NaN", "-Infinity", "1e999", '"\\ud800"', "{", "", "[" * 100_000, b"\xff"])
def test_json_that_could_not_be_written_again_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        read_json(text)


def test_null_is_unset() -> None:
    entry: dict[str, Json] = {"a": None}
    assert members(entry, "a") == {}
    assert optional_text(entry, "a") == ""
    assert integer(entry, "a", "w", 0, 9) is None
    assert number(entry, "a", 0, 1, 0.5) == 0.5
    assert boolean(entry, "a", True)
    assert choice(entry, "a", ("X",), "Y") == "Y"
    assert choice({"a": "A_UNSPECIFIED"}, "a", ("X",), "Y") == "Y"


@pytest.mark.parametrize(("value", "read"), [(8000, 8000), ("8000", 8000), (8000.0, 8000)])
def test_whole_numbers_may_be_texts(value: Json, read: int) -> None:
    assert integer({"a": value}, "a", "w", 0, 9000) == read


@pytest.mark.parametrize(
    "read",
    [
        lambda: as_object([], "f"),
        lambda: members({"f": 1}, "f"),
        lambda: optional_text({"f": 1}, "f"),
        lambda: integer({"f": 8.5}, "f", "", 0, 9),
        lambda: integer({"f": True}, "f", "", 0, 9),
        lambda: integer({"f": 10}, "f", "", 0, 9),
        lambda: number({"f": "1"}, "f", 0, 1, 0),
        lambda: number({"f": float("nan")}, "f", 0, 1, 0),
        lambda: boolean({"f": "true"}, "f", False),
        lambda: choice({"f": "Z"}, "f", ("X",), "X"),
    ],
)
def test_wrong_types_name_the_field(read: Callable[[], object]) -> None:
    with pytest.raises(Invalid) as caught:
        read()
    assert list(caught.value.body()) == ["f"]
