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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("&a [*a]", "x:1:1: this holds an alias of itself"),
        ("a: 1\nb: &b {c: {d: [*b]}}", "x:2:4: this holds an alias of itself"),
        ("- &a {b: c}\n- [*a, *a]\n- &d [*a, *d]", "x:3:3: this holds an alias of itself"),
        ("[" * 100_000, "x:1:201: the file is nested too deeply"),
        ("{a: " * 500 + "1" + "}" * 500, "x:1:801: the file is nested too deeply"),
        ("".join("  " * depth + "-\n" for depth in range(150)), "the file is nested more than 100 deep"),
        ("a\0b", "x:1:2: is no text: it holds the byte 0x00"),
        ("a: 1\nb: \x1b[0m", "x:2:4: is no text: it holds the byte 0x1b"),
        ("a: b\x80", "x:1:5: is no text: it holds the character U+0080"),
        ("a: b\ud800", "x:1:5: is no text: it holds the character U+D800"),
        ("a: b\n" + "- " * 600 + "x", "x:2:1: the file is nested too deeply"),
        ("a: 1\n" * 60_000, "x:50001:1: the file has 60,001 lines; 50,000 are the most"),
    ],
)
def test_what_would_never_end_or_is_no_text_is_told_at_once(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_document(text, "x")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_that_are_used_twice_are_no_cycle() -> None:
    assert parse_document("{a: &a [1], b: *a, c: [*a, *a]}", "x").json() == {
        "a": [1], "b": [1], "c": [[1], [1]],
    }  # fmt: skip


def test_aliases_that_multiply_end_somewhere() -> None:
    ten = "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    with pytest.raises(ConfigError, match="too large once its aliases are followed"):
        parse_document(f"a: &a [1, 2]\n{ten}", "x").json()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("9" * 5000, "must be 0 to 281474976710655, not 99999"),
        ("1e400", "must be 0 to 281474976710655, not 1e400"),
        ("nan", "must be 0 to 281474976710655, not nan"),
        ("1.5", "whole number"),
        ("seven", "must be a number, not 'seven'"),
    ],
)
def test_numbers_that_are_none_or_too_large(number: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_document(f"[{number}]", "x").items()[0].integer(0, 2**48 - 1)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 150


def test_a_number_that_json_does_not_know_is_a_mistake_or_a_text() -> None:
    with pytest.raises(ConfigError, match=r"x:1:5: a: 1e999 is more than a number can be"):
        parse_document("{a: 1e999}", "x").json()
    assert parse_document("{a: .inf, b: .nan, c: '1e999'}", "x").json() == {
        "a": ".inf", "b": ".nan", "c": "1e999",
    }  # fmt: skip
