from __future__ import annotations

from tree_sitter import Node

from voxrun.cli.scan import tree


def first(source: str, kind: str) -> Node:
    return next(node for node in tree.walk(tree.parse(source)) if node.type == kind)


def test_columns_count_characters_from_1() -> None:
    source = 'let é = "ü😀"; call();\n'
    assert tree.position(first(source, "call_expression"), source) == (1, 15)


def test_a_chain_of_members_has_one_name() -> None:
    assert tree.dotted(first("a.b.c;", "member_expression")) == "a.b.c"
    assert tree.dotted(first("a?.b;", "member_expression")) == "a.b"
    assert tree.dotted(first("f().b;", "member_expression")) == ""
    assert tree.dotted(first("a[0];", "subscript_expression")) == ""


def test_entries_of_an_object_are_its_keys_with_their_values() -> None:
    found = tree.entries(first("f({a: 1, 'b': x, c, d() {}, ...e});", "object"))
    assert [(tree.text(key), tree.text(value)) for key, value in found] == [
        ("a", "1"),
        ("'b'", "x"),
        ("c", "c"),
    ]
    assert tree.entries(first("f(1);", "number")) == []


def test_await_and_parentheses_are_taken_off() -> None:
    node = first("async () => { x = (await (go())); }", "parenthesized_expression")
    assert tree.text(tree.unwrap(node)) == "go()"


def test_arguments_leave_out_comments() -> None:
    call = first("f(a, /* why */ b)", "call_expression")
    assert [tree.text(node) for node in tree.arguments(call)] == ["a", "b"]


def test_only_plain_strings_have_a_value() -> None:
    assert tree.string_value(first("f('asr')", "string")) == "asr"
    assert tree.string_value(first(r"f('\x41')", "string")) is None
    assert tree.string_value(first("f(`asr`)", "template_string")) is None


def test_a_very_deep_script_is_walked() -> None:
    assert sum(1 for _ in tree.walk(tree.parse("(" * 3000 + "1" + ")" * 3000))) > 1000
