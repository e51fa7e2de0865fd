"""``voxrun check``: what can be said about scenarios without running them.

Files named together are the scripts of one rule: they share their globals and what they require.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from voxrun.cli.exits import FAILED, OK
from voxrun.cli.scan.built import find_built
from voxrun.cli.scan.names import Finding, scan_names
from voxrun.cli.scan.surface import load_surface
from voxrun.cli.scan.syntax import find_syntax_error
from voxrun.cli.scripts import read_scripts
from voxrun.realm.codeframe import code_frame
from voxrun.realm.port import Script
from voxrun.realm.positions import Position, ScriptMap


def run(files: Sequence[Path], say: Callable[[str], object]) -> int:
    """Check the scripts of one rule and say what was found; exit code 0 when there are no problems."""
    scripts = read_scripts(files)
    found = check(scripts)
    for finding in found:
        say(str(finding))
        frame = _frame(scripts, finding)
        if frame:
            say(frame)
    problems = sum(finding.serious for finding in found)
    notes = len(found) - problems
    names = ", ".join(script.name for script in scripts)
    noted = _count(notes, "note")
    if problems:
        more = f" and {noted}" if notes else ""
        say(f"{_count(problems, 'problem')}{more} found.")
    else:
        say(f"{names}: no problems found{', ' + noted if notes else ''}.")
    return FAILED if problems else OK


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def check(scripts: Sequence[Script]) -> list[Finding]:
    """All findings: syntax errors where there are any, otherwise names and modules."""
    broken = [error for error in map(find_syntax_error, scripts) if error is not None]
    surface = load_surface()
    return broken or scan_names(scripts, surface, find_built(surface))


def _frame(scripts: Sequence[Script], finding: Finding) -> str:
    return code_frame(ScriptMap(scripts), Position(finding.file, finding.line, finding.column))
