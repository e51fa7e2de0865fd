"""Turns a file of API facts into what the repository carries: ``surface.json`` and ``js/names.js``.

Run by hand, when the facts change::

    python -m voxrun.realm.make_surface FACTS.json

and without facts when only ``support.NOT_HERE`` changed, for ``js/names.js`` alone.

Nothing reads the facts at run or test time. FACTS.json maps a dotted name ("VoxEngine.callPSTN") to
``{"kind": "namespace" | "class" | "interface" | "function" | "enum" | "variable" | "type", ...}`` with
``signatures`` (functions), ``methods``, ``fields``, ``extends`` (classes, interfaces), ``members`` (enums).
What is newer than those facts, or older and still in use, is added from ``voxrun.realm.surface_extra``.

``surface.json``, all names dotted::

    modules     {"ASR": "asr"}                       members of Modules and their values
    namespaces  {"Ultravox": "Ultravox", "Net": ""}  the module that must be required first ("" = none)
    functions   {"VoxEngine.callPSTN": [3, "Call", 2]}  most arguments, class of what it gives ("" = none),
                                                     fewest arguments
    classes     {"Call": {"answer": [2, "", 0]}}     methods, and fields as [-1, class]
    enums       {"CallEvents": {"Connected": "Call.Connected"}}
    events      {"CallEvents.Connected": {"call": "Call", "headers": ""}}   fields and their classes
    lenient     ["VoiceList", "Language"]            lookups that take any member
    known       {"ASRLanguage": {"ENGLISH_US": "en-US"}}  members of lookups whose values are known
    open        ["OpenAI.ResponsesAPIEvents"]        namespaces and enums that hold more than is known
    retired     {"ElevenLabs.createConversationalAIClient": "ElevenLabs.createAgentsClient"}
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from voxrun.realm import surface_extra as extra
from voxrun.realm.names_js import make_names_js

Facts = Mapping[str, Mapping[str, Any]]
Signature = list[Any]
"""[most arguments, class of the result or "", fewest arguments]; a field is [-1, its class]."""

HERE = Path(__file__).parent


def make_surface(facts: Facts) -> dict[str, Any]:
    """The surface of the API as described in the module's docstring."""
    classes = {**_classes(facts), **extra.CLASSES}
    surface: dict[str, Any] = {
        "modules": {**_members(facts, "Modules"), **extra.MODULES},
        "namespaces": _namespaces(facts),
        "functions": {**_functions(facts, classes), **extra.FUNCTIONS},
        "classes": classes,
        "enums": _enums(facts),
        "events": _events(facts, classes),
        "lenient": list(extra.LENIENT),
        "known": _known(facts),
        "open": list(extra.OPEN),
        "retired": dict(extra.RETIRED),
    }
    for name, methods in extra.MORE_METHODS.items():
        classes[name] = {**classes.get(name, {}), **methods}
    for name, members in extra.MORE_MEMBERS.items():
        surface["enums"][name] = {**surface["enums"].get(name, {}), **members}
    return surface


def _members(facts: Facts, name: str) -> dict[str, Any]:
    return dict(facts[name]["members"])


def _namespaces(facts: Facts) -> dict[str, str]:
    """Top-level namespaces that are not lenient lookups, with the module each needs."""
    names = [n for n, f in facts.items() if f["kind"] == "namespace" and "." not in n]
    names += [name for name in extra.MODULE_OF if name not in names]
    return {n: extra.MODULE_OF.get(n, "") for n in sorted(names) if n not in extra.LENIENT}


def _functions(facts: Facts, classes: Mapping[str, Any]) -> dict[str, Signature]:
    found: dict[str, Signature] = {}
    for name, fact in facts.items():
        if fact["kind"] != "function":
            continue
        lists = [signature["params"] for signature in fact["signatures"]]
        gives = _class_of(fact["signatures"][0]["returns"], name, classes)
        found[name] = [max(map(len, lists)), gives, min(map(_needed, lists))]
    return found


def _needed(params: list[Mapping[str, Any]]) -> int:
    """How many parameters stand before the first that may be left out."""
    return next((n for n, param in enumerate(params) if param.get("optional")), len(params))


def _classes(facts: Facts) -> dict[str, dict[str, Signature]]:
    names: dict[str, dict[str, Signature]] = {
        name: {} for name, fact in facts.items() if fact["kind"] == "class"
    }
    return {name: dict(_class_members(facts, name, names)) for name in names if name != "Voice"}


def _class_members(facts: Facts, name: str, classes: Mapping[str, Any]) -> Iterator[tuple[str, Signature]]:
    for parent in _parents(facts, name):
        yield from _class_members(facts, parent, classes)
    for method in facts[name]["methods"]:
        if method["name"] != "constructor":
            gives = _class_of(method.get("returns", ""), name, classes)
            yield method["name"], [len(method["params"]), gives, _needed(method["params"])]
    for field, about in facts[name]["fields"].items():
        yield field, [-1, _class_of(about["type"], name, classes)]


def _parents(facts: Facts, name: str) -> list[str]:
    """Classes or interfaces that ``name`` extends, by their full names."""
    written = re.sub(r"^extends\s+", "", facts[name].get("extends", ""))
    found = (_resolve(part.strip(), name, facts) for part in written.split(",") if part.strip())
    return [parent for parent in found if parent]


def _resolve(written: str, inside: str, names: Mapping[str, Any]) -> str:
    """The full name of ``written`` as seen from ``inside`` ("_XEvent" in "AI._YEvent" -> "AI._XEvent")."""
    scope = inside.split(".")[:-1]
    while True:
        candidate = ".".join([*scope, written])
        if candidate in names:
            return candidate
        if not scope:
            return ""
        scope.pop()


def _class_of(type_text: str, inside: str, classes: Mapping[str, Any]) -> str:
    """The class that a type names, also inside Promise<...>; "" for everything else."""
    inner = re.sub(r"^Promise<(.*)>$", r"\1", type_text.strip())
    return _resolve(inner, inside, classes) if re.fullmatch(r"[\w.]+", inner) else ""


def _enums(facts: Facts) -> dict[str, dict[str, Any]]:
    """Enums outside the lenient lookups."""
    return {
        name: _values(fact["members"])
        for name, fact in facts.items()
        if fact["kind"] == "enum" and name.split(".")[0] not in extra.LENIENT and name != "Modules"
    }


def _values(members: Mapping[str, str | None]) -> dict[str, Any]:
    """Members and their values. The facts hold numbers as text; a value they lack is the member's name."""
    numeric = all(value is not None and value.isdecimal() for value in members.values())
    named = {key.strip("'"): value for key, value in members.items()}
    return {
        key: int(value or 0) if numeric else (key if value is None else value) for key, value in named.items()
    }


def _known(facts: Facts) -> dict[str, dict[str, Any]]:
    """Members of lenient lookups that have a value."""
    found = {}
    for name in extra.LENIENT:
        if facts.get(name, {}).get("kind") == "enum":
            found[name] = {key: value for key, value in facts[name]["members"].items() if value is not None}
    return found


def _events(facts: Facts, classes: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Fields of every event that has an enum member, inherited ones included."""
    found: dict[str, dict[str, str]] = {}
    for holder, fact in facts.items():
        if fact["kind"] != "interface":
            continue
        for key, about in fact["fields"].items():
            enum, _, member = key.strip("[]").rpartition(".")
            full = _resolve(enum, holder, facts) if key.startswith("[") else ""
            event = _resolve(about["type"], holder, facts) if full else ""
            if event:
                found[f"{full}.{member}"] = dict(_fields(facts, event, classes))
    return found


def _fields(facts: Facts, name: str, classes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for parent in _parents(facts, name):
        yield from _fields(facts, parent, classes)
    for field, about in facts[name]["fields"].items():
        yield field, _class_of(about["type"], name, classes)


def write_surface(surface: Mapping[str, Any]) -> str:
    """JSON with one line an entry, so that a change of the facts is readable in a diff."""
    parts = []
    for key, value in surface.items():
        if isinstance(value, dict):
            rows = (f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in value.items())
            parts.append(f'"{key}":{{\n' + ",\n".join(rows) + "\n}")
        else:
            parts.append(f'"{key}":{json.dumps(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main(argv: list[str]) -> int:
    """Write both files from the facts that are named, or the names from the surface that is there."""
    if len(argv) > 1:
        print("usage: python -m voxrun.realm.make_surface [FACTS.json]", file=sys.stderr)
        return 2
    if argv:
        surface = make_surface(json.loads(Path(argv[0]).read_text(encoding="utf-8")))
        (HERE / "surface.json").write_text(write_surface(surface), encoding="utf-8")
    else:
        surface = json.loads((HERE / "surface.json").read_text(encoding="utf-8"))
    (HERE / "js" / "names.js").write_text(make_names_js(surface), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
