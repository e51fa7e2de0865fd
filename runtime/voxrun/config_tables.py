"""The lists in voxrun.toml: ``[[routes]]``, where outgoing calls go, and ``[[conferences]]``, who runs those
that ``callConference`` names. In both the first entry that fits counts.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from voxrun.errors import ConfigError
from voxrun.patterns import LIVE_LIMIT_S, fullmatch
from voxrun.toml_file import TomlFile

TABLES: Final = frozenset({"routes", "conferences"})

_ROUTE_KINDS = ("any", "user", "pstn", "sip", "whatsapp")
_ROUTE_LEGS = ("webrtc",)


@dataclass(frozen=True, slots=True)
class Route:
    """Where an outgoing call goes: ``pattern`` must match the whole destination."""

    kind: Literal["any", "user", "pstn", "sip", "whatsapp"]
    pattern: str
    leg: Literal["webrtc"]
    address: str
    """Name that a softphone has registered under; "*" rings all of them."""
    where: str = field(default="", compare=False)
    """The place of the pattern in voxrun.toml."""

    def matches(self, kind: str, destination: str) -> bool:
        """Whether a call of this kind to this destination takes the route."""
        if self.kind not in ("any", kind):
            return False
        return fullmatch(re.compile(self.pattern), destination, self.where, LIVE_LIMIT_S) is not None


@dataclass(frozen=True, slots=True)
class Conference:
    """Which scripts run a conference: ``pattern`` must match its whole name."""

    pattern: str
    scripts: tuple[Path, ...]
    where: str = field(default="", compare=False)


def read_routes(file: TomlFile) -> tuple[Route, ...]:
    """All ``[[routes]]``: kind, pattern, leg, address; all text, all but the pattern optional."""
    return tuple(
        Route(entry.get("kind", "any"), entry.get("pattern", ".*"), entry.get("leg", "webrtc"),
              entry.get("address", "*"), where=file.where("routes", number, "pattern"))
        for number, entry in enumerate(_checked_routes(file))
    )  # fmt: skip


def _checked_routes(file: TomlFile) -> Iterator[dict[str, Any]]:
    names = [field.name for field in dataclasses.fields(Route)]
    for number, entry in _entries(file, "routes", "route"):
        for name, value in entry.items():
            where = file.where("routes", number, name)
            if name not in names:
                raise file.unknown(("routes", number, name), "key", names)
            if not isinstance(value, str):
                raise ConfigError(f"{where}: routes.{name} must be text in quotes.")
            allowed = {"kind": _ROUTE_KINDS, "leg": _ROUTE_LEGS}.get(name, (value,))
            if value not in allowed:
                raise ConfigError(f"{where}: routes.{name} must be one of {', '.join(allowed)}.")
        _check_pattern(entry.get("pattern", ".*"), "routes.pattern", file.where("routes", number, "pattern"))
        yield entry


def read_conferences(file: TomlFile) -> tuple[Conference, ...]:
    """All ``[[conferences]]``: pattern (".*"), scripts; paths are relative to the file's folder."""
    return tuple(
        Conference(
            entry.get("pattern", ".*"),
            tuple(file.path.parent / name for name in entry["scripts"]),
            where=file.where("conferences", number, "pattern"),
        )
        for number, entry in enumerate(_checked_conferences(file))
    )


def _checked_conferences(file: TomlFile) -> Iterator[dict[str, Any]]:
    for number, entry in _entries(file, "conferences", "conference"):
        for name in entry:
            if name not in ("pattern", "scripts"):
                raise file.unknown(("conferences", number, name), "key", ("pattern", "scripts"))
        where = file.where("conferences", number, "pattern")
        pattern = entry.get("pattern", ".*")
        if not isinstance(pattern, str):
            raise ConfigError(f"{where}: conferences.pattern must be text in quotes.")
        _check_pattern(pattern, "conferences.pattern", where)
        scripts = entry.get("scripts")
        if not (isinstance(scripts, list) and scripts and all(isinstance(name, str) for name in scripts)):
            where = file.where("conferences", number, "scripts")
            raise ConfigError(f'{where}: conferences.scripts must be a list of files, like ["room.js"].')
        yield entry


def conference_option(text: str, folder: Path) -> Conference:
    """``--conference [PATTERN=]FILE.js[,FILE.js...]``; paths are relative to ``folder``.

    Raises ConfigError.
    """
    pattern, equals, files = text.rpartition("=")
    names = [name.strip() for name in files.split(",") if name.strip()]
    if not names:
        raise ConfigError(f"--conference {text}: write --conference [PATTERN=]FILE.js.")
    if not equals:
        pattern = ".*"
    _check_pattern(pattern, "the pattern", f"--conference {text}")
    return Conference(pattern, tuple(folder / name for name in names), where=f"--conference {text}")


def _entries(file: TomlFile, section: str, what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The tables of a list, numbered from 0."""
    content = file.values.get(section, [])
    wrong = ConfigError(f"{file.where(section)}: write each {what} under a [[{section}]] line.")
    if not isinstance(content, list):
        raise wrong
    for number, entry in enumerate(content):
        if not isinstance(entry, dict):
            raise wrong
        yield number, entry


def _check_pattern(pattern: str, what: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ConfigError(f"{where}: {what} is not a regular expression: {error}.") from None
