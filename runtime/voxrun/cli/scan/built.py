"""What of the platform voxrun has: found out by trying it in a realm that is thrown away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass

from voxrun.cli.scan.surface import Surface
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import BootInfo, Script, TurnResult
from voxrun.realm.sources import platform

_SAYS = "voxrun does not have it yet"
"""What a member that is not built says when it is called."""

_MARK = "voxrun-missing "

_PROBE = """
const missing = [];
const say = Logger.write;
const stringify = JSON.stringify;
function isThere(holder, name) {
  if (holder === undefined || typeof holder[name] !== "function") return false;
  try {
    const promise = holder[name]();
    if (promise && typeof promise.catch === "function") promise.catch(() => {});
  } catch (error) {
    return !String(error && error.message).includes(%(says)s);
  }
  return true;
}
for (const module of %(modules)s) require(module);
for (const name of %(globals)s) if (typeof globalThis[name] === "undefined") missing.push(name);
const call = VoxEngine.callUser("nobody", "nobody");
for (const name of %(methods)s) if (!isThere(call, name)) missing.push("Call." + name);
for (const [owner, name] of %(functions)s) {
  if (!isThere(globalThis[owner], name)) missing.push(owner + "." + name);
}
say(%(mark)s + stringify(missing));
"""

_ENDING = frozenset({"VoxEngine.terminate", "Logger.write"})
"""Never tried: they would end the attempt or be its voice."""

_FIELDS = frozenset({"is_conf"})
"""Members of calls that are no functions."""


@dataclass(frozen=True, slots=True)
class Built:
    """``modules``: values of the modules that are there ("ultravox"). ``missing``: names of the platform
    that are known but not there ("CallList", "VoxEngine.createASR", "Call.record")."""

    modules: frozenset[str]
    missing: frozenset[str]


def find_built(surface: Surface) -> Built:
    """Try every name of the surface once."""
    files = (file.name.removesuffix(".js") for file in platform().modules)
    modules = frozenset(name for name in files if not name.startswith("_"))
    return Built(modules, _missing(asyncio.run(_boot(_probe(surface, modules)))))


def _probe(surface: Surface, modules: Iterable[str]) -> str:
    # A namespace whose module is not there is told by its require.
    there = {name for name, module in surface.namespaces.items() if _is_there(surface, module, modules)}
    functions = [
        name.split(".") for name in surface.functions if name not in _ENDING and name.count(".") == 1
    ]
    fields = {
        "says": _SAYS,
        "mark": _MARK,
        "modules": sorted(modules),
        "globals": sorted(there | {name for name in surface.functions if "." not in name}),
        "methods": sorted(set(surface.classes["Call"]) - _FIELDS),
        "functions": [[owner, name] for owner, name in functions if owner in there],
    }
    return _PROBE % {name: json.dumps(value) for name, value in fields.items()}


def _is_there(surface: Surface, module: str, modules: Iterable[str]) -> bool:
    return not module or surface.modules[module] in modules


async def _boot(source: str) -> TurnResult:
    realms = InlineRealms()
    try:
        realm = await realms.open("check")
        result = await realm.boot(BootInfo((Script("probe.js", source),), seed=1, start_ms=0))
        await realm.close()
        return result
    finally:
        await realms.close()


def _missing(result: TurnResult) -> frozenset[str]:
    """What the probe said; nothing when it could not say anything."""
    for command in result.commands:
        for value in command.data.values():
            if isinstance(value, str) and value.startswith(_MARK):
                return frozenset(json.loads(value.removeprefix(_MARK)))
    return frozenset()
