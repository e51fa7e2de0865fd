"""``js/names.js``: the names of the surface, packed into strings, which parse far faster than literals.

The file gives the core an object ``V.names``. In its strings the parts are separated by "|"::

    enums      {"CallEvents": "Call.|Connected|Disconnected|VideoTrackCreated=Call.Video.TrackCreated"}
               a prefix, then members; without "=" the value is the prefix and the name; "=#" is a number
    lookups    {"ASRLanguage": "|ENGLISH_US=en-US"}      known members of lenient lookups, packed as enums
    functions  {"VoxEngine": "callPSTN=2|terminate=0"}   name and number of arguments; "" holds the globals
    classes    {"Call": "answer|hangup"}                 methods
    notHere    {"VoxEngine.enqueueTask": 0, "acd": 0}    index into reasons; modules by their values
    known      "openai|ultravox"                         modules that bring a namespace
    gates      "asr|net|player"                          modules that only open what stands in the core
    gated      {"AI": "ai"}                              namespaces and the module each needs
    plain      "Crypto|Net"                              namespaces that need none
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from voxrun.realm.support import NOT_HERE

HEAD = """\
// Made by voxrun/realm/make_surface.py; the shapes are explained in voxrun/realm/names_js.py.
(function (V) {
  V.names = {
    __proto__: null,
"""


def make_names_js(surface: Mapping[str, Any]) -> str:
    """The text of ``js/names.js``."""
    modules: Mapping[str, str] = surface["modules"]
    gated = {name: modules[module] for name, module in surface["namespaces"].items() if module in modules}
    reasons = list(dict.fromkeys(NOT_HERE.values()))
    later = _providers(surface)
    parts = {
        "enums": {
            "Modules": _pack(modules),
            **{name: _pack(m) for name, m in surface["enums"].items() if not _is_of(name, later)},
        },
        "lookups": {name: _pack(members) for name, members in surface["known"].items()},
        "functions": _functions(surface, later),
        "classes": {
            name: "|".join(member for member, about in members.items() if about[0] >= 0)
            for name, members in surface["classes"].items()
            if not _is_of(name, later)
        },
        "notHere": {
            modules.get(name[8:], name) if name.startswith("Modules.") else name: reasons.index(why)
            for name, why in NOT_HERE.items()
            if not _is_event(name, surface)
        },
        "reasons": reasons,
        "known": "|".join(sorted(set(gated.values()))),
        "gates": "|".join(value for value in modules.values() if value not in gated.values()),
        "gated": gated,
        "plain": "|".join(name for name, module in surface["namespaces"].items() if not module),
    }
    return HEAD + "".join(_part(key, value) for key, value in parts.items()) + "  };\n})\n"


def _providers(surface: Mapping[str, Any]) -> set[str]:
    """Namespaces of voice-AI providers, whose modules bring their own names."""
    return {
        name for name, module in surface["namespaces"].items() if module and name not in ("AI", "IVR")
    } - {
        "ApplicationStorage",
        *NOT_HERE,
    }


def _is_event(name: str, surface: Mapping[str, Any]) -> bool:
    return name in surface["enums"] or name.rpartition(".")[0] in surface["enums"]


def _is_of(name: str, owners: set[str]) -> bool:
    return name.split(".")[0] in owners and "." in name


def _functions(surface: Mapping[str, Any], later: set[str]) -> dict[str, str]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, (_, _, least) in surface["functions"].items():
        owner, _, member = name.rpartition(".")
        if not _is_of(name, later):
            found[owner].append(f"{member}={least}")
    return {owner: "|".join(members) for owner, members in found.items()}


def _part(key: str, value: Any) -> str:
    """One member of ``V.names``, a line an entry."""
    if not isinstance(value, dict):
        return f"    {key}: {_js(value)},\n"
    rows = "".join(f"      {_js(name)}: {_js(entry)},\n" for name, entry in value.items())
    return f"    {key}: {{\n      __proto__: null,\n{rows}    }},\n"


def _js(value: Any) -> str:
    return json.dumps(value, separators=(", ", ": "))


def _pack(members: Mapping[str, Any]) -> str:
    prefix = _common_prefix(members)
    words = [prefix]
    for key, value in members.items():
        if isinstance(value, int):
            words.append(f"{key}=#{value}")
        else:
            words.append(key if value == prefix + key else f"{key}={value}")
    return "|".join(words)


def _common_prefix(members: Mapping[str, Any]) -> str:
    """The prefix that turns most keys into their values ("Call." for CallEvents)."""
    found = [v[: -len(k)] for k, v in members.items() if isinstance(v, str) and v.endswith(k)]
    return max(set(found), key=lambda p: (found.count(p), p)) if found else ""
