"""A realm: one session's JavaScript, synchronous. An event in, commands out.

It is used by one thread, whose stack is at least ``engine.THREAD_STACK``: the inline provider's in
virtual time, a realm host's in live sessions.
"""

from __future__ import annotations

import functools
import hashlib
import json
import struct
import zlib
from typing import Any, Final

from voxrun.jsontext import ascii_json
from voxrun.realm import phone_numbers
from voxrun.realm.engine import Engine, EngineError
from voxrun.realm.failures import Explainer
from voxrun.realm.port import BootInfo, Listening, RealmError, TurnResult
from voxrun.realm.positions import ScriptMap
from voxrun.realm.sources import SCENARIO_LINE, Platform, platform
from voxrun.realm.turntext import clean_result, commands, event_text, is_clean, parse
from voxrun.session.messages import Event

CPU_SECONDS: Final = 1.0
"""Platform: one callback may run 1 s."""

HEAP_BYTES: Final = 16 << 20
"""Platform: 16 MB of JavaScript memory."""

SCRIPT_CHARACTERS: Final = 256 * 1024
"""Platform: characters of one scenario."""

DRAIN_BYTES: Final = 4 << 20
DRAIN_SECONDS: Final = 0.5
HEAP_PER_CHARACTER: Final = 16
"""Heap that a character of platform source costs once it is evaluated, generously."""

MODULE_SECONDS: Final = 0.05
"""CPU allowed on top for evaluating required modules, which are the platform's code."""

STACK_FRAMES: Final = 24
HOOKS: Final = ("start", "turn", "drain", "failed", "listeners", "rejection", "thrown")


class Realm:
    """One session's JavaScript. ``prepare`` may be called ahead of ``boot``, before the session is known."""

    def __init__(self, files: Platform | None = None, engine: Engine | None = None) -> None:
        self._platform = files or platform()
        self._engine = engine or Engine()
        self._prepared = False
        self._map = ScriptMap(())
        self.explain = Explainer(self._map, self._platform)
        self._cpu = CPU_SECONDS
        self._heap = HEAP_BYTES
        self._own = 0  # heap of the platform's own code
        self._limit = 0
        self.digest = 0
        """CRC of what the last turn gave: equal turns of equal realms have equal digests."""

    # -- life

    def prepare(self) -> None:
        """Evaluate the platform's own files; outside every budget of the scenario."""
        if self._prepared:
            return
        self._prepared = True
        engine = self._engine
        for source, line in _own_scripts(self._platform, engine.script_marker):
            engine.load_own(source, line)
        engine.take_hooks(HOOKS, "__hooks")
        engine.collect()
        self._own = engine.memory_used()

    def boot(self, info: BootInfo) -> TurnResult:
        """Give the session's data, then run its scripts top to bottom: the first turn."""
        if (long := _too_long(info)) is not None:
            return TurnResult(error=long)
        self.prepare()
        self._map = ScriptMap(info.scripts)
        self.explain = Explainer(self._map, self._platform)
        self._read_limits(info)
        engine = self._engine
        data = ascii_json(_boot_data(info))
        self._limit = (
            self._own + self._heap + self._platform.module_characters * HEAP_PER_CHARACTER + 4 * len(data)
        )
        engine.set_memory_limit(self._limit)
        engine.arm(self._cpu + MODULE_SECONDS)
        try:
            failed = engine.call("start", data)
            for script, line in zip(info.scripts, self._map.first_lines, strict=True):
                if failed:
                    break
                self.explain.script = script.name
                engine.run_script(script.source, line)
                failed = engine.call("failed")
            if not failed:
                self.explain.script = ""
                engine.run_jobs()
            return self._finish()
        except EngineError as error:
            return self._broken(error)
        finally:
            self.explain.script = ""

    def turn(self, event: Event, now_ms: int) -> TurnResult:
        """Deliver one event at ``now_ms`` (Unix ms) and run until nothing is left to do."""
        result = self.turn_text(event.kind, event_text(event, now_ms))
        return clean_result(result, self._map) if isinstance(result, str) else result

    def turn_text(self, kind: str, text: str) -> str | TurnResult:
        """The same with the event as text; gives the drain as it is where nothing failed."""
        engine = self._engine
        self.explain.event = kind
        engine.arm(self._cpu)
        try:
            if not engine.call("turn", text):
                engine.run_jobs()
            drained: str = engine.call("drain", True)
        except EngineError as error:
            return self._broken(error)
        self.digest = zlib.crc32(drained.encode())
        return drained if is_clean(drained) else self._result(parse(drained))

    def close(self) -> None:
        """Free everything, on the realm's thread. Idempotent."""
        self._engine.close()

    # -- asking

    def listeners(self) -> tuple[Listening, ...]:
        """The lines that added listeners, in the order of their first time. () where the engine can tell no
        more (it ran out of memory)."""
        self._engine.arm(self._cpu)
        try:
            rows = json.loads(self._engine.call("listeners"))
        except EngineError:
            return ()
        return tuple(
            Listening(row["label"], row["event"], self._map.where(row["where"]), row["fired"]) for row in rows
        )

    def memory_used(self) -> int:
        """Bytes of heap in use, the platform's own code included."""
        return self._engine.memory_used()

    def raw_position(self) -> str:
        """Where the engine is inside one of its own functions, as it says it; "" if it cannot tell.

        For a watchdog that stops the thread in the middle of such a function (see ``probe``).
        """
        return self._engine.current_stack()

    def salvage(self) -> TurnResult:
        """What the turn under way has issued so far; from the middle of it, in a process about to end."""
        return self._result(self._drain_anyway())

    # -- inside

    def _read_limits(self, info: BootInfo) -> None:
        self._cpu, self._heap = budgets(info)
        self.explain.limits(self._cpu, self._heap)

    def _finish(self) -> TurnResult:
        try:
            text = self._engine.call("drain", True)
        except EngineError as error:
            return self._broken(error)
        self.digest = zlib.crc32(text.encode())
        return clean_result(text, self._map) if is_clean(text) else self._result(parse(text))

    def _broken(self, error: EngineError) -> TurnResult:
        """A turn that was cut off: get what it had issued, then say why."""
        try:
            data = self._drain_anyway()
        except EngineError:
            return TurnResult(error=self.explain.engine_error(error))
        result = self._result(data)
        error.stack = error.stack or data["i"]
        return TurnResult(result.commands, self.explain.engine_error(error, *data["h"]), result.survived)

    def _drain_anyway(self) -> dict[str, Any]:
        """Drain in spite of spent limits. Commands may fill the heap, and joining them copies them twice."""
        engine = self._engine
        self._limit += DRAIN_BYTES
        engine.set_memory_limit(self._limit + 4 * self._heap)
        engine.arm(DRAIN_SECONDS)
        try:
            return parse(engine.call("drain", False))
        finally:
            engine.set_memory_limit(self._limit)

    def _result(self, data: dict[str, Any]) -> TurnResult:
        failure = data["f"]
        survived = tuple(self.explain.report(entry) for entry in data["s"])
        return TurnResult(
            commands(data, self._map), self.explain.report(failure) if failure else None, survived
        )


@functools.lru_cache(4)
def _own_scripts(files: Platform, marker: str) -> tuple[tuple[str, int], ...]:
    """What every realm evaluates before it knows its session, with line numbers: texts made once."""
    intrinsics, boot, *core = files.files
    config = {
        "stackFrames": STACK_FRAMES,
        "scenarioLine": SCENARIO_LINE,
        "marker": marker,
        "modules": [
            {"id": module.name.removesuffix(".js"), "source": module.source, "line": module.line}
            for module in files.modules
        ],
    }
    made = f"{boot.source.strip()}({ascii_json(config)}, __voxrun)"
    return (
        (f"globalThis.__voxrun = {intrinsics.source.strip()}(); undefined", intrinsics.line),
        (f"globalThis.__voxrun = {made}; undefined", boot.line),
        *((f"{file.source.strip().rstrip(';')}(__voxrun.V); undefined", file.line) for file in core),
        ("globalThis.__hooks = __voxrun.hooks; delete globalThis.__voxrun; undefined", 1),
    )


def budgets(info: BootInfo) -> tuple[float, int]:
    """(seconds of CPU a turn, bytes of heap) that a session's limits allow."""
    cpu = info.limits.get("turn_ms", round(CPU_SECONDS * 1000)) / 1000
    return cpu, info.limits.get("memory_mb", HEAP_BYTES >> 20) << 20


def _too_long(info: BootInfo) -> RealmError | None:
    limit = info.limits.get("script_chars", SCRIPT_CHARACTERS)
    for script in info.scripts:
        if len(script.source) > limit:
            text = (
                f"{script.name} has {len(script.source)} characters: the platform takes scenarios of at most "
                f"{SCRIPT_CHARACTERS} (256 * 1024)"
                + (f", here {limit}" if limit != SCRIPT_CHARACTERS else "")
            )
            return RealmError("limit", text, script.name)
    return None


def _boot_data(info: BootInfo) -> dict[str, Any]:
    digest = hashlib.sha256(f"voxrun realm {info.seed}".encode()).digest()
    numbers = {"phoneNumbers": phone_numbers.table()} if phone_numbers.wanted(info.scripts) else {}
    return {
        "random": list(struct.unpack("<4i", digest[:16])),
        "idSeed": digest[16:24].hex(),
        "startMs": info.start_ms,
        "boot": {
            "customData": info.custom_data,
            "secrets": dict(info.secrets),
            "seed": info.seed,
            "startMs": info.start_ms,
            "limits": dict(info.limits),
            "session": dict(info.session),
            "keepGoing": info.keep_going,
            **numbers,
        },
    }
