"""Reports in words: what happened, where, what to do."""

from __future__ import annotations

from voxrun.realm.engine import JOBS_WITHOUT_END, EngineError
from voxrun.realm.failures import Explainer
from voxrun.realm.port import Script
from voxrun.realm.positions import ScriptMap

SCRIPTS = ScriptMap((Script("a.js", "one();\ntwo();"),))
STACK = f"    at two (<scenario>:{SCRIPTS.first_lines[0] + 1}:1)\n"


def explainer() -> Explainer:
    return Explainer(SCRIPTS)


def test_a_killed_turn_names_the_limit_and_the_line() -> None:
    error = explainer().hung(STACK)
    assert error.kind == "killed"
    assert error.where == "a.js:2:1"
    assert "1 s" in error.message
    assert "> 2 | two();" in error.message


def test_a_killed_turn_without_a_line_names_the_event() -> None:
    teller = explainer()
    teller.event = "Call.Connected"
    assert "while it handled Call.Connected" in teller.hung().message


def test_a_killed_boot_without_a_line_names_the_scripts() -> None:
    assert "while a.js was evaluated" in explainer().hung().message


def test_raised_limits_are_named_beside_the_platforms() -> None:
    teller = explainer()
    teller.limits(5.0, 64 << 20)
    cpu = teller.engine_error(EngineError("cpu", "interrupted", STACK))
    assert "5 s" in cpu.message
    assert "1 s" in cpu.message
    assert "  at or after " in cpu.message  # where the last call was: a loop without one is behind it
    memory = teller.engine_error(EngineError("memory", "out of memory"))
    assert "64 MB" in memory.message
    assert "16 MB" in memory.message


def test_endless_promises_are_told_as_such() -> None:
    assert "callbacks of promises" in explainer().engine_error(EngineError("cpu", JOBS_WITHOUT_END)).message


def test_an_empty_error_means_no_memory_unless_the_script_throws_null() -> None:
    entry = {
        "kind": "exception",
        "text": "null",
        "stack": "",
        "thrown": "object",
        "event": "",
        "listener": "",
    }
    assert explainer().report(entry).kind == "memory"
    thrower = Explainer(ScriptMap((Script("a.js", "throw null"),)))
    assert thrower.report(entry).kind == "exception"


def test_repeated_calls_are_named_once() -> None:
    message = explainer().engine_error(EngineError("stack", "", STACK * 10)).message
    assert message.count("called from") == 1
