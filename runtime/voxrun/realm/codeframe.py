"""A few lines of source around a mistake, with the expression underlined and named."""

from __future__ import annotations

import re

from voxrun.realm.positions import Position, ScriptMap

_NAME = re.compile(r"[\w$]+")
_CHAIN_BEFORE = re.compile(r"(?:[\w$]+(?:\?\.|\.))+$")
_WIDTH = 100


def name_callee(text: str, line: str, column: int) -> str:
    """ "TypeError: not a function" with the name of what was called, when the line shows it."""
    for short in ("not a function", "not a constructor"):
        if text.endswith(": " + short):
            start, end = expression_span(line, column)
            name = line[start:end]
            if name:
                return f"{text.removesuffix(short)}{name} is {short}"
    return text


def expression_span(line: str, column: int) -> tuple[int, int]:
    """The member expression at a column (from 1): "call.anwser" in "call.anwser()"; (i, i) if unclear."""
    at = max(0, column - 1)
    if at < len(line) and line[at] == ".":
        at += 1
    word = _NAME.match(line, at)
    if word is None:
        return at, at
    before = _CHAIN_BEFORE.search(line[:at])
    return (before.start() if before else at), word.end()


def code_frame(scripts: ScriptMap, position: Position) -> str:
    """The line at a position with one before it, the expression underlined; "" if there is no such line."""
    line = scripts.line_text(position)
    if not line.strip():
        return ""
    start, end = expression_span(line, position.column) if position.column else (0, 0)
    rows = []
    previous = scripts.line_text(Position(position.file, position.line - 1, 0))
    width = len(str(position.line))
    shift = max(0, start - _WIDTH // 2) if len(line) > _WIDTH else 0
    if previous.strip() and not shift:
        rows.append(f"  {position.line - 1:>{width}} | {previous[:_WIDTH]}")
    rows.append(f"> {position.line:>{width}} | {line[shift : shift + _WIDTH]}")
    if position.column:
        rows.append(f"  {'':>{width}} | {' ' * (start - shift)}{'^' * max(1, end - start)}")
    return "\n".join(row.expandtabs(1) for row in rows)
