"""Plays the calls of one run of tests, with what they share; keeps what came of them where that is wanted."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from voxrun.replay.keep import keep
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import Story, play_story, steps_of
from voxrun.replay.script import CallScript


class Player:
    """``seed`` overrides that of the scripts; ``folder`` is where sessions are kept: with ``keep`` those of
    all calls, else those of failed ones, in a new folder under the system's temporary one."""

    def __init__(self, seed: int | None = None, keep: Path | None = None) -> None:
        self._seed = seed
        self._keep = keep
        self._resources: Resources | None = None
        self._scratch: Path | None = None

    def play(self, script: CallScript, story: Story | None = None) -> Outcome:
        """Play one call, by its steps or by a ``story`` in Python."""
        resources = self._resources = self._resources or Resources()
        folder = self._folder(script)
        outcome = play_story(script, story or steps_of(script), resources, folder, self._seed)
        if self._keep is not None or not outcome.ok:
            keep(outcome, folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        return outcome

    def close(self) -> None:
        """End the speech process."""
        if self._resources is not None:
            asyncio.run(self._resources.close())
            self._resources = None
        if self._scratch is not None and not any(self._scratch.iterdir()):
            self._scratch.rmdir()

    def _folder(self, script: CallScript) -> Path:
        """A new folder for one call."""
        base = self._keep or self._scratch
        if base is None:
            base = self._scratch = Path(tempfile.mkdtemp(prefix="voxrun-test-"))
        folder = base / script.name
        number = 1
        while folder.exists():
            number += 1
            folder = base / f"{script.name}-{number}"
        folder.mkdir(parents=True)
        return folder
