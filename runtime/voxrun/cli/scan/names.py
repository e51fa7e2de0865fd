"""Names that do not exist, modules that are missing: what a scenario would only meet at run time.

Nothing is reported that the platform accepts: members that the scenario tests for or sets itself, names
it declares, lookups that take any member (VoiceList and its like), namespaces whose members are not all
known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from voxrun.cli.scan import tree
from voxrun.cli.scan.built import Built
from voxrun.cli.scan.scopes import Scopes
from voxrun.cli.scan.surface import Surface
from voxrun.cli.scan.types import TypeFinder, classes_only
from voxrun.nearest import nearest
from voxrun.realm.port import Script

_COMMON = frozenset({"toString", "valueOf", "hasOwnProperty", "constructor", "then", "toJSON", "name"})
"""Members that any object may be asked for."""

_TESTS = frozenset({"if_statement", "while_statement", "do_statement", "ternary_expression"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a scenario that its author should know."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


def scan_names(scripts: Sequence[Script], surface: Surface, built: Built) -> list[Finding]:
    """Look through the scripts of one rule. ``built``: what of the platform voxrun has."""
    programs = [tree.parse(script.source) for script in scripts]
    scan = _Scan(surface, built, programs)
    found: list[Finding] = []
    for script, program in zip(scripts, programs, strict=True):
        for node, message in scan.look(program):
            line, column = tree.position(node, script.source)
            found.append(Finding(script.name, line, column, message))
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

    def look(self, program: Node) -> Iterator[tuple[Node, str]]:
        """(node, message) for everything found in one script."""
        for node in tree.walk(program):
            if (
                node.type == "call_expression"
                and tree.text(node.child_by_field_name("function")) == "require"
            ):
                yield from self._require(node)
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

    def _require(self, call: Node) -> Iterator[tuple[Node, str]]:
        given = tree.arguments(call)
        value = tree.string_value(given[0]) if given else None
        if not given:
            yield call, "require needs a module: require(Modules.Ultravox)."
        elif value is not None and value not in self._surface.modules.values():
            yield given[0], f'no module is called "{value}".' + _meant(value, self._surface.modules.values())
        elif value is not None or tree.dotted(given[0]).startswith("Modules."):
            module = value or self._surface.modules.get(tree.dotted(given[0]).removeprefix("Modules."), "")
            if module and not self._is_built(module):
                yield given[0], f'voxrun does not have the module "{module}" yet.'

    def _is_built(self, module: str) -> bool:
        """Modules that only gate globals of the core count as there."""
        return module in self._built.modules or module not in self._gated()

    def _gated(self) -> set[str]:
        names = {module for module in self._surface.namespaces.values() if module}
        return {self._surface.modules[name] for name in names}

    def _namespace(self, node: Node) -> Iterator[tuple[Node, str]]:
        """A namespace that is used without its ``require``, or a global that voxrun does not have."""
        name = tree.text(node)
        if name in self._built.missing and name not in self._tested and self._is_platform(node, name):
            yield node, f"voxrun does not have {name} yet."
            return
        module = self._surface.namespaces.get(name, "")
        if not module or self._requires_unknown or not self._is_platform(node, name):
            return
        if self._surface.modules[module] not in self._required and name not in self._told_namespaces:
            self._told_namespaces.add(name)
            yield node, f"{name} is used without its module. Put require(Modules.{module}); above."

    # -- members

    def _member(self, node: Node) -> Iterator[tuple[Node, str]]:
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

    def _static_member(self, prop: Node, owner: str, member: str) -> Iterator[tuple[Node, str]]:
        members = self._surface.members(owner)
        if f"{owner}.{member}" in self._built.missing and owner not in self._built.missing:
            yield prop, f"voxrun does not have {owner}.{member} yet."
        if members is None or member in members:
            return
        hint = _meant(member, members)
        if member in self._surface.roots:
            hint = f" {member} stands by itself, without {owner}."
        # The providers' parts grow faster than our tables: only near misses are certain there.
        if hint or not self._surface.namespaces.get(owner.split(".")[0]):
            yield prop, f'{owner} has no member "{member}".{hint}'

    def _instance_member(self, prop: Node, owner: Node, member: str) -> Iterator[tuple[Node, str]]:
        classes = classes_only(self._types.of(owner))
        if len(classes) == 1 and f"{min(classes)}.{member}" in self._built.missing:
            yield prop, f"voxrun does not have {min(classes)}.{member} yet."
        members = self._surface.methods(classes)
        if not classes or any(each not in self._surface.classes for each in classes) or member in members:
            return
        kind = " or ".join(sorted(classes))
        hint = _meant(member, members)
        if hint or not any(self._surface.namespaces.get(each.split(".")[0]) for each in classes):
            yield prop, f'{kind} has no member "{member}".{hint}'

    def _is_excused(self, node: Node) -> bool:
        """Tested for somewhere, or reached with ``?.`` or in a ``typeof``."""
        return tree.text(node).replace("?.", ".") in self._tested

    def _is_platform(self, root: Node | None, name: str) -> bool:
        return root is not None and name in self._surface.roots and self._scopes.find(root) is None


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
