"""What of the platform voxrun has: found out by trying it in a realm that is thrown away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from msgspec import Struct

from voxrun.cli.scan.surface import Surface
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import BootInfo, Script, TurnResult
from voxrun.realm.sources import platform

_SAYS = ("voxrun does not have it yet", "is not available in voxrun")
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
    return !%(says)s.some((text) => String(error && error.message).includes(text));
  }
  return true;
}
for (const module of %(modules)s) require(module);
for (const name of %(globals)s) if (typeof globalThis[name] === "undefined") missing.push(name);
for (const [owner, name] of %(functions)s) {
  if (!isThere(globalThis[owner], name)) missing.push(owner + "." + name);
}
for (const [type, make, members] of %(classes)s) {
  let made;
  try {
    made = Function("return " + make)();
  } catch {
    missing.push(type);
    continue;
  }
  for (const name of members) {
    const there = name in made && (typeof made[name] !== "function" || isThere(made, name));
    if (!there) missing.push(type + "." + name);
  }
}
say(%(mark)s + stringify(missing));
"""

_ENDING = frozenset({"VoxEngine.terminate", "Logger.write"})
"""Never tried: they would end the attempt or be its voice."""

OBJECTS = {
    "ASR": 'VoxEngine.createASR({profile: "en"})',
    "AMD.AnsweringMachineDetector": 'AMD.create({call: VoxEngine.callUser("nobody", "nobody")})',
    "Call": 'VoxEngine.callUser("nobody", "nobody")',
    "Conference": "VoxEngine.createConference()",
    "ConferenceRecorder": "VoxEngine.createRecorder()",
    "Endpoint": 'VoxEngine.createConference().add({call: VoxEngine.callUser("nobody", "nobody")})',
    "IVRState": 'new IVRState("nothing", {type: "noinput"}, () => {}, () => {})',
    "Player": 'VoxEngine.createTTSPlayer("nothing")',
    "Recorder": "VoxEngine.createRecorder()",
    "SequencePlayer": 'VoxEngine.createSequencePlayer({segments: [{text: "nothing"}]})',
    "WebSocket": 'VoxEngine.createWebSocket("wss://example.com")',
}
"""Class -> how a scenario comes by an object of it."""

_CONSTRUCTED = frozenset({"Net.HttpRequestOptions"})
"""Classes that scenarios construct, beside those of OBJECTS."""

_UNSEEN = frozenset({"Call.is_conf"})
"""Members that only some objects of their class have."""


class Built(Struct, frozen=True):
    """``modules``: values of the modules that are there ("ultravox"). ``missing``: names of the platform
    that are known but not there ("CallList", "VoxEngine.createASR", "Call.record", "Player")."""

    modules: frozenset[str]
    missing: frozenset[str]
    gated: frozenset[str] = frozenset()
    """Namespaces whose module is not there: their ``require`` says so."""

    def lacks(self, name: str) -> bool:
        """Whether a member or the namespace or class that holds it is not there."""
        while name:
            if name in self.missing or name in self.gated:
                return True
            name = name.rpartition(".")[0]
        return False


def find_built(surface: Surface) -> Built:
    """Try every name of the surface once."""
    files = (file.name.removesuffix(".js") for file in platform().modules)
    modules = frozenset(name for name in files if not name.startswith("_"))
    there = {name for name, module in surface.namespaces.items() if _is_there(surface, module, modules)}
    gated = frozenset(surface.namespaces) - there
    missing = _missing(asyncio.run(_boot(_probe(surface, modules, there))))
    return Built(modules, missing | _never_made(surface, missing), gated)


def _never_made(surface: Surface, missing: frozenset[str]) -> set[str]:
    """Classes that nobody here gives a scenario an object of."""
    made = {about[1] for name, about in surface.functions.items() if name not in missing}
    return {name for name in surface.classes if name not in made and name not in OBJECTS} - _CONSTRUCTED


def _probe(surface: Surface, modules: Iterable[str], there: set[str]) -> str:
    functions = [
        name.split(".") for name in surface.functions if name not in _ENDING and name.count(".") == 1
    ]
    fields = {
        "says": _SAYS,
        "mark": _MARK,
        "modules": sorted(modules),
        "globals": sorted(there | {name for name in surface.functions if "." not in name}),
        "functions": [[owner, name] for owner, name in functions if owner in there],
        "classes": [
            [name, make, [m for m in sorted(surface.classes[name]) if f"{name}.{m}" not in _UNSEEN]]
            for name, make in OBJECTS.items()
        ],
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
