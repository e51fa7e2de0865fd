"""Claims of tests, read from their source: who claims what, and whether the test could know."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, order=True)
class Claim:
    """``test`` ("tests/a/test_b.py::test_c") says that it proves ``member``; ``source`` is all of it."""

    member: str
    test: str
    source: str
    checks: bool
    """Whether anything in it can fail: an assertion, an expected exception."""


def read_claims(root: Path = ROOT) -> list[Claim]:
    """All claims of the tests below ``root``/tests."""
    found: list[Claim] = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if "mark.covers" in text:
            found += _claims_of(text, path.relative_to(root).as_posix())
    return sorted(found)


def _claims_of(text: str, name: str) -> Iterator[Claim]:
    tree = ast.parse(text)
    top = {defined: node for node in tree.body for defined in _defined(node)}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        members = [name for mark in node.decorator_list for name in _covered(mark, top)]
        if members:
            parts = _made_of(node, top)
            source = "\n".join(_source(part, text) for part in parts)
            checks = any(_can_fail(part) for part in parts)
            yield from (Claim(member, f"{name}::{node.name}", source, checks) for member in members)


def _covered(mark: ast.expr, top: dict[str, ast.stmt]) -> list[str]:
    """Members that a decorator names, one by one or as ``*NAMES`` of the module."""
    if not _is_claim(mark):
        return []
    found: list[str] = []
    for arg in mark.args:
        if isinstance(arg, ast.Starred):
            listed = top[ast.unparse(arg.value)]
            found += (str(each.value) for each in ast.walk(listed) if isinstance(each, ast.Constant))
        elif isinstance(arg, ast.Constant):
            found.append(str(arg.value))
    return found


def _is_claim(mark: ast.expr) -> TypeGuard[ast.Call]:
    return isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.covers"


def _defined(node: ast.stmt) -> list[str]:
    """Names that a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _made_of(node: ast.stmt, top: dict[str, ast.stmt]) -> list[ast.stmt]:
    """A test and everything of its module that it uses, fixtures too."""
    found = [node]
    for part in found:
        for inner in ast.walk(part):
            name = (
                inner.id if isinstance(inner, ast.Name) else inner.arg if isinstance(inner, ast.arg) else ""
            )
            if name in top and top[name] not in found:
                found.append(top[name])
    return found


def _source(node: ast.stmt, text: str) -> str:
    """The source with its decorators (parameters of a test), without its claims."""
    decorators = getattr(node, "decorator_list", [])
    kept = [mark for mark in decorators if not _is_claim(mark)]
    return "\n".join(ast.get_source_segment(text, part) or "" for part in [*kept, node])


def _can_fail(node: ast.stmt) -> bool:
    return any(
        isinstance(inner, ast.Assert)
        or (isinstance(inner, ast.Call) and ast.unparse(inner.func).endswith(("raises", "fail")))
        for inner in ast.walk(node)
    )


def problems(claims: Iterable[Claim], known: Iterable[str], values: dict[str, str]) -> list[str]:
    """What is wrong with the claims. ``known``: all members; ``values``: what events are called."""
    names = set(known)
    wrong = []
    for claim in claims:
        if claim.member not in names:
            wrong.append(f"{claim.test} claims {claim.member}, which is no member of the API")
        elif not claim.checks:
            wrong.append(f"{claim.test} claims {claim.member}, but asserts nothing")
        elif not mentions(claim.source, claim.member, values.get(claim.member, "")):
            wrong.append(f"{claim.test} claims {claim.member}, but does not mention it")
    return wrong


def mentions(source: str, member: str, value: str = "") -> bool:
    """Whether a test's source names a member: "say" for "Call.say".

    An event (it has a value) by its value, or by its name beside that of its enum.
    """
    owner, _, name = member.rpartition(".")
    named = _has(source, name)
    return named if not value else _has(source, value) or (named and _has(source, owner))


def _has(source: str, word: str) -> bool:
    return re.search(rf"(?<![\w$]){re.escape(word)}(?![\w$])", source) is not None
