"""Values in few words."""

from __future__ import annotations

import pytest

from voxrun.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("two\n  lines", "two lines"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (None, ""),
        (7, "7"),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_a_value_fits_on_one_line(value: object, text: str) -> None:
    assert words.brief(value) == text


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0:00"), (-5, "0:00"), (61_999, "1:01"), (3_723_000, "1:02:03")]
)
def test_a_clock_counts_whole_seconds(ms: int, text: str) -> None:
    assert words.clock(ms) == text


@pytest.mark.parametrize(("ms", "text"), [(820, "820 ms"), (2_440, "2.4 s"), (200_000, "3:20")])
def test_a_length_has_the_unit_that_people_use(ms: int, text: str) -> None:
    assert words.span(ms) == text


def test_a_position_is_shown_without_its_folder_and_column() -> None:
    assert words.position("scenarios/inbound.js:12:5") == "inbound.js:12"
    assert words.position("somewhere") == "somewhere"


def test_the_median_is_one_of_the_values() -> None:
    assert words.median([900, 100, 500, 300]) == 300


def test_an_event_is_told_from_its_like_by_the_field_that_matters() -> None:
    state = {"data": {"customEvent": "State", "payload": {"type": "state", "state": "listening"}}}
    assert words.about("Ultravox.WebSocketAPI.State", state) == "listening"
    assert words.about("Call.ToneReceived", {"tone": "1", "headers": {}}) == "1"
    sent = {"method": "clientToolResult", "argument": {"result": "ok"}}
    assert words.about("connector.call", sent) == 'clientToolResult {"result": "ok"}'


def test_values_of_a_wrong_type_are_nothing() -> None:
    assert words.as_object([1]) == {}
    assert words.text_of(True) == ""
    assert words.text_of(3) == "3"
    assert words.last_word("Call.Connected") == "Connected"
    assert words.several(2, "tool call") == "2 tool calls"
    assert words.payload_of({"data": "text"}) == {"data": "text"}
