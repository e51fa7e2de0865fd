"""Names that do not exist, members that voxrun lacks or ignores: what a scenario would only meet at run time.

Each finding says what will happen. What throws or is undefined is a problem; what is only ignored (an event
that never comes, an option without effect) is a note.

Nothing is reported that the platform accepts: members that the scenario tests for or sets itself, names
it declares, lookups that take any member (VoiceList and its like), namespaces whose members are not all
known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct
from tree_sitter import Node

from voxrun.cli.scan import tree
from voxrun.cli.scan.built import Built
from voxrun.cli.scan.scopes import Scopes
from voxrun.cli.scan.surface import Surface
from voxrun.cli.scan.types import TypeFinder, classes_only
from voxrun.nearest import nearest
from voxrun.realm.port import Script
from voxrun.realm.support import IGNORED, not_here

_COMMON = frozenset({"toString", "valueOf", "hasOwnProperty", "constructor", "then", "toJSON", "name"})
"""Members that any object may be asked for."""

_OFF = frozenset({"false", "undefined", "null"})
"""Values that ask for nothing."""

_TESTS = frozenset({"if_statement", "while_statement", "do_statement", "ternary_expression"})


class Finding(Struct, frozen=True):
    """Something about a scenario that its author should know."""

    file: str
    line: int
    column: int
    message: str
    serious: bool = True
    """False: the scenario runs, but something is ignored."""

    def __str__(self) -> str:
        note = "" if self.serious else "note: "
        return f"{self.file}:{self.line}:{self.column}: {note}{self.message}"


Remark: TypeAlias = tuple[Node, str, bool]
"""Where, what, and whether it is serious."""


def scan_names(scripts: Sequence[Script], surface: Surface, built: Built) -> list[Finding]:
    """Look through the scripts of one rule. ``built``: what of the platform voxrun has."""
    programs = [tree.parse(script.source) for script in scripts]
    scan = _Scan(surface, built, programs)
    found: list[Finding] = []
    for script, program in zip(scripts, programs, strict=True):
        for node, message, serious in scan.look(program):
            line, column = tree.position(node, script.source)
            found.append(Finding(script.name, line, column, message, serious))
    return sorted(set(found), key=lambda f: (f.file, f.line, f.column))


class _Scan:
    def __init__(self, surface: Surface, built: Built, programs: Sequence[Node]) -> None:
        self._surface = surface
        self._built = built
        self._scopes = Scopes(programs)
        self._types = TypeFinder(surface, self._scopes, programs)
        self._tested: set[str] = set()
        self._required: set[str] = set()
        self._requires_unknown = False
        for program in programs:
            for node in tree.walk(program):
                if node.type in ("member_expression", "identifier") and _is_test(node):
                    self._tested.add(tree.text(node).replace("?.", "."))
                self._note_require(node)
        self._told_namespaces: set[str] = set()

    def look(self, program: Node) -> Iterator[Remark]:
        """Everything found in one script."""
        for node in tree.walk(program):
            if node.type == "call_expression":
                callee = node.child_by_field_name("function")
                if tree.text(callee) == "require":
                    yield from self._require(node)
                elif callee is not None:
                    yield from self._options(node, callee)
            elif tree.is_member(node):
                yield from self._member(node)
            elif node.type == "identifier":
                yield from self._namespace(node)

    # -- modules

    def _note_require(self, node: Node) -> None:
        if node.type != "call_expression" or tree.text(node.child_by_field_name("function")) != "require":
            return
        given = tree.arguments(node)
        name = tree.dotted(given[0]) if given else ""
        value = tree.string_value(given[0]) if given else None
        if name.startswith("Modules."):
            self._required.add(self._surface.modules.get(name.removeprefix("Modules."), ""))
        elif value is not None:
            self._required.add(value)
        else:
            self._requires_unknown = True

    def _require(self, call: Node) -> Iterator[Remark]:
        given = tree.arguments(call)
        value = tree.string_value(given[0]) if given else None
        if not given:
            yield call, "require needs a module: require(Modules.Ultravox). It throws.", True
            return
        known = self._surface.modules.values()
        if value is not None and value not in known:
            yield given[0], f'no module is called "{value}": require throws.' + _meant(value, known), True
        elif value is not None or tree.dotted(given[0]).startswith("Modules."):
            module = value or self._surface.modules.get(tree.dotted(given[0]).removeprefix("Modules."), "")
            name = next((name for name, held in self._surface.modules.items() if held == module), "")
            if why := not_here(f"Modules.{name}"):
                yield (
                    given[0],
                    f"Modules.{name} is not available in voxrun ({why}). Using it will fail.",
                    False,
                )
            elif module and not self._is_built(module):
                yield given[0], f'voxrun does not have the module "{module}" yet: require throws.', True

    def _is_built(self, module: str) -> bool:
        """Modules that only gate globals of the core count as there."""
        return module in self._built.modules or module not in self._gated()

    def _gated(self) -> set[str]:
        names = {module for module in self._surface.namespaces.values() if module}
        return {self._surface.modules[name] for name in names}

    def _namespace(self, node: Node) -> Iterator[Remark]:
        """A namespace that is used without its ``require``, or a global that voxrun does not have."""
        name = tree.text(node)
        if name in self._built.missing and name not in self._tested and self._is_platform(node, name):
            yield node, _absent(name), True
            return
        module = self._surface.namespaces.get(name, "")
        if not module or self._requires_unknown or not self._is_platform(node, name):
            return
        if self._surface.modules[module] not in self._required and name not in self._told_namespaces:
            self._told_namespaces.add(name)
            yield node, f"{name} is used without its module. Put require(Modules.{module}); above.", True

    # -- members

    def _member(self, node: Node) -> Iterator[Remark]:
        owner = node.child_by_field_name("object")
        prop = node.child_by_field_name("property")
        if owner is None or prop is None:
            return
        member = tree.text(prop)
        if member in _COMMON or self._scopes.is_assigned_member(member) or self._is_excused(node):
            return
        name = self._types.platform_name(owner)
        if name and self._is_platform(_root(owner), name.split(".")[0]):
            yield from self._static_member(prop, name, member)
        else:
            yield from self._instance_member(prop, owner, member)

    def _static_member(self, prop: Node, owner: str, member: str) -> Iterator[Remark]:
        members = self._surface.members(owner)
        name = f"{owner}.{member}"
        if name in self._built.missing and owner not in self._built.missing:
            yield prop, _absent(name), True
        elif name in self._surface.silent:
            why = not_here(name)
            yield (
                prop,
                f"{name} never comes in voxrun{f' ({why})' if why else ''}: listeners get nothing.",
                False,
            )
        if members is None or member in members:
            return
        hint = _meant(member, members)
        if member in self._surface.roots:
            hint = f" {member} stands by itself, without {owner}."
        # The providers' parts grow faster than our tables: only near misses are certain there.
        if hint or not self._surface.namespaces.get(owner.split(".")[0]):
            yield prop, f'{owner} has no member "{member}": {_undefined(prop)}.{hint}', True

    def _instance_member(self, prop: Node, owner: Node, member: str) -> Iterator[Remark]:
        classes = classes_only(self._types.of(owner))
        if len(classes) == 1 and f"{min(classes)}.{member}" in self._built.missing:
            yield prop, _absent(f"{min(classes)}.{member}"), True
        members = self._surface.methods(classes)
        if not classes or any(each not in self._surface.classes for each in classes) or member in members:
            return
        kind = " or ".join(sorted(classes))
        hint = _meant(member, members)
        if hint or not any(self._surface.namespaces.get(each.split(".")[0]) for each in classes):
            yield prop, f'{kind} has no member "{member}": {_undefined(prop)}.{hint}', True

    # -- options

    def _options(self, call: Node, callee: Node) -> Iterator[Remark]:
        """Options written in a call that have no effect here."""
        for name in self._called(callee):
            ignored = IGNORED.get(name, ())
            for given in tree.arguments(call):
                for key, value in tree.entries(given):
                    if tree.text(key) in ignored and tree.text(value) not in _OFF:
                        yield key, f'the option "{tree.text(key)}" of {name} is ignored in voxrun.', False

    def _called(self, callee: Node) -> list[str]:
        """ "VoxEngine.callUser" or "Call.record" for what a call calls; nothing where that is not clear."""
        name = self._types.platform_name(callee)
        if name in self._surface.functions:
            return [name]
        owner = callee.child_by_field_name("object") if tree.is_member(callee) else None
        member = tree.text(callee.child_by_field_name("property"))
        return [f"{each}.{member}" for each in classes_only(self._types.of(owner))] if owner else []

    def _is_excused(self, node: Node) -> bool:
        """Tested for somewhere, or reached with ``?.`` or in a ``typeof``."""
        return tree.text(node).replace("?.", ".") in self._tested

    def _is_platform(self, root: Node | None, name: str) -> bool:
        return root is not None and name in self._surface.roots and self._scopes.find(root) is None


def _absent(name: str) -> str:
    why = not_here(name)
    says = f"{name} is not available in voxrun ({why})" if why else f"voxrun does not have {name} yet"
    return f"{says}: calling it throws."


def _undefined(prop: Node) -> str:
    """What becomes of a member that does not exist."""
    member = prop.parent
    call = member.parent if member is not None else None
    callee = call.child_by_field_name("function") if call is not None else None
    called = callee is not None and member is not None and callee.id == member.id
    return "calling it throws" if called else "it is undefined"


def _meant(word: str, names: Iterable[str]) -> str:
    found = nearest(word, names)
    return f' Did you mean "{found}"?' if found else ""


def _root(node: Node) -> Node | None:
    current: Node | None = node
    while current is not None and current.type == "member_expression":
        current = current.child_by_field_name("object")
    return current


def _is_test(node: Node) -> bool:
    """Whether the code only looks whether this exists: conditions, logic, typeof, comparison, ``?.``."""
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression":
        node, parent = parent, parent.parent
    if parent is None:
        return False
    if parent.type in ("binary_expression", "unary_expression"):
        return True
    if parent.type in _TESTS:
        condition = parent.child_by_field_name("condition")
        return condition is not None and condition.id == node.id
    return (
        any(child.type == "optional_chain" for child in parent.children)
        and parent.named_children[0].id == node.id
    )
