"""Syntax errors, told by the engine that will run the scenario."""

from __future__ import annotations

import re

from voxrun.cli.scan.names import Finding
from voxrun.realm.engine import Engine, EngineError
from voxrun.realm.port import Script
from voxrun.realm.stack import runner

_NEVER_RUN = "throw 0;"
"""Put before the script on its first line: it is compiled as a whole, then ends before it began."""

_POSITION = re.compile(r"<input>:(\d+)(?::(\d+))?")
_MODULE = re.compile(r"^\s*(import|export)\b", re.MULTILINE)


def find_syntax_error(script: Script) -> Finding | None:
    """The first syntax error of a script, None if it compiles."""
    found: list[EngineError] = []

    def compile_only() -> None:
        engine = Engine()
        try:
            engine.load(_NEVER_RUN + script.source, 1)
        except EngineError as error:
            found.append(error)
        finally:
            engine.close()

    thread = runner("syntax")
    thread.call(compile_only)
    thread.stop()
    if not found or not str(found[0]).startswith("SyntaxError"):
        return None
    return _finding(script, str(found[0]), found[0].stack)


def _finding(script: Script, message: str, stack: str) -> Finding:
    at = _POSITION.search(stack)
    line, column = (int(at[1]), int(at[2] or 1)) if at else (1, 1)
    if line == 1:
        column = max(1, column - len(_NEVER_RUN))
    lines = script.source.rstrip().split("\n")
    if line > len(lines) or "end of input" in message:
        # The end of the file came too early: the place to look at is where the text ends.
        line, column = len(lines), len(lines[-1]) + 1
        message = "SyntaxError: the script ends in the middle of an expression or block"
    else:
        # The engine counts bytes of UTF-8, people count characters.
        before = lines[line - 1].encode("utf-8", "replace")[: column - 1]
        column = len(before.decode("utf-8", "replace")) + 1
    text = message.replace("SyntaxError", "syntax error")
    return Finding(script.name, line, column, f"{text}.{_hint(script, lines[line - 1])}")


def _hint(script: Script, line: str) -> str:
    if _MODULE.search(script.source):
        return " Scenarios are plain scripts: they cannot import or export."
    if re.search(r"\bawait\b", line):
        return " Is that an await outside of an async function?"
    return ""
