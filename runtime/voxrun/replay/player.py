"""Plays the calls of one run of tests, with what they share; keeps what came of them where that is wanted."""

from __future__ import annotations

import asyncio
import gc
import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from voxrun.errors import ConfigError
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import Story, Watch, play_story, steps_of, watched
from voxrun.replay.script import CallScript

if TYPE_CHECKING:
    from voxrun.replay.live.plan import LivePlan


class Player:
    """``seed`` overrides that of the scripts. Sessions are kept in ``keep``, those of all calls; without it
    those of failed ones, in a new folder under the system's temporary one. With ``live`` calls are played in
    real time."""

    def __init__(
        self, seed: int | None = None, keep: Path | None = None, live: LivePlan | None = None
    ) -> None:
        self._live = live
        self._seed = seed
        self._keep = keep
        self._resources: Resources | None = None
        self._scratch: Path | None = None

    def play(
        self,
        script: CallScript,
        story: Story | None = None,
        name: str = "",
        again: str = "",
        watch: Watch | None = None,
        shown: Path | None = None,
    ) -> Outcome:
        """Play one call, by its steps or by a ``story`` in Python, whose ``name`` its folder gets and that
        ``again`` runs once more. ``watch`` is told how far it is. ``shown`` is its path for people."""
        resources = self._resources = self._resources or Resources()
        folder = self._folder(name or script.name)
        if self._seed is not None:
            script = replace(script, seed=self._seed)
        told = story or steps_of(script)
        if watch is not None:
            told = watched(told, len(script.steps), watch)
        if self._live is None:
            outcome = play_story(script, told, resources, folder)
        else:
            from voxrun.replay.live.runner import play_live

            outcome = play_live(script, told, resources, self._live, folder)
        outcome.again = again
        if shown is not None:
            outcome.script = replace(outcome.script, path=shown)
        if self._keep is not None or not outcome.ok:
            from voxrun.replay.keep import keep  # with the reports, which take long to import

            outcome.shelf.finish()
            keep(outcome, folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        gc.collect(1)  # what was on the stage holds on to each other, and to all of the call's sound
        return outcome

    def obstacle(self, script: CallScript) -> str:
        """Why a script cannot be played here; "" where it can."""
        if self._live is None:
            return ""
        from voxrun.replay.live.plan import obstacle

        return obstacle(script)

    def close(self) -> None:
        """End the speech process."""
        if self._resources is not None:
            asyncio.run(self._resources.close())
            self._resources = None
        if self._scratch is not None and not any(self._scratch.iterdir()):
            self._scratch.rmdir()

    def _folder(self, name: str) -> Path:
        """A new folder for one call. Raises ConfigError where none can be made."""
        try:
            base = self._keep or self._scratch
            if base is None:
                base = self._scratch = Path(tempfile.mkdtemp(prefix="voxrun-test-"))
            base.mkdir(parents=True, exist_ok=True)
            return _new_folder(base, name)
        except OSError as error:
            raise ConfigError(
                f"{error.filename}: no folder for calls can be made: {error.strerror}"
            ) from None


def _new_folder(base: Path, name: str) -> Path:
    """A folder of this name, with a number where others (of other processes, too) have it already."""
    for number in count(1):
        folder = base / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError
