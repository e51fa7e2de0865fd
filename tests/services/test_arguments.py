"""The arguments of commands come from an untrusted realm."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments, string_map
from voxrun.session.messages import Command

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def read(**data: Any) -> Arguments:
    return Arguments(Command("call.say", "c1", data))


def test_what_is_right_is_given_back() -> None:
    data = read(t="text", n=5, f=1.5, yes=True, o={"a": 1}, p=[["a", "b"]], h={"X": 1})
    assert (data.text("t"), data.text("absent"), data.needed("t")) == ("text", "", "text")
    assert (data.number("n", 0, 10), data.number("f", 0, 10)) == (5, 1.5)
    assert (data.flag("yes"), data.flag("absent")) == (True, False)
    assert (data.mapping("o"), data.mapping("absent")) == ({"a": 1}, {})
    assert (data.pairs("p"), data.pairs("absent")) == ([("a", "b")], [])
    assert data.headers("h") == {"X": "1"}


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, 11, -1, 10**400, 10**5000, True, "5", None],
    ids=lambda value: str(value)[:8] if value != 10**5000 else "huge",
)
def test_a_number_is_finite_and_in_its_range(value: object) -> None:
    with pytest.raises(ScenarioError, match=r"call\.say: n must be a number"):
        read(n=value).number("n", 0, 10)


def test_a_text_has_a_largest_size_in_bytes() -> None:
    assert read(t="é" * 4).text("t", 8) == "é" * 4
    with pytest.raises(ScenarioError, match="t has 10 bytes, the limit is 8"):
        read(t="é" * 5).text("t", 8)


def test_a_message_stays_short_whatever_was_given() -> None:
    with pytest.raises(ScenarioError) as caught:
        read(t=["x" * 10_000]).text("t")
    assert len(str(caught.value)) < 150


def outcome(read_it: Callable[[], object]) -> str:
    """What a reader said of a value, "" when it took it."""
    try:
        read_it()
    except ScenarioError as error:
        return str(error)
    return ""


@given(JSON)
def test_every_value_is_either_read_or_refused_in_words(value: Any) -> None:
    data = read(v=value)
    readers = (data.text, data.needed, data.mapping, data.pairs, data.headers, data.flag)
    said = [outcome(partial(reader, "v")) for reader in readers]
    said.append(outcome(partial(data.number, "v", 0, 10)))
    assert all(text == "" or text.startswith("call.say: v") for text in said)


def test_a_header_stays_on_its_line() -> None:
    assert string_map({"X-A\r\nEvil": "b\nc\r\nd", "N": 5}) == {"X-A Evil": "b c d", "N": "5"}


def test_parts_are_read_like_commands() -> None:
    first, second = read(parts=[{"t": "a"}, {"t": 5}]).parts("parts", 2)
    assert first.text("t") == "a"
    with pytest.raises(ScenarioError, match=r"call\.say parts: t must be a text, got 5"):
        second.text("t")


@pytest.mark.parametrize("value", [None, [], {}, "x", [{}, {}, {}], [{}, 5]])
def test_parts_are_a_list_of_some_objects(value: object) -> None:
    with pytest.raises(ScenarioError, match="parts must be a list of"):
        read(parts=value).parts("parts", 2)


def test_the_body_of_a_request_is_a_text_or_bytes() -> None:
    assert read(body={"text": "é\ud800"}).content("body") == "é\ud800".encode("utf-8", "surrogatepass")
    assert read(body={"bytes": "AAE="}).content("body") == b"\x00\x01"
    assert (read(body={}).content("body"), read().content("body")) == (None, None)


@pytest.mark.parametrize("body", ["x", {"text": 5}, {"bytes": "?"}, {"bytes": "\udcff"}])
def test_any_other_body_is_refused(body: object) -> None:
    with pytest.raises(ScenarioError, match=r"call\.say: "):
        read(body=body).content("body")
