"""From the engine's line numbers back to file:line:column."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from voxrun.realm.port import Script
from voxrun.realm.sources import SCENARIO_LINE

_PLACE = re.compile(r"([0-9]{1,9})(?::([0-9]{1,9}))?")
_POSITION = re.compile(rf"<(?:scenario|input)>:{_PLACE.pattern}")
_PLATFORM_CALL = re.compile(
    r"(?:^    at \w+ \(native\)\n)?^    at [^\n]*<input>:\d+(?::\d+)?\)?(?:\n|$)", re.MULTILINE
)
_FRAME = re.compile(
    r"at (?:(?P<name>[^\n(]*?) \()?<(?:scenario|input)>:(?P<line>[0-9]{1,9})(?::(?P<column>[0-9]{1,9}))?"
)


MOST_PLACES = 1000
"""Places that are kept in words: a script has few that issue commands, but a scenario could make up more."""


class Position(Struct, frozen=True):
    """A place in a scenario script; line and column count from 1, column 0 is unknown."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Frame(Struct, frozen=True):
    """One call on a stack: the function's name ("" at the top of a script) and where it was."""

    function: str
    position: Position


class ScriptMap:
    """Where each script of a scenario lies, one after another from ``SCENARIO_LINE``."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.scripts = tuple(scripts)
        self.first_lines: list[int] = []
        self._lines = [script.source.split("\n") for script in scripts]
        line = SCENARIO_LINE
        for lines in self._lines:
            self.first_lines.append(line)
            line += len(lines) + 1
        self._end = line
        self._places: dict[str, str] = {"": ""}

    @property
    def text(self) -> str:
        """All scripts' text."""
        return "\n".join(script.source for script in self.scripts)

    def locate(self, line: int, column: int = 0) -> Position | None:
        """The place behind an engine line, None if it is not in a script."""
        if not self.scripts or not SCENARIO_LINE <= line < self._end:
            return None
        index = bisect_right(self.first_lines, line) - 1
        own = min(line - self.first_lines[index] + 1, len(self._lines[index]))
        text = self._lines[index][own - 1]
        if column and not text.isascii():  # the engine counts bytes of UTF-8, people count characters
            column = len(text.encode("utf-8", "replace")[: column - 1].decode("utf-8", "ignore")) + 1
        if 0 < column <= len(text) and text[column - 1] == ".":
            column += 1  # on a script's first line the engine points at the dot, elsewhere at the name
        return Position(self.scripts[index].name, own, column)

    def where(self, raw: str) -> str:
        """ "file:line:column" for the "line:column" that a command carries, "" for none."""
        known = self._places.get(raw)
        if known is None:
            match = _PLACE.fullmatch(raw)
            position = self.locate(int(match[1]), int(match[2] or 0)) if match else None
            known = str(position) if position else ""
            if len(self._places) < MOST_PLACES:
                self._places[raw] = known
        return known

    def frames(self, stack: str) -> list[Frame]:
        """The scenario's own calls on a stack, innermost first."""
        found = []
        for match in _FRAME.finditer(stack):
            position = self.locate(int(match["line"]), int(match["column"] or 0))
            if position is not None:
                name = (match["name"] or "").strip()
                found.append(Frame("" if name in ("<eval>", "<anonymous>") else name, position))
        return found

    def readable(self, text: str) -> str:
        """Text with the scenario's places in it as file:line:column, and without the platform's own calls.

        For stacks that a scenario logs.
        """

        def replace(match: re.Match[str]) -> str:
            position = self.locate(int(match[1]), int(match[2] or 0))
            return str(position) if position else match[0]

        return _PLATFORM_CALL.sub("", _POSITION.sub(replace, text))

    def line_text(self, position: Position) -> str:
        """The source line at a position, "" if there is none."""
        for script, lines in zip(self.scripts, self._lines, strict=True):
            if script.name == position.file and 1 <= position.line <= len(lines):
                return lines[position.line - 1].rstrip("\r")
        return ""
