"""Texts that are looked for, in speech, in lines and in data."""

from __future__ import annotations

from typing import Any

import pytest

from voxrun.replay.texts import Wanted, find_speech, mismatch, shown, similarity, words


def test_between_slashes_it_is_a_regular_expression() -> None:
    assert Wanted("/a+b/").inside("xaab")
    assert Wanted("/HELLO/i").inside("hello")
    assert not Wanted("/HELLO/").inside("hello")
    assert Wanted("a+b").inside("a+b c")
    assert not Wanted("a/b").regex
    assert str(Wanted("x")) == '"x"'
    assert str(Wanted("/x/")) == "/x/"


def test_a_star_stands_for_any_characters() -> None:
    assert Wanted("https://a/*?x=1").like("https://a/b/c?x=1")
    assert not Wanted("https://a/*").like("https://b/c")
    assert Wanted("+49*").like("+4930")
    assert Wanted("a.b").equals("a.b")
    assert not Wanted("a.b").equals("axb")


def test_speech_is_compared_by_words() -> None:
    assert words("It's “12” Degrees, Sir!") == ("it's", "12", "degrees", "sir")
    spoken = ["Hello,", "this", "is", "Ada.", "Hello", "again."]
    assert find_speech(Wanted("hello this"), spoken) == (0, 2)
    assert find_speech(Wanted("Hello"), spoken, 1) == (4, 5)
    assert find_speech(Wanted("this is Eve"), spoken) is None
    assert find_speech(Wanted("hell"), spoken) is None
    assert find_speech(Wanted("/is A\\w+/"), spoken) == (2, 4)
    assert find_speech(Wanted("..."), spoken) is None
    assert find_speech(Wanted("one two"), ["one-two", "three"]) == (0, 1)


def test_similarity_is_about_words() -> None:
    assert similarity("In London it is 12 degrees.", "in london it is 12 degrees") == 1
    assert similarity("hello", "good bye") < 0.5


@pytest.mark.parametrize(
    ("wanted", "actual", "problem"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ""),
        ({"a": {"b": "/x+/"}}, {"a": {"b": "xx"}}, ""),
        ({"a": "1"}, {"a": 1}, ""),
        ({"a": 1}, {"a": "1"}, ""),
        ({"a": "0123"}, {"a": "0123"}, ""),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "c": 3}]}, ""),
        ({"a": True}, {"a": True}, ""),
        ({"a": None}, {"a": None}, ""),
        ({"a": 1}, {}, "there is no a"),
        ({"a": {"b": 1}}, {"a": 3}, "a is 3, not an object"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b is 2, expected 1"),
        ({"a": [1]}, {"a": [1, 2]}, "a is [1, 2], expected [1]"),
        ({"a": True}, {"a": 1}, "a is 1, expected true"),
        ({"a": "London"}, {"a": "Paris"}, 'a is "Paris", expected "London"'),
    ],
)
def test_data_has_to_hold_at_least_what_is_wanted(wanted: Any, actual: Any, problem: str) -> None:
    assert mismatch(wanted, actual) == problem


def test_long_values_are_shortened() -> None:
    assert shown("x" * 500, 20).endswith("…")
    assert len(shown("x" * 500, 20)) == 20
    assert shown("") == '""'
