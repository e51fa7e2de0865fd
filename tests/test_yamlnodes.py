"""Libyaml and ruamel.yaml give the same nodes, wherever libyaml may read at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from voxrun import yamlnodes
from voxrun.yamldoc import Item, _Document

FILES = sorted(Path(__file__).parents[1].rglob("*.call.yaml"))


def shape(node: Any) -> Any:
    """What ``yamldoc`` sees of a node."""
    place = (node.start_mark.line, node.start_mark.column)
    if node.id == "scalar":
        item = Item(node, "it", _Document("x"))
        return place, node.style or "", item.is_null or (item.text(), repr(item.json()))
    if node.id == "sequence":
        return place, [shape(each) for each in node.value]
    return place, [(shape(key), shape(value)) for key, value in node.value]


def by_ruamel(text: str) -> Any:
    return YAML(typ="rt", pure=True).compose(text)


def read(text: str) -> Any:
    """By libyaml; None where it has no say."""
    apart = not yamlnodes._ends_well(text) or yamlnodes._ODD.search(text)
    return None if apart else yamlnodes._read(text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_call_script_here_is_the_same(path: Path) -> None:
    text = path.read_text("utf-8")
    assert shape(yamlnodes.compose(text)) == shape(by_ruamel(text))


def test_most_of_them_are_read_by_libyaml() -> None:
    assert sum(read(path.read_text("utf-8")) is not None for path in FILES) > len(FILES) * 0.8


SCALARS = """
yes no on off y true True TRUE tRue ~ null Null nuLL 0 1 -1 +1 0123 0o17 0o9 0x1F 0xG 0b1 1_000 1e5 1.5 .5 5.
1.e3 -1.5e-3 1:30 12:30:45 2020-01-01 .inf -.INF .nan = << 'q' "a\\u00e9\\/" it's ä:ö https://x/y?z=1#a a#b
"""


@pytest.mark.parametrize("scalar", SCALARS.split())
def test_plain_values_are_what_yaml_1_2_calls_them(scalar: str) -> None:
    text = f"ä: {scalar}\nb: [{scalar}, x]\n"
    found = read(text)
    assert found is not None or "y?" in scalar
    assert shape(yamlnodes.compose(text)) == shape(by_ruamel(text))


@pytest.mark.parametrize(
    "text",
    ["a: &x b\nc: *x\n", "a: !t b\n", "%YAML 1.1\n---\na: yes\n", "a:\n", "a: b", "- a\n", "? a\n: b\n", ""],
)
def test_the_rest_is_ruamel_yamls(text: str) -> None:
    assert read(text) is None
    expected = by_ruamel(text)
    found = yamlnodes.compose(text)
    assert (found and shape(found)) == (expected and shape(expected))


def test_what_libyaml_does_not_understand_is_told_by_ruamel_yaml() -> None:
    with pytest.raises(YAMLError):
        yamlnodes.compose("a: [b\nc: d\n")


def test_deep_nesting_never_reaches_c() -> None:
    assert read("a: b\n" + "- " * 100 + "x\n") is None


BASES = ("a: 1\n", "a: {b: [c, 'd']}\n", "a: >-\n  b\n\n  c\n", "a:\n  - b: |\n     c\n    d: e f\n")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text("-: ?{}[],#&*!|>'\"\n\n  ab~\\%@`+1é", max_size=30), st.sampled_from(BASES), st.integers(0, 40)
)
def test_whatever_libyaml_reads_ruamel_yaml_reads_the_same(noise: str, base: str, at: int) -> None:
    for text in (f"{noise}\n", f"{base[:at]}{noise}{base[at:]}", f"{base[:at]}{noise[:2]}{base[at:]}"):
        found = read(text)
        if found is not None:
            assert shape(found) == shape(by_ruamel(text))
