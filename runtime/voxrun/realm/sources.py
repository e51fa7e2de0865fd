"""The platform's JavaScript files, and which line numbers each gets.

To the engine every script is one file; a line number decides which file a position belongs to. Platform
files follow one another from line 1, the scenario's scripts start at ``SCENARIO_LINE``.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from msgspec import Struct

GROUND: Final = ("intrinsics.js", "boot.js", "chance.js", "promises.js", "language.js", "listeners.js")
"""What every realm stands on. The first two are evaluated in a way of their own (``Realm.prepare``)."""

CORE_FILES: Final[tuple[str, ...]] = (
    "util.js",
    "events.js",
    "names.js",
    "logger.js",
    "timers.js",
    "media.js",
    "headers.js",
    "call.js",
    "dial.js",
    "direct.js",
    "forward.js",
    "transfer.js",
    "detect.js",
    "asr.js",
    "playback.js",
    "player.js",
    "recorder.js",
    "net.js",
    "websocket.js",
    "app.js",
    "surface.js",
    "voices.js",
    "legacy.js",
)
"""Evaluated in this order after the ground, in every realm, before the scripts."""

SCENARIO_LINE: Final = 50_001
"""Where the scenario's first script starts; more lines of platform code than this do not fit."""


_PLACE = re.compile(r"<input>:(\d+)(:\d+)?")


class PlatformFile(Struct, frozen=True):
    """One file of ours, and its first line number."""

    name: str
    source: str
    line: int


class Platform(Struct, frozen=True):
    """All platform files: ``files`` are evaluated at boot, ``modules`` when they are required."""

    files: tuple[PlatformFile, ...]
    modules: tuple[PlatformFile, ...]

    def locate(self, stack: str) -> str:
        """ "call.js:12:3" for the innermost platform call on a stack, "" if there is none."""
        place = _PLACE.search(stack)
        if place is None:
            return ""
        line = int(place[1])
        for file in reversed((*self.files, *self.modules)):
            if file.line <= line <= file.line + file.source.count("\n"):
                return f"{file.name}:{line - file.line + 1}{place[2] or ''}"
        return ""

    @property
    def module_characters(self) -> int:
        return sum(len(module.source) for module in self.modules)


@functools.cache
def platform() -> Platform:
    """The platform files that are installed with voxrun."""
    root = Path(__file__).parent / "js"  # importlib.resources would be a quarter of a host's start
    texts = [(name, (root / name).read_text("utf-8")) for name in (*GROUND, *CORE_FILES)]
    folder = root / "modules"
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    modules = [(name, (folder / name).read_text("utf-8")) for name in names if name.endswith(".js")]
    return lay_out(texts, modules)


def lay_out(files: list[tuple[str, str]], modules: list[tuple[str, str]]) -> Platform:
    """Give each (name, source) its lines."""
    line = 1
    placed: list[list[PlatformFile]] = []
    for group in (files, modules):
        placed.append([])
        for name, source in group:
            placed[-1].append(PlatformFile(name, source, line))
            line += source.count("\n") + 1
    if line > SCENARIO_LINE:
        raise ValueError(f"platform files have {line} lines, SCENARIO_LINE allows {SCENARIO_LINE}")
    return Platform(tuple(placed[0]), tuple(placed[1]))
