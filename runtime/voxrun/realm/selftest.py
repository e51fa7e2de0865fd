"""What ``voxrun doctor`` asks of the JavaScript engine: each promise that the realm relies on, tried out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib import metadata

from voxrun.realm.engine import NATIVE, Engine
from voxrun.realm.port import BootInfo, Script, TurnResult
from voxrun.realm.realm import Realm
from voxrun.realm.stack import start_deep

DISTRIBUTION = "quickjs-ng"
DEPTH = 1000


def self_test() -> list[tuple[str, bool, str]]:
    """(what, whether it holds, detail) for each promise, on a thread of its own; half a second."""
    rows: list[tuple[str, bool, str]] = []

    def run() -> None:
        for name, check in _CHECKS:
            try:
                rows.append((name, True, check()))
            except Exception as error:  # any failure of a check is its result
                rows.append((name, False, str(error) or type(error).__name__))

    thread = threading.Thread(target=run, name="voxrun-selftest")
    start_deep(thread)
    thread.join()
    return rows


def distribution() -> str:
    """Name and version of what is imported as ``quickjs``; raises where it is not quickjs-ng alone."""
    owners = sorted(set(metadata.packages_distributions().get("quickjs", [])))
    if DISTRIBUTION not in owners:
        raise RuntimeError(
            f"{' and '.join(owners) or 'nothing'} gives the module quickjs: pip install {DISTRIBUTION}"
        )
    others = [name for name in owners if name != DISTRIBUTION]
    if others:
        raise RuntimeError(
            f"{', '.join(others)} shadows {DISTRIBUTION}, both give the module quickjs: pip uninstall "
            f"{' '.join(others)}, then pip install --force-reinstall {DISTRIBUTION}"
        )
    return f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}"


def _run(source: str, milliseconds: int = 1000) -> TurnResult:
    realm = Realm()
    try:
        return realm.boot(BootInfo((Script("selftest.js", source),), 1, 0, limits={"turn_ms": milliseconds}))
    finally:
        realm.close()


def _expect(kind: str, source: str, milliseconds: int = 1000) -> str:
    error = _run(source, milliseconds).error
    if error is None or error.kind != kind:
        raise RuntimeError(f"expected {kind}, got {error.kind if error else 'nothing'}")
    return error.where


def _native() -> str:
    if NATIVE is None:
        raise RuntimeError(
            "the engine's C functions cannot be called: only rejections of listeners are noticed, and "
            "CPU time is counted for the whole process"
        )
    engine = Engine()
    engine.close()
    return "reachable"


def _rejections() -> str:
    _expect("rejection", "(async () => { await null; throw new Error('nobody waits'); })()")
    if (error := _run("const p = Promise.reject(1); p.catch(() => {})").error) is not None:
        raise RuntimeError(f"a handled rejection was reported: {error.message}")
    return "unhandled ones are noticed"


def _interrupts() -> str:
    _expect("cpu", "while (true);", 50)
    _expect("cpu", "/(a+)+b/.test('a'.repeat(60))", 50)
    return "loops and regular expressions stop at the limit"


def _stack() -> str:
    source = f"function deep(n) {{ return n ? deep(n - 1) + 1 : 0; }} if (deep({DEPTH}) !== {DEPTH}) throw 1;"
    if (error := _run(source).error) is not None:
        raise RuntimeError(error.message)
    _expect("stack", "function f() { f(); } f()")
    return f"more than {DEPTH} nested calls, then an error"


def _memory() -> str:
    _expect("memory", "const all = []; while (true) all.push(new Array(1000).fill(0));")
    return "16 MB and no more"


def _language() -> str:
    source = """
      if (new Date("2024-01-02 03:04:05").getTime() !== 1704164645000) throw new Error("Date.parse");
      if ([1, 2].at(-1) !== 2 || [1].with(0, 3)[0] !== 3) throw new Error("Array.prototype.at, with");
      if (typeof WeakRef !== "function") throw new Error("WeakRef");
      if (typeof Iterator !== "undefined" || new Set().union) throw new Error("newer than Firefox 115");
    """
    if (error := _run(source).error) is not None:
        raise RuntimeError(error.message)
    return "that of the platform (Firefox 115)"


_CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("JavaScript engine", distribution),
    ("engine internals", _native),
    ("promise rejections", _rejections),
    ("CPU limit", _interrupts),
    ("call depth", _stack),
    ("memory limit", _memory),
    ("language level", _language),
)
