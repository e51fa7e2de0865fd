"""JSON in ASCII: the standard library's, in less time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.jsontext import ascii_json

TEXTS = st.text(st.characters(codec=None))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)


@given(VALUES)
def test_it_is_what_the_standard_library_writes(value: Any) -> None:
    assert ascii_json(value) == json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("text", ["a\x7fb", "\x00\t\n", "\ud800", "\u2028", 'grüß "dich"\\', "😀"])
def test_texts_are_escaped(text: str) -> None:
    assert ascii_json([text]) == json.dumps([text])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_as_they_were(number: float) -> None:
    assert json.loads(ascii_json({"n": number})) == {"n": number}


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        ascii_json({"a": object()})
