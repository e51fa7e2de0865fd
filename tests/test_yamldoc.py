"""YAML with positions: texts as they were written, every mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.errors import ConfigError, ScriptError
from voxrun.yamldoc import parse_document, read_document, suggestion


def test_texts_are_as_they_were_written() -> None:
    items = parse_document("[0123, 1e5, yes, 0x10, '7', 2025-01-01]", "a").items()
    assert [item.text() for item in items] == ["0123", "1e5", "yes", "0x10", "7", "2025-01-01"]


def test_as_data_only_what_json_calls_a_number_is_one() -> None:
    text = "[12, -3.5, 1e2, 0, 0123, 00, 1_000, yes, true, null, ~, 0x1f, '5']"
    assert parse_document(text, "a").json() == [
        12, -3.5, 100.0, 0, "0123", "00", "1_000", "yes", True, None, None, 31, "5",
    ]  # fmt: skip
    assert parse_document("{b: [1], a: x}", "a").json_text() == '{"b":[1],"a":"x"}'


@pytest.mark.parametrize(
    ("text", "ms"), [("1.5", 1500), ("1.5s", 1500), ("300ms", 300), ("4m", 240_000), ("0", 0)]
)
def test_durations(text: str, ms: int) -> None:
    assert parse_document(f"[{text}]", "a").items()[0].milliseconds() == ms


@pytest.mark.parametrize("text", ["soon", "-1", "2h", "nan", "inf", "9999m"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match=r"a:1:2: "):
        parse_document(f"[{text}]", "a").items()[0].milliseconds()


def test_whole_numbers() -> None:
    item = parse_document("[3, 3.5]", "a").items()
    assert item[0].integer(0, 5) == 3
    with pytest.raises(ConfigError, match="whole number"):
        item[1].integer(0, 5)


def test_unknown_keys_have_a_suggestion_and_a_place() -> None:
    with pytest.raises(ScriptError, match=r"b\.yaml:2:1: unknown key 'colour' .*did you mean 'color'"):
        parse_document("a: 1\ncolour: red", "b.yaml", ScriptError).mapping(("a", "color"))
    assert suggestion("zzz", ["b", "a"]) == " (known: a, b)"


def test_the_keys_are_nodes_too() -> None:
    assert [key.text() for key in parse_document("a: 1\nb:", "x").key_items()] == ["a", "b"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(path)
    path.write_text("")
    with pytest.raises(ScriptError, match="is empty; there is nothing"):
        read_document(path, ScriptError, "there is nothing")
    path.write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_document(path)
