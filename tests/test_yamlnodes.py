"""Libyaml reads what people write as YAML 1.2 has it, and says where a mistake is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun import yamlnodes
from voxrun.errors import ConfigError


def shape(node: Any, places: bool = True) -> Any:
    """Texts, each as (text, "line:column", last word of its tag), in lists and lists of pairs."""
    if node.id == "sequence":
        return [shape(each, places) for each in node.value]
    if node.id == "mapping":
        return [(shape(key, places), shape(value, places)) for key, value in node.value]
    where = f"{node.start_mark.line + 1}:{node.start_mark.column + 1}" if places else ""
    return node.value, where, node.tag.rpartition(":")[2]


def test_every_value_has_its_place() -> None:
    text = "a: 'b'\nä: [c,\n  {d: 1}]\ne:\nf: >-\n  g\n  h\n"
    assert shape(yamlnodes.compose(text)) == [
        (("a", "1:1", "str"), ("b", "1:4", "str")),
        (("ä", "2:1", "str"), [("c", "2:5", "str"), [(("d", "3:4", "str"), ("1", "3:7", "int"))]]),
        (("e", "4:1", "str"), ("", "4:3", "null")),
        (("f", "5:1", "str"), ("g h", "5:4", "str")),
    ]
    assert yamlnodes.compose("# nothing\n") is None


KINDS = {
    "str": "yes no on off y tRue nuLL 0o9 0xG 0b1 1_000 1:30 12:30:45 2020-01-01 .inf .nan = << it's ä:ö .5"
    " 'null' https://x/y?z=1#a a#b",
    "null": "~ null Null NULL",
    "bool": "true True TRUE false",
    "int": "0 1 -1 +1 0123 0o17 0x1F",
    "float": "1e5 1.5 5. 1.e3 -1.5e-3",
}


@pytest.mark.parametrize(("value", "kind"), [(v, kind) for kind, all_ in KINDS.items() for v in all_.split()])
def test_plain_values_are_what_yaml_1_2_calls_them(value: str, kind: str) -> None:
    ((_, block), (_, flow)) = yamlnodes.compose(f"ä: {value}\nb: [{value}, x]\n").value
    for node in (block, flow.value[0]):
        assert (node.value, node.tag) == (value.strip("'"), f"tag:yaml.org,2002:{kind}")


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_line_breaks_of_yaml_1_1_are_none(character: str) -> None:
    text = (
        f'a: b{character}c\n"d": "e{character}f"\ng: |\n  h{character}i\nj: &j [k{character}l]\nm: *j\nn: 1\n'
    )
    found = [value for _, value in yamlnodes.compose(text).value]
    assert [node.value for node in found[:3]] == [f"b{character}c", f"e{character}f", f"h{character}i\n"]
    assert found[3] is found[4]
    assert found[4].value[0].value == f"k{character}l"
    assert found[5].start_mark.line == 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: b: c\n", "1:5: mapping values are not allowed in this context: ':'"),
        ("steps:\n  - say: hello: world\n", "2:15: mapping values are not allowed in this context: ':'"),
        ("a: b\nc d\n", "3:1: could not find expected ':', while scanning a simple key that begins at 2:1"),
        ("a: [b\nc: d\n", "2:2: did not find expected ',' or ']': ':'"),
        (
            "a: [b,\n",
            "2:1: did not find expected node content: here the file ends",
        ),
        (
            "a: 'b\nc: d\n",
            "3:1: found unexpected end of stream, while scanning a quoted scalar that begins at 1:4",
        ),
        ("a: 'it's'\n", '1:8: did not find expected key: "s\'"'),
        ("a:\n\tb: c\n", "2:1: found character that cannot start any token: a tab"),
        ("a: @b\n", "1:4: found character that cannot start any token: '@b'"),
        ('a: "b\\q"\n', "1:6: found unknown escape character: '\\\\q\"'"),
        ("- a\nb: c\n", "2:1: did not find expected '-' indicator: 'b:'"),
        ("a: b\n---\nc: d\n", "2:1: but found another document: '---'"),
        (
            "a: 1\nb: [Hi",
            "2:7: did not find expected ',' or ']', while parsing a flow sequence that begins at 2:4",
        ),
        ("a: *x\n", "1:4: found undefined alias: '*x'"),
        ("a: \u2028\nb: [c: @d]\n", "2:8: found character that cannot start any token: '@d]'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_stands_there(text: str, told: str) -> None:
    with pytest.raises(yamlnodes.NotYaml) as caught:
        yamlnodes.compose(text)
    assert f"{caught.value.line}:{caught.value.column}: {caught.value}" == told


def test_a_pyyaml_without_libyaml_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamlnodes, "CBaseLoader", None)
    with pytest.raises(ConfigError, match="built without libyaml: pip install"):
        yamlnodes.compose("a: b")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text("-: ?{}[],#&*!|>'\"\n\n  ab~\\%@`+1é\t\x85", max_size=30))
def test_whatever_is_read_ends_in_nodes_or_in_a_place(noise: str) -> None:
    text = f"a:\n  - b: |\n     c\n    d: {noise}\n"
    error = None
    try:
        yamlnodes.compose(text)
    except yamlnodes.NotYaml as found:
        error = found
    assert error is None or (1 <= error.line <= text.count("\n") + 1 and error.column >= 1)
