"""Small helpers over tree-sitter's syntax tree of JavaScript."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "method_definition",
    }
)


@functools.cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


def parse(source: str) -> Node:
    """The program node of a script; never fails, what cannot be read becomes ERROR nodes."""
    return _parser().parse(source.encode("utf-8", "replace")).root_node


def text(node: Node | None) -> str:
    """The source text of a node, "" for none."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in source order, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.named_children))


def position(node: Node, source: str) -> tuple[int, int]:
    """Line and column of a node, both from 1, the column in characters."""
    row, column = node.start_point
    line = source.split("\n")[row] if row < source.count("\n") + 1 else ""
    return row + 1, len(line.encode("utf-8", "replace")[:column].decode("utf-8", "replace")) + 1


def is_member(node: Node) -> bool:
    """``object.property``, plain or optional."""
    prop = node.child_by_field_name("property") if node.type == "member_expression" else None
    return prop is not None and prop.type == "property_identifier"


def dotted(node: Node) -> str:
    """ "A.b.c" for a chain of plain members over an identifier, "" for anything else."""
    if node.type == "identifier":
        return text(node)
    if is_member(node):
        owner = node.child_by_field_name("object")
        base = dotted(owner) if owner is not None else ""
        return f"{base}.{text(node.child_by_field_name('property'))}" if base else ""
    return ""


def unwrap(node: Node) -> Node:
    """The expression inside parentheses and ``await``."""
    while node.type in ("parenthesized_expression", "await_expression") and node.named_children:
        node = node.named_children[0]
    return node


def arguments(call: Node) -> list[Node]:
    """The arguments of a call or ``new`` expression."""
    listed = call.child_by_field_name("arguments")
    return [n for n in listed.named_children if n.type != "comment"] if listed is not None else []


def entries(node: Node) -> list[tuple[Node, Node]]:
    """(key, value) for each ``key: value`` and shorthand of an object literal, [] for anything else."""
    if node.type != "object":
        return []
    found = []
    for each in node.named_children:
        key, value = each.child_by_field_name("key"), each.child_by_field_name("value")
        if each.type == "shorthand_property_identifier":
            found.append((each, each))
        elif key is not None and value is not None:
            found.append((key, value))
    return found


def string_value(node: Node) -> str | None:
    """The value of a plain string literal, None for anything else."""
    if node.type != "string" or any(n.type == "escape_sequence" for n in node.named_children):
        return None
    return text(node)[1:-1]
