"""``voxrun doctor``: what is there, what is missing, what each part is for."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping

from voxrun import __version__
from voxrun.cli import parts
from voxrun.cli.exits import FAILED, OK
from voxrun.cli.parts import Part
from voxrun.config import Settings

WIDTH = 100


def run(settings: Settings, env: Mapping[str, str], say: Callable[[str], object]) -> int:
    """Look at every part and tell; exit code 0 when the main job works."""
    say(f"voxrun {__version__}")
    seen: list[Part] = []
    for part in look(settings, env):
        seen.append(part)
        for line in describe(part):
            say(line)
    say("")
    say(verdict(seen))
    return FAILED if _failing(seen) else OK


def look(settings: Settings, env: Mapping[str, str]) -> Iterator[Part]:
    """The parts, one after another as they are looked at."""
    yield parts.python()
    yield from parts.engine()
    yield parts.webrtc()
    yield parts.espeak()
    yield parts.piper()
    yield parts.recogniser()
    yield parts.dictation(settings)
    yield parts.cloud_key(env)
    yield parts.port(settings.server.host, settings.server.port)
    yield parts.sessions(settings.sessions.folder)
    yield parts.settings_file(settings)
    yield parts.microphone(settings)
    for name in parts.BROWSERS:
        yield parts.browser(name)


def describe(part: Part) -> list[str]:
    """The lines of one part: what was found, what it is for, and what to do where something is wrong."""
    lines = textwrap.wrap(f"{part.name}: {part.detail}", WIDTH - 11)
    rows = [f"  {part.state:<8} {lines[0]}"] + [f"  {'':<8} {line}" for line in lines[1:]]
    rows += [f"  {'':<8} for: {part.what_for}"]
    if part.fix and part.state != "ok":
        rows += [f"  {'':<8} do:  {part.fix}"]
    return rows


def verdict(seen: Iterable[Part]) -> str:
    """One sentence at the end."""
    failing = _failing(seen)
    if failing:
        return f"Calls to scenarios do not work: {', '.join(part.name for part in failing)}."
    return "Calls to scenarios work here."


def _failing(seen: Iterable[Part]) -> list[Part]:
    return [part for part in seen if part.needed and part.state in ("missing", "broken")]
