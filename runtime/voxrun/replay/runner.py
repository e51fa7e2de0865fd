"""Plays call scripts: one call in, one ``Outcome`` out."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from voxrun.errors import VoxrunError
from voxrun.replay.call import Call
from voxrun.replay.outcome import CallFailed, Failure, Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.scene import Scene
from voxrun.replay.script import CallScript
from voxrun.replay.stage import Stage
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

Story = Callable[[Call], Awaitable[None]]
"""What happens in a call, in Python."""
Watch = Callable[[float, int], None]
"""(part of the steps that are done, milliseconds of the call)."""
LOOK_S: Final = 1.0


def play_script(
    script: CallScript, resources: Resources, folder: Path | None = None, seed: int | None = None
) -> Outcome:
    """Play a script in virtual time. ``folder`` keeps the session (journal, log, recordings).

    Whatever goes otherwise than the script says is in the outcome's ``failure``; raised is only what keeps
    the call from being played at all (ScriptError).
    """

    outcome = play_story(script, steps_of(script), resources, folder, seed)
    outcome.shelf.finish()
    return outcome


def steps_of(script: CallScript) -> Story:
    """The story that a script's steps tell."""

    async def story(call: Call) -> None:
        for step in script.steps:
            await call.perform(step)

    return story


def watched(story: Story, steps: int, watch: Watch) -> Story:
    """The same story, of so many steps; ``watch`` is told every second of the call how far it is."""

    async def told(call: Call) -> None:
        async def look() -> None:
            while True:
                await asyncio.sleep(LOOK_S)
                watch(len(call.done) / max(1, steps), call.stage.now)

        looking = asyncio.get_running_loop().create_task(look())
        try:
            await story(call)
        finally:
            looking.cancel()

    return told


def play_story(
    script: CallScript,
    story: Story,
    resources: Resources,
    folder: Path | None = None,
    seed: int | None = None,
    *,
    leaps: bool = True,
) -> Outcome:
    """The same with the steps in Python; recordings that are to be encoded stay on the outcome's shelf.
    Without ``leaps`` every tick is done by itself."""
    if seed is not None:
        script = replace(script, seed=seed)

    outcomes: list[Outcome] = []  # as a result of the loop's task it would be put into words at its end

    async def main(clock: LoopClock) -> None:
        trouble: list[str] = []
        stage = Stage(script, resources, clock, folder, trouble.append, leaps)
        outcome = await tell(stage, story, Call(stage, trouble))
        outcome.shelf = stage.shelf
        outcomes.append(outcome)

    with _in_utc():
        run_virtual(main, script.start_ms)
    return outcomes[0]


async def tell(stage: Scene, story: Story, call: Call) -> Outcome:
    """Let the story of a call happen on a stage, which is closed afterwards."""
    outcome = Outcome(stage.script, stage.timeline, seed=stage.script.seed)
    try:
        await stage.begin()
        await story(call)
        await call.finish()
    except CallFailed as failed:
        outcome.failure = failed.failure
    except VoxrunError as error:
        outcome.failure = Failure(str(error), at=stage.now)
    finally:
        outcome.length_ms = stage.now
        call.listen()
        await _close(stage, outcome)
    outcome.met, outcome.done = call.met, call.done
    outcome.listeners, outcome.people = stage.listeners, stage.ears()
    outcome.notes, outcome.folder = await stage.notes(), stage.folder
    outcome.hints = stage.tape.hints() if stage.tape is not None else []
    outcome.records = [dict(record) for record in stage.records]
    return outcome


async def _close(stage: Scene, outcome: Outcome) -> None:
    try:
        await stage.close()
    except VoxrunError as error:  # what failed before is the reason
        outcome.failure = outcome.failure or Failure(str(error), at=outcome.length_ms)


@contextmanager
def _in_utc() -> Iterator[None]:
    """The platform's zone is UTC, and JavaScript's Date asks the process for its zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
