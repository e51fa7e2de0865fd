"""Templates and phrases with slots."""

from __future__ import annotations

import pytest

from voxrun.emulators.ultravox.template import (
    TemplateError,
    expand,
    fill,
    fill_json,
    matcher,
    names_in,
    normalise,
    parse_result,
    slot_names,
    spoken,
)
from voxrun.session.messages import Json

VALUES: dict[str, Json] = {"city": "Rome", "result": {"t": 21.5, "list": [{"a": True}], "none": None}}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("In {city} it is {result.t}", "In Rome it is 21.5"),
        ("{ city }", "Rome"),
        ("{{city}} {{", "{city} {"),
        ("{result.list.0.a}, {result.none}, {result.list.7}, {other}", "yes, unknown, unknown, unknown"),
        ("{result.list}", "a yes"),
    ],
)
def test_names_are_filled_in(template: str, text: str) -> None:
    assert fill(template, VALUES) == text


def test_json_keeps_the_type_of_a_name_that_stands_alone() -> None:
    value: Json = {"a": "{result.t}", "b": ["{city}!", 3, None]}
    assert fill_json(value, VALUES) == {"a": 21.5, "b": ["Rome!", 3, None]}


@pytest.mark.parametrize("text", ["{", "a } b", "{}", "{a b}", "{.a}"])
def test_braces_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        names_in(text)


def test_slots_of_a_phrase() -> None:
    assert slot_names("from {a} to {b}") == ["a", "b"]
    for wrong in ("{a} {a}", "{a.b}"):
        with pytest.raises(TemplateError):
            slot_names(wrong)
    assert list(expand("to {a}", {"a": ("x", "y")})) == [("to x", {"a": "x"}), ("to y", {"a": "y"})]


@pytest.mark.parametrize(
    ("phrase", "said", "slots"),
    [
        ("good day", "well good day sir", {}),
        ("good day", "good days", None),
        ("to {a}", "i go to new york", {"a": "new york"}),
        ("to {a} by {b}", "to rome by train please", {"a": "rome", "b": "train please"}),
        ("from {a} on", "from here on now", {"a": "here"}),
    ],
)
def test_phrases_are_found_in_longer_texts(phrase: str, said: str, slots: dict[str, str] | None) -> None:
    found = matcher(phrase).fullmatch(said)
    assert (found and found.groupdict()) == slots


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert normalise("  What’s up, Doc?! ") == "what's up doc"


@pytest.mark.parametrize(
    ("value", "words"),
    [(True, "yes"), (None, "unknown"), (2.50, "2.5"), (["a", 1], "a, 1"), ({"dayName": "x"}, "day name x")],
)
def test_values_as_words(value: Json, words: str) -> None:
    assert spoken(value) == words


def test_results_that_are_not_json_are_texts() -> None:
    assert parse_result('{"a": 1}') == {"a": 1}
    assert parse_result("{a") == "{a"
