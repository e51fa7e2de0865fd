"""Reports of sessions: ``voxrun report``, and the one that each live session leaves behind."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from voxrun.cli.exits import OK
from voxrun.errors import ConfigError
from voxrun.session.runtime import SessionInfo

PATIENCE_S = 120
"""A report that takes longer than this is given up."""
MOST_AT_ONCE = 20
"""Reports that one process writes; starting it takes about as long as one of a short call."""
MOST_WAITING = 100
"""Reports that wait for a quiet moment; more are written beside calls."""
LOOK_S = 0.5
"""How often it is looked whether calls go on..."""
LOOKS = 60
"""...and how many times: half a minute later a report is written beside calls, too."""


def run(folder: Path, output: Path | None, open_page: bool, say: Callable[[str], None]) -> int:
    """Write the report of a session, or of all sessions in a folder with an index; gives the exit code."""
    from voxrun.report.page import write
    from voxrun.report.reading import is_session

    if is_session(folder) or not folder.is_dir():
        path, _ = write(folder, output)
    else:
        path = _several(folder, output, say)
    say(f"Report: {path}")
    if open_page:
        webbrowser.open(path.resolve().as_uri())
    return OK


def _several(folder: Path, output: Path | None, say: Callable[[str], None]) -> Path:
    """Reports of all sessions in ``folder`` and an index over them, whose path it gives."""
    from voxrun.report.index import write_index
    from voxrun.report.page import write
    from voxrun.report.reading import is_session

    sessions = sorted(each for each in folder.iterdir() if each.is_dir() and is_session(each))
    if output is not None and sessions:
        raise ConfigError(f"{folder} holds {len(sessions)} sessions: -o names one file. Name one session.")
    if not sessions:
        raise ConfigError(
            f"{folder}: no session is here. Name a session's folder (it has a journal.jsonl in it) or a "
            "folder of sessions."
        )
    for number, session in enumerate(sessions, 1):
        say(f"{number} of {len(sessions)}: {session.name}")
        write(session)
    return write_index(folder)


class Reporter:
    """Writes a report into the folder of each session that is over: at once where no other goes on, else in
    the next quiet moment, for a report takes as much processor as the set-up of a call.

    The work is done by another process, which takes all that wait; a thread waits for it. ``busy`` tells
    whether sessions go on.
    """

    def __init__(self, say: Callable[[str], None], busy: Callable[[], bool] = lambda: False) -> None:
        self._say = say
        self._busy = busy
        self._closing = threading.Event()
        self._waiting: SimpleQueue[Path] = SimpleQueue()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voxrun-report")

    def session_over(self, info: SessionInfo) -> None:
        """To be called at the end of each session; returns at once."""
        if info.folder is not None:
            self._waiting.put(info.folder)
            self._thread.submit(self._write_waiting)

    async def close(self) -> None:
        """Wait for the reports that are not ready."""
        self._closing.set()
        await asyncio.to_thread(self._thread.shutdown)

    def _write_waiting(self) -> None:
        for _ in range(LOOKS):
            if not self._busy() or not 0 < self._waiting.qsize() < MOST_WAITING or self._closing.wait(LOOK_S):
                break
        folders: list[str] = []
        while len(folders) < MOST_AT_ONCE and not self._waiting.empty():
            folders.append(str(self._waiting.get()))
        if folders:
            self._write(folders)

    def _write(self, folders: list[str]) -> None:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "voxrun.report", *folders],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=PATIENCE_S * len(folders),
                start_new_session=True,  # Ctrl-C ends calls, not what is written about them
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self._say(f"No report of {', '.join(folders)}: {error}")
            return
        if done.returncode == 0:
            return
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        told = [line for line in lines if line.startswith("No report of ")]
        for line in told or [f"No report of {', '.join(folders)}: {lines[-1] if lines else 'it failed'}"]:
            self._say(line)
