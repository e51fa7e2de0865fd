"""Turns a file of API facts into what the repository carries: ``surface.json`` and ``js/enums.js``.

Run by hand, when the facts change::

    python -m voxrun.realm.make_surface FACTS.json

Nothing reads the facts at run or test time. FACTS.json maps a dotted name ("VoxEngine.callPSTN") to
``{"kind": "namespace" | "class" | "interface" | "function" | "enum" | "variable" | "type", ...}`` with
``signatures`` (functions), ``methods``, ``fields``, ``extends`` (classes, interfaces), ``members`` (enums).
What is newer than those facts, or older and still in use, is added from ``voxrun.realm.surface_extra``.

``surface.json``, all names dotted::

    modules     {"ASR": "asr"}                       members of Modules and their values
    namespaces  {"Ultravox": "Ultravox", "Net": ""}  the module that must be required first ("" = none)
    functions   {"VoxEngine.callPSTN": [3, "Call"]}  most arguments, class of what it gives ("" = none)
    classes     {"Call": {"answer": [2, ""]}}        methods, and fields as [0, class]
    enums       {"CallEvents": {"Connected": "Call.Connected"}}
    events      {"CallEvents.Connected": {"call": "Call", "headers": ""}}   fields and their classes
    lenient     ["VoiceList", "Language"]            lookups that take any member
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

Facts = Mapping[str, Mapping[str, Any]]
Signature = list[Any]
"""[most arguments, class of the result or ""]."""

HERE = Path(__file__).parent

CORE_ENUMS = (
    "AppEvents",
    "CallEvents",
    "PlayerEvents",
    "SequencePlayerEvents",
    "ASREvents",
    "RecorderEvents",
    "WebSocketEvents",
    "WebSocketReadyState",
    "WebSocketAudioEncoding",
    "WebSocketCloseCode",
    "DTMFType",
    "RecordExpireTime",
    "CallAudioQuality",
    "TTSEffectsProfile",
    "URLPlayerRequestMethod",
    "Modules",
)
"""Enums that every scenario finds without ``require`` and that the first core needs."""

NUMERIC_ENUMS = frozenset({"DTMFType", "WebSocketCloseCode"})
"""Enums whose values are numbers; the facts hold them as text."""


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
        "open": list(extra.OPEN),
        "retired": dict(extra.RETIRED),
    }
    for name, methods in extra.MORE_METHODS.items():
        classes[name] = {**classes.get(name, {}), **methods}
    for name, members in extra.MORE_MEMBERS.items():
        surface["enums"][name] = {**surface["enums"].get(name, {}), **members}
    return surface


def make_enums_js(surface: Mapping[str, Any]) -> str:
    """``js/enums.js``: the core enums packed into strings, which parse far faster than literals."""
    lines = [_pack(name, surface["enums"][name]) for name in CORE_ENUMS if name != "Modules"]
    lines.append(_pack("Modules", surface["modules"]))
    with_namespace = {surface["modules"][name] for name in surface["namespaces"].values() if name}
    gates = [value for value in surface["modules"].values() if value not in with_namespace]
    text = _ENUMS_JS.replace("@LINES@", "\n".join(lines))
    return text.replace("@KNOWN@", " ".join(sorted(with_namespace))).replace("@GATES@", " ".join(gates))


_ENUMS_JS = """\
// Made by voxrun/realm/make_surface.py. Enums that a scenario finds without require.
(function (V) {
  // "A B=x" with prefix "P." gives {A: "P.A", B: "x"}; numbers are written with "#".
  function e(name, prefix, words) {
    const out = {};
    for (const word of words.split(" ")) {
      const [key, value] = word.split("=");
      out[key] = value === undefined ? prefix + key : value[0] === "#" ? +value.slice(1) : value;
    }
    V.expose(name, out);
  }
@LINES@

  // Modules that bring a namespace: one that has no file yet says so when it is required. The others only
  // open what stands in the core anyway ("net", "player"), so requiring one is enough.
  const gates = { __proto__: null };
  for (const id of "@GATES@".split(" ")) gates[id] = true;
  for (const id of "@KNOWN@".split(" ")) V.knownModules[id] = true;
  const load = V.loadModule;
  V.loadModule = (id) => load(id) || gates[id] === true;
})
"""


def _pack(name: str, members: Mapping[str, Any]) -> str:
    """One line ``e("CallEvents", "Call.", "Connected Disconnected X=odd");``."""
    prefix = _common_prefix(members)
    words = []
    for key, value in members.items():
        if name in NUMERIC_ENUMS:
            words.append(f"{key}=#{value}")
        else:
            words.append(key if value == prefix + key else f"{key}={value}")
    return f'  e("{name}", "{prefix}", "{" ".join(words)}");'


def _common_prefix(members: Mapping[str, Any]) -> str:
    """The prefix that turns most keys into their values ("Call." for CallEvents)."""
    found = [v[: -len(k)] for k, v in members.items() if isinstance(v, str) and v.endswith(k)]
    return max(set(found), key=lambda p: (found.count(p), p)) if found else ""


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
        most = max(len(s["params"]) for s in fact["signatures"])
        found[name] = [most, _class_of(fact["signatures"][0]["returns"], name, classes)]
    return found


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
            yield method["name"], [len(method["params"]), gives]
    for field, about in facts[name]["fields"].items():
        yield field, [0, _class_of(about["type"], name, classes)]


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
    """Enums outside the lenient lookups; enum values that the facts lack are the member's own name."""
    found = {}
    for name, fact in facts.items():
        if fact["kind"] != "enum" or name.split(".")[0] in extra.LENIENT or name == "Modules":
            continue
        found[name] = {
            key: int(value) if name in NUMERIC_ENUMS else (key if value is None else value)
            for key, value in fact["members"].items()
        }
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
    """Write both files from the facts named on the command line."""
    if len(argv) != 1:
        print("usage: python -m voxrun.realm.make_surface FACTS.json", file=sys.stderr)
        return 2
    facts = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    surface = make_surface(facts)
    (HERE / "surface.json").write_text(write_surface(surface), encoding="utf-8")
    (HERE / "js" / "enums.js").write_text(make_enums_js(surface), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
