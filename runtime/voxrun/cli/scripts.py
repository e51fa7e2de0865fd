"""Reading scenario files: whatever is wrong with one is said before a session starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from voxrun.errors import ConfigError, ScenarioError, UserError
from voxrun.nearest import nearest
from voxrun.realm.port import Script

TYPESCRIPT = frozenset({".ts", ".tsx", ".mts"})


def read_scripts(paths: Sequence[Path], most_chars: int = 256 * 1024) -> tuple[Script, ...]:
    """The scripts of one rule, in the order given; their names are the paths as they were given.

    Raises ``ConfigError`` for a file that is not there and ``ScenarioError`` for one that is no scenario:
    empty, binary, not UTF-8, TypeScript, longer than the platform takes (``most_chars``).
    """
    scripts, wrong = [], []
    for path in paths:
        try:
            scripts.append(_read(path, most_chars))
        except UserError as error:
            wrong.append(error)
    if len(wrong) > 1:
        raise ConfigError("\n".join(map(str, wrong)))  # all of them at once, not one a run
    if wrong:
        raise wrong[0]
    return tuple(scripts)


def _read(path: Path, most_chars: int) -> Script:
    if path.suffix in TYPESCRIPT:
        raise ScenarioError(
            f"{path}: TypeScript has to be compiled first; run the .js file that comes of it."
        )
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.{_hint(path)}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: this is a folder; name the scenario file in it.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    source = _decode(path, data)
    if not source.strip():
        raise ScenarioError(f"{path}: the file is empty.")
    if len(source) > most_chars:
        raise ScenarioError(
            f"{path}: {len(source):,} characters; the platform takes scenarios of at most {most_chars:,}. "
            "Split it: all scripts of a rule share their globals."
        )
    return Script(str(path), source)


def _hint(path: Path) -> str:
    """A file of nearly that name beside it."""
    try:
        beside = [entry.name for entry in path.parent.iterdir() if entry.suffix == ".js"]
    except OSError:
        return ""
    found = nearest(path.name, beside)
    return f" Did you mean {path.parent / found}?" if found else ""


def _decode(path: Path, data: bytes) -> str:
    if b"\0" in data:
        raise ScenarioError(f"{path}: this is no text: it holds zero bytes. Is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        raise ScenarioError(
            f"{path}:{line}:{column}: byte 0x{data[error.start]:02x} is not UTF-8. Save the file as UTF-8."
        ) from None
