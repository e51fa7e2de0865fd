"""Values that stand in many places of a call script."""

from __future__ import annotations

import pytest

from voxrun.errors import ScriptError
from voxrun.replay.format_values import choice, custom_data_of, digits, texts_of
from voxrun.yamldoc import Item, parse_document


def item(text: str) -> Item:
    return parse_document(f"value: {text}\n", "it.yaml", ScriptError).mapping()["value"]


def test_texts_stay_what_was_written() -> None:
    assert texts_of(item("{X-A: 0123, X-B: yes}")) == {"X-A": "0123", "X-B": "yes"}


def test_custom_data_is_a_text_or_json() -> None:
    assert custom_data_of(None) == ""
    assert custom_data_of(item("0123")) == "0123"
    assert custom_data_of(item("{a: [1, b]}")) == '{"a":[1,"b"]}'


def test_one_of_a_few_words() -> None:
    words = ("rfc2833", "inband")
    assert choice(None, words) == "rfc2833"
    assert choice(item("inband"), words) == "inband"
    with pytest.raises(ScriptError, match="value must be rfc2833 or inband, not 'sip'"):
        choice(item("sip"), words)


@pytest.mark.parametrize(("text", "found"), [("12#a", "12#A"), ("/1+/", "/1+/")])
def test_keys_are_upper_case_and_an_expression_stays_as_it_is(text: str, found: str) -> None:
    assert digits(item(text)) == found


def test_what_is_no_key_is_told() -> None:
    with pytest.raises(ScriptError, match="keys are 0-9"):
        digits(item("1x"))
