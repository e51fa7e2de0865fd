"""TOML with positions: what the standard parser reads, and the line on which each key was written.

Used for messages only, so the search for lines is a plain scan of headers and keys: it follows tables,
arrays of tables and dotted keys, and steps over strings of several lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from voxrun.errors import ConfigError
from voxrun.nearest import did_you_mean

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=(.*)$""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_AT = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


class TomlFile(Struct, frozen=True):
    """A file that was read: its values, and its text for positions."""

    path: Path
    values: dict[str, Any]
    text: str

    def where(self, *keys: str | int) -> str:
        """``file:line`` of a key ("server", "port"; "routes", 1, "leg"), of its nearest written parent,
        or just the file."""
        lines = dict(_keys(self.text))
        wanted = tuple(keys)
        while wanted and wanted not in lines:
            wanted = wanted[:-1]
        return f"{self.path}:{lines[wanted]}" if wanted else str(self.path)

    def unknown(self, keys: tuple[str | int, ...], what: str, names: Iterable[str]) -> ConfigError:
        """The error for a key (section, setting...) that does not exist, with the nearest one that does."""
        name = str(keys[-1])
        inside = f" in [{keys[0]}]" if len(keys) > 1 else ""
        known = sorted(names)
        hint = did_you_mean(name, known) or f" There is: {', '.join(known)}."
        return ConfigError(f'{self.where(*keys)}: unknown {what} "{name}"{inside}.{hint}')


def read_toml(path: Path) -> TomlFile:
    """Read a TOML file; raises ``ConfigError`` with file:line:column when it is broken."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text. Save the file as UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    try:
        return TomlFile(path, tomllib.loads(text), text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_broken(path, text, str(error))) from error


def _broken(path: Path, text: str, message: str) -> str:
    """``file:line:column: reason`` and the line with a mark under the place."""
    at = _AT.search(message)
    reason = _AT.sub("", message)
    lines = text.splitlines() or [""]
    if at and at.group(1):
        line, column = int(at.group(1)), int(at.group(2))
    else:
        line, column = len(lines), len(lines[-1]) + 1
    written = lines[min(line, len(lines)) - 1]
    return f"{path}:{line}:{column}: not valid TOML: {reason}.\n  {written}\n  {' ' * (column - 1)}^"


def _keys(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    """Every key and table header with its line; tables of an array are numbered from 0."""
    table: tuple[str | int, ...] = ()
    count: dict[tuple[str | int, ...], int] = {}
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            closing = "" if closing in line else closing
            continue
        header = _HEADER.match(line)
        key = _KEY.match(line)
        if header and not key:
            table = _parts(header.group(2))
            if header.group(1) == "[[":
                count[table] = count.get(table, -1) + 1
                table = (*table, count[table])
            yield table, number
        elif key:
            yield (*table, *_parts(key.group(1))), number
            closing = _opened(key.group(2))


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _opened(value: str) -> str:
    """The quotes that close a string of several lines which ``value`` begins; "" otherwise."""
    for quotes in ('"""', "'''"):
        if value.lstrip().startswith(quotes) and value.count(quotes) == 1:
            return quotes
    return ""
