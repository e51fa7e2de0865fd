"""Which name is declared where, and everything that is ever assigned to it.

Scripts of a rule share one global scope, so their trees are read together. Blocks are scopes of their
own, ``var`` and functions included: a little too strict, which only means that less is known of a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field
from tree_sitter import Node

from voxrun.cli.scan.tree import FUNCTIONS, text, walk

_BLOCKS = FUNCTIONS | {
    "program",
    "statement_block",
    "catch_clause",
    "for_statement",
    "for_in_statement",
    "switch_body",
    "class_body",
}
_FUNCTION_SCOPES = FUNCTIONS | {"program"}


class Binding(Struct):
    """A declared name. ``values``: what is assigned to it; None stands for what cannot be told."""

    name: str
    values: list[Node | None] = field(default_factory=list)
    fields_of: list[tuple[Node, str]] = field(default_factory=list)
    """(function, field): a parameter taken apart, ``({call}) => ...``."""
    parameter_of: list[Node] = field(default_factory=list)
    """Functions whose first parameter it is."""


class Scopes:
    """All scopes of the scripts of a rule."""

    def __init__(self, programs: Iterable[Node]) -> None:
        self._names: dict[int, dict[str, Binding]] = {}
        self._globals: dict[str, Binding] = {}
        self._assigned_members: set[str] = set()
        trees = list(programs)
        for tree in trees:
            for node in walk(tree):
                self._declare(node)
        for tree in trees:
            for node in walk(tree):
                self._assign(node)

    def find(self, identifier: Node) -> Binding | None:
        """The declaration that an identifier refers to; None for names of the platform."""
        name = text(identifier)
        node: Node | None = identifier
        while node is not None:
            names = self._names.get(node.id)
            if names and name in names:
                return names[name]
            node = node.parent
        return self._globals.get(name)

    def is_assigned_member(self, name: str) -> bool:
        """Whether the scenario itself puts a property of this name on some object."""
        return name in self._assigned_members

    # -- declarations

    def _declare(self, node: Node) -> None:
        if node.type in ("variable_declarator", "class_declaration"):
            name = node.child_by_field_name("name")
            if name is not None:
                self._declare_pattern(name, node, node.child_by_field_name("value"))
        elif node.type in FUNCTIONS:
            self._declare_function(node)
        elif node.type == "catch_clause":
            parameter = node.child_by_field_name("parameter")
            if parameter is not None:
                self._declare_pattern(parameter, node, None)
        elif node.type == "for_in_statement":
            left = node.child_by_field_name("left")
            if left is not None and node.child_by_field_name("kind") is not None:
                self._declare_pattern(left, node, None)

    def _declare_pattern(self, pattern: Node, at: Node, value: Node | None) -> None:
        if pattern.type == "identifier":
            binding = self._binding(text(pattern), self._scope_of(at))
            if value is not None or at.type != "variable_declarator":
                binding.values.append(value)
        else:
            for name in _pattern_names(pattern):
                self._binding(text(name), self._scope_of(at)).values.append(None)

    def _declare_function(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None and node.type.endswith("declaration"):
            self._binding(text(name), self._scope_of(node)).values.append(node)
        elif name is not None and name.type == "identifier":
            self._binding(text(name), node).values.append(node)
        single = node.child_by_field_name("parameter")
        listed = node.child_by_field_name("parameters")
        parameters = [single] if single is not None else listed.named_children if listed is not None else []
        for index, parameter in enumerate(p for p in parameters if p.type != "comment"):
            self._declare_parameter(node, parameter, first=index == 0)

    def _declare_parameter(self, function: Node, parameter: Node, first: bool) -> None:
        if parameter.type == "identifier":
            binding = self._binding(text(parameter), function)
            if first:
                binding.parameter_of.append(function)
            else:
                binding.values.append(None)
            return
        for name in _pattern_names(parameter):
            binding = self._binding(text(name), function)
            taken = _field_name(name, parameter)
            if first and taken:
                binding.fields_of.append((function, taken))
            else:
                binding.values.append(None)

    def _binding(self, name: str, scope: Node) -> Binding:
        table = self._globals if scope.type == "program" else self._names.setdefault(scope.id, {})
        return table.setdefault(name, Binding(name))

    def _scope_of(self, node: Node) -> Node:
        """The nearest scope around a declaration (around the function for its own name)."""
        wanted = _FUNCTION_SCOPES if _is_var(node) else _BLOCKS
        current = node if node.type in ("catch_clause", "for_in_statement") else node.parent
        while current is not None and current.parent is not None and current.type not in wanted:
            current = current.parent
        return current if current is not None else node

    # -- assignments

    def _assign(self, node: Node) -> None:
        if node.type in ("assignment_expression", "augmented_assignment_expression"):
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None:
                return
            if left.type == "identifier":
                # Assigning to an undeclared name makes a global: sloppy mode.
                binding = self.find(left) or self._globals.setdefault(text(left), Binding(text(left)))
                binding.values.append(right)
            elif left.type == "member_expression":
                self._assigned_members.add(text(left.child_by_field_name("property")))
            else:
                for name in _pattern_names(left):
                    found = self.find(name) or self._globals.setdefault(text(name), Binding(text(name)))
                    found.values.append(None)


def _is_var(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "variable_declaration"


def _pattern_names(pattern: Node) -> Iterator[Node]:
    """The names that a pattern (or a default, or a rest parameter) binds."""
    if pattern.type in ("identifier", "shorthand_property_identifier_pattern"):
        yield pattern
    elif pattern.type in ("assignment_pattern", "object_assignment_pattern"):
        left = pattern.child_by_field_name("left")
        if left is not None:
            yield from _pattern_names(left)
    elif pattern.type == "pair_pattern":
        value = pattern.child_by_field_name("value")
        if value is not None:
            yield from _pattern_names(value)
    elif pattern.type in ("object_pattern", "array_pattern", "rest_pattern"):
        for child in pattern.named_children:
            yield from _pattern_names(child)


def _field_name(name: Node, pattern: Node) -> str:
    """The field of the first argument that a name takes: "call" in ``({call})`` and ``({call: c})``."""
    if pattern.type != "object_pattern" or name.parent is None:
        return ""
    if name.parent.id == pattern.id:
        return text(name)
    if name.parent.type == "pair_pattern" and name.parent.parent is not None:
        return text(name.parent.child_by_field_name("key")) if name.parent.parent.id == pattern.id else ""
    return ""
