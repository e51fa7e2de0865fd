"""What an expression is, as far as simple assignment tells: classes of the API, or the event of a handler.

A type is a class ("Call") or an event ("event:CallEvents.Connected"). An empty set means: not known.
"""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from voxrun.cli.scan.scopes import Binding, Scopes
from voxrun.cli.scan.surface import Surface
from voxrun.cli.scan.tree import FUNCTIONS, arguments, dotted, is_member, text, unwrap, walk

Types = frozenset[str]
UNKNOWN: Types = frozenset()
_EVENT = "event:"
_NOTHING = frozenset({"null", "undefined"})


class TypeFinder:
    """Finds the types of expressions of the scripts of a rule."""

    def __init__(self, surface: Surface, scopes: Scopes, programs: Iterable[Node]) -> None:
        self._surface = surface
        self._scopes = scopes
        self._events: dict[int, set[str]] = {}
        """Function (node id) -> events it handles."""
        self._known: dict[int, Types] = {}
        self._busy: set[int] = set()
        for program in programs:
            for node in walk(program):
                if node.type == "call_expression":
                    self._note_handler(node)

    def of(self, node: Node) -> Types:
        """The types that an expression may have; empty when anything about it is unclear."""
        node = unwrap(node)
        if node.type == "identifier":
            binding = self._scopes.find(node)
            return self._of_binding(binding) if binding is not None else UNKNOWN
        if node.type == "call_expression":
            return self._of_call(node)
        if node.type == "new_expression":
            name = self.platform_name(node.child_by_field_name("constructor"))
            return frozenset({name}) if name in self._surface.classes else UNKNOWN
        if is_member(node):
            owner = node.child_by_field_name("object")
            member = text(node.child_by_field_name("property"))
            return self._member(self.of(owner), member) if owner is not None else UNKNOWN
        return UNKNOWN

    def platform_name(self, node: Node | None) -> str:
        """ "VoxEngine.callPSTN" for a chain over a name that the scenario does not declare, else ""."""
        name = dotted(node) if node is not None else ""
        root = node
        while root is not None and root.type == "member_expression":
            root = root.child_by_field_name("object")
        if not name or root is None or self._scopes.find(root) is not None:
            return ""
        for old, new in self._surface.retired.items():
            if name == old or name.startswith(old + "."):
                return new + name[len(old) :]
        return name

    def _note_handler(self, call: Node) -> None:
        """``x.addEventListener(Enum.Member, handler)``: the handler's argument is that event."""
        callee, given = call.child_by_field_name("function"), arguments(call)
        if callee is None or len(given) < 2:
            return
        if not is_member(callee) or text(callee.child_by_field_name("property")) != "addEventListener":
            return
        event, handler = self.platform_name(given[0]), unwrap(given[1])
        for function in self._functions(handler):
            self._events.setdefault(function.id, set()).add(_EVENT + event if event else "")

    def _functions(self, handler: Node) -> list[Node]:
        if handler.type in FUNCTIONS:
            return [handler]
        binding = self._scopes.find(handler) if handler.type == "identifier" else None
        values = binding.values if binding is not None else []
        return [value for value in values if value is not None and value.type in FUNCTIONS]

    def _of_binding(self, binding: Binding) -> Types:
        """The union over everything assigned; unknown as soon as one of them is."""
        if id(binding) in self._known:
            return self._known[id(binding)]
        if id(binding) in self._busy:
            return UNKNOWN
        self._busy.add(id(binding))
        parts = [self._handled(function) for function in binding.parameter_of]
        parts += [self._member(self._handled(function), name) for function, name in binding.fields_of]
        for value in binding.values:
            if value is None or text(value) not in _NOTHING:
                parts.append(self.of(value) if value is not None else UNKNOWN)
        self._busy.discard(id(binding))
        found = frozenset[str]().union(*parts) if parts and all(parts) else UNKNOWN
        self._known[id(binding)] = found
        return found

    def _handled(self, function: Node) -> Types:
        """The events a function handles; unknown when it is called by other ways too."""
        events = self._events.get(function.id, set())
        return frozenset(events) if events and all(events) and not self._is_called(function) else UNKNOWN

    def _is_called(self, function: Node) -> bool:
        """A named function that the scenario may call itself, with who knows what."""
        name = function.child_by_field_name("name")
        parent = function.parent
        if name is None and parent is not None and parent.type == "variable_declarator":
            name = parent.child_by_field_name("name")
        if name is None:
            return False
        program = function
        while program.parent is not None:
            program = program.parent
        return any(
            node.type == "call_expression" and text(node.child_by_field_name("function")) == text(name)
            for node in walk(program)
        )

    def _of_call(self, node: Node) -> Types:
        callee = node.child_by_field_name("function")
        if callee is None:
            return UNKNOWN
        name = self.platform_name(callee)
        if name in self._surface.functions:
            gives = self._surface.functions[name][1]
            return frozenset({gives}) if gives else UNKNOWN
        if not is_member(callee):
            return UNKNOWN
        owner = callee.child_by_field_name("object")
        return (
            self._member(self.of(owner), text(callee.child_by_field_name("property"))) if owner else UNKNOWN
        )

    def _member(self, owners: Types, member: str) -> Types:
        """What a field or method of any of these gives."""
        found: set[str] = set()
        for owner in owners:
            if owner.startswith(_EVENT):
                gives = self._surface.events.get(owner.removeprefix(_EVENT), {}).get(member, "")
            else:
                gives = self._surface.classes.get(owner, {}).get(member, [0, ""])[1]
            if not gives:
                return UNKNOWN
            found.add(gives)
        return frozenset(found)


def classes_only(types: Types) -> Types:
    """The types when all of them are classes, else unknown."""
    return UNKNOWN if any(each.startswith(_EVENT) for each in types) else types
