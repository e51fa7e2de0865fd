"""Secrets of scenarios: named values that never show up in messages, logs or ``repr``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from voxrun.errors import ConfigError

CLOUD_KEY = "ULTRAVOX_API_KEY"
"""The environment variable of the Ultravox cloud, and the name of the secret it becomes."""

LOCAL_KEY = "local-ultravox-takes-any-key"
"""What the secret holds where nobody gave one and the voice AI is the local one."""


class Secrets(Mapping[str, str]):
    """Name -> value; its ``repr`` names them and nothing more."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._values))})"


def parse_secret(text: str) -> tuple[str, str]:
    """``NAME=VALUE`` of the command line. The message of a mistake repeats at most the name."""
    name, equals, value = text.partition("=")
    if not equals or not _is_name(name):
        raise ConfigError(
            "--secret wants NAME=VALUE: letters, digits, _ - . before the equals sign, anything after it."
        )
    return name, value


def read_env_file(path: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; ``#`` comments, blank lines, ``export`` and quotes around values are fine.

    Raises ``ConfigError`` with file:line, never with the line's text: it may hold a secret.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text. It should hold KEY=VALUE lines.") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}).") from error
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, equals, value = entry.removeprefix("export ").partition("=")
        if not equals or not _is_name(name.strip()):
            raise ConfigError(f"{path}:{number}: expected KEY=VALUE.")
        values[name.strip()] = _unquote(value.strip())
    return values


def _is_name(name: str) -> bool:
    return bool(name) and all(c.isalnum() or c in "_-." for c in name)


def _unquote(value: str) -> str:
    """Take quotes off; an unquoted value ends before `` #``."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()
