"""What providers say is parsed strictly, and secrets are taken out of what is passed on."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.connectors.payloads import MAX_DEPTH, MAX_TEXT, Redactor, parse

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # the machine is shared
@given(JSON_VALUES)
def test_every_json_value_is_read_as_it_was_written(value: object) -> None:
    assert parse(json.dumps(value)) == value


@settings(deadline=None)  # the machine is shared
@given(st.text())
def test_text_is_a_value_that_can_be_written_again_or_a_value_error(text: str) -> None:
    try:
        value = parse(text)
    except ValueError:
        return
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        '{"a":-Infinity}',
        "1e999",
        "[" * 100_000,
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        '"' + "a" * MAX_TEXT + '"',
    ],
)
def test_what_could_not_be_passed_on_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def test_the_deepest_allowed_nesting_passes() -> None:
    text = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert json.dumps(parse(text)) == text


def test_secrets_are_replaced_in_strings_and_keys_at_any_depth() -> None:
    redactor = Redactor(["Bearer abcdef123456", "x/y+z=12345"])
    value = redactor.json({"a": ["Bearer abcdef123456", {"abcdef123456": "u=x%2Fy%2Bz%3D12345"}], "n": 1})
    assert value == {"a": ["[redacted]", {"[redacted]": "u=[redacted]"}], "n": 1}


def test_words_that_are_too_short_for_a_secret_stay() -> None:
    assert Redactor(["local"]).text("ws://localhost:8080/") == "ws://localhost:8080/"
