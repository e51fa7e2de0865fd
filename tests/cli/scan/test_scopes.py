from __future__ import annotations

import pytest
from tree_sitter import Node

from voxrun.cli.scan import tree
from voxrun.cli.scan.scopes import Scopes


def uses(name: str, *sources: str) -> tuple[Scopes, list[Node]]:
    """The scopes, and every ``use(name)`` in the scripts."""
    programs = [tree.parse(source) for source in sources]
    calls = [
        node
        for program in programs
        for node in tree.walk(program)
        if node.type == "call_expression" and tree.text(node.child_by_field_name("function")) == "use"
    ]
    return Scopes(programs), [argument for call in calls for argument in tree.arguments(call)]


@pytest.mark.parametrize(
    "source",
    [
        "var x = 1; use(x);",
        "use(x); var x;",
        "function x() {} use(x);",
        "class x {} use(x);",
        "x = 1; use(x);",
        "function f(a, x) { use(x); }",
        "(x) => use(x);",
        "x => use(x);",
        "({x}) => use(x);",
        "({y: x}) => use(x);",
        "({y: {x = 1}}) => use(x);",
        "([a, ...x]) => use(x);",
        "(x = 2) => use(x);",
        "const {a, ...x} = o; use(x);",
        "try {} catch (x) { use(x); }",
        "for (const x of y) use(x);",
        "for (let x = 0;;) use(x);",
        "[x] = y; use(x);",
        "(function x() { use(x); });",
        "if (a) { var x = 1; } use(x);",
    ],
)
def test_every_way_to_declare_a_name_is_found(source: str) -> None:
    scopes, (node,) = uses("x", source)
    assert scopes.find(node) is not None


@pytest.mark.parametrize("source", ["use(x);", "{ let x; } use(x);", "(x) => 1; use(x);", "a.x = 1; use(x);"])
def test_a_name_that_is_not_declared_here_is_the_platforms(source: str) -> None:
    scopes, (node,) = uses("x", source)
    assert scopes.find(node) is None


def test_scripts_share_their_globals() -> None:
    scopes, (node,) = uses("x", "const x = 1;", "use(x);")
    assert scopes.find(node) is not None


def test_an_inner_name_hides_an_outer_one() -> None:
    scopes, (inner, outer) = uses("x", "const x = 1; function f() { const x = 2; use(x); } use(x);")
    found = [scopes.find(inner), scopes.find(outer)]
    assert [tree.text(b.values[0]) for b in found if b is not None] == ["2", "1"]


def test_everything_assigned_is_kept() -> None:
    scopes, (node,) = uses("x", "let x = null; function f() { x = go(); } use(x);")
    binding = scopes.find(node)
    assert binding is not None
    assert [tree.text(value) for value in binding.values] == ["null", "go()"]


def test_members_that_the_scenario_sets_are_known() -> None:
    scopes, _ = uses("x", "VoxEngine.easyProcess = () => 1;")
    assert scopes.is_assigned_member("easyProcess")
    assert not scopes.is_assigned_member("other")
