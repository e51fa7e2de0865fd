"""``voxrun replay``: journals and cassettes, with the scenario that ran or against another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from voxrun.cli.scripts import read_scripts
from voxrun.errors import ConfigError, VoxrunError
from voxrun.replay.against import compare_sessions, session_folders
from voxrun.replay.against_report import exit_code
from voxrun.replay.against_report import report as against_report
from voxrun.replay.cassette import FILE_NAME
from voxrun.replay.cassette_read import read_cassette
from voxrun.session.replay import replay

JOURNAL: Final = "journal.jsonl"
Say = Callable[[str], None]


def run(folders: Sequence[Path], against: Sequence[Path], secrets: Mapping[str, str], say: Say) -> int:
    """Replay each folder; gives the worst exit code: 0 the same, 1 another, 2 when none could be read."""
    found = session_folders(folders, (JOURNAL, FILE_NAME))
    scripts = read_scripts(against) if against else None
    journals = [folder for folder in found if not _is_cassette(folder)]
    codes = []
    if scripts is not None and journals:
        outcomes = asyncio.run(compare_sessions(journals, scripts, secrets))
        for line in against_report(outcomes):
            say(line)
        codes.append(exit_code(outcomes))
    for folder in found:
        if _is_cassette(folder):
            codes.append(_one(lambda f=folder: _play(f, against, secrets, say), len(found), say))  # type: ignore[misc]
        elif scripts is None:
            codes.append(_one(lambda f=folder: replay(f, secrets), len(found), say))  # type: ignore[misc]
    if codes and all(code == 2 for code in codes):
        return 2
    return 1 if any(codes) else 0


def _is_cassette(folder: Path) -> bool:
    return (folder / FILE_NAME).exists() and not (folder / JOURNAL).exists()


def _one(work: Callable[[], int], of: int, say: Say) -> int:
    """One of several: what cannot be read is told in a line, and the others follow."""
    if of == 1:
        return work()
    try:
        return work()
    except VoxrunError as error:
        say(f"not replayed: {str(error).partition(chr(10))[0]}")
        return 2 if isinstance(error, ConfigError) else 1


def _play(folder: Path, against: Sequence[Path], secrets: Mapping[str, str], say: Say) -> int:
    from voxrun.replay.cassette_report import report
    from voxrun.replay.cassette_session import play_cassette

    scripts = read_scripts(against) if against else None
    played = play_cassette(read_cassette(folder), scripts=scripts, secrets=secrets)
    for line in report(played):
        say(line)
    return 0 if played.difference is None else 1
