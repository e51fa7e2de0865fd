"""What is written is read as it was, whatever people say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.errors import ConfigError
from voxrun.replay.from_session_yaml import flow, quoted, scalar
from voxrun.yamldoc import parse_document


def back(text: str) -> Any:
    return parse_document(f"x: {text}\n", "x.yaml", ConfigError).mapping()["x"].json()


@pytest.mark.parametrize(
    "text",
    [
        "Hello, you.",
        "yes",
        "no: way",
        "# no comment",
        "- x",
        "12",
        "/re/",
        "a\nb",
        "{x}",
        "",
        " x ",
        "ü «»",
        "'",
        '"',
    ],
)
def test_texts_come_back(text: str) -> None:
    assert back(scalar(text)) == text
    assert back(flow({"k": text, "l": [text]})) == {"k": text, "l": [text]}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
def test_any_text_comes_back(text: str) -> None:
    assert back(quoted(text)) == text.encode("utf-8", "replace").decode()


def test_plain_words_stay_plain() -> None:
    assert flow({"city": "New York", "count": 1, "on": True}) == '{city: New York, count: 1, "on": true}'
