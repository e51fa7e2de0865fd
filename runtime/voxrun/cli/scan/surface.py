"""The API's surface (``realm/surface.json``) as the scan asks for it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Surface:
    """Names of the platform; see ``voxrun.realm.make_surface`` for the shapes."""

    modules: dict[str, str]
    namespaces: dict[str, str]
    functions: dict[str, list[Any]]
    classes: dict[str, dict[str, list[Any]]]
    enums: dict[str, dict[str, Any]]
    events: dict[str, dict[str, str]]
    lenient: frozenset[str]
    retired: dict[str, str]
    open: frozenset[str]
    silent: frozenset[str]
    """Events that never come here (``realm/silent.txt``)."""

    @functools.cached_property
    def _all(self) -> dict[str, set[str]]:
        """Owner -> names of its members, for namespaces and enums."""
        found: dict[str, set[str]] = {name: set() for name in self.namespaces}
        for name in (*self.functions, *self.classes, *self.enums, *self.retired, *self.open):
            owner, _, member = name.rpartition(".")
            while owner:
                found.setdefault(owner, set()).add(member)
                owner, _, member = owner.rpartition(".")
        for enum, members in self.enums.items():
            found.setdefault(enum, set()).update(members)
        found["Modules"] = set(self.modules)
        return found

    @functools.cached_property
    def roots(self) -> frozenset[str]:
        """Global names of the platform."""
        return frozenset(name.split(".")[0] for name in (*self._all, *self.functions, *self.classes))

    def members(self, owner: str) -> set[str] | None:
        """Names that a namespace or enum holds; None when ``owner`` is neither, or not wholly known."""
        owner = self.retired.get(owner, owner)
        if owner in self.open or owner.split(".")[0] in self.lenient:
            return None
        return self._all.get(owner)

    def methods(self, classes: Iterable[str]) -> set[str]:
        """Members of any of these classes."""
        return {name for each in classes for name in self.classes.get(each, {})}


@functools.cache
def load_surface() -> Surface:
    """The surface that is installed with voxrun."""
    folder = resources.files("voxrun.realm")
    data = json.loads((folder / "surface.json").read_text("utf-8"))
    return Surface(
        modules=data["modules"],
        namespaces=data["namespaces"],
        functions=data["functions"],
        classes=data["classes"],
        enums=data["enums"],
        events=data["events"],
        lenient=frozenset(data["lenient"]),
        retired=data["retired"],
        open=frozenset(data["open"]),
        silent=frozenset((folder / "silent.txt").read_text("utf-8").split()),
    )
