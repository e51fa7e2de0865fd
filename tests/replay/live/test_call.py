"""Tolerance and deadlines of calls in real time, in virtual time: the call is the same, its clock is not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.replay.calls import write

from voxrun.replay.failure import report
from voxrun.replay.live.call import LiveCall
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import steps_of, tell
from voxrun.replay.stage import Stage
from voxrun.services.access import AccessReply
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

LATE = """
VoxEngine.addEventListener(AppEvents.Started, () => {
  setTimeout(() => Logger.write('late'), 1000);
  setTimeout(() => VoxEngine.terminate(), 60000);
});
"""


class SilentUrl(Stage):
    """The session's URL answers nobody."""

    async def http(self, method: str, path: str, body: str, headers: dict[str, str]) -> AccessReply:
        await asyncio.Event().wait()
        raise AssertionError


def play(resources: Resources, folder: Path, steps: str, scene: type[Stage] = Stage) -> Outcome:
    script = write(folder, f"start: {{}}\nsteps:\n{steps}", LATE)

    async def main(clock: LoopClock) -> Outcome:
        trouble: list[str] = []
        stage = scene(script, resources, clock, None, trouble.append)
        return await tell(stage, steps_of(script), LiveCall(stage, trouble))

    return run_virtual(main, script.start_ms)


@pytest.mark.parametrize(
    ("wish", "ok"),
    [
        ("{log: late, within: 700ms}", True),  # 300 ms late, as a busy machine is
        ("{log: late, within: 400ms}", False),
        ("{log: late, absent: true, within: 1200ms}", True),  # and the clock of the script may be
        ("{log: late, absent: true, within: 1800ms}", False),
    ],
)
def test_half_a_second_is_nothing(resources: Resources, tmp_path: Path, wish: str, ok: bool) -> None:
    outcome = play(resources, tmp_path, f"  - expect: {wish}\n")
    assert outcome.ok is ok, report(outcome)
    if not ok and "absent" not in wish:
        assert "expected within 0.4 s (and 500 ms more, in real time) after 0.000 s" in report(outcome)


def test_a_step_that_hangs_fails_and_is_named(resources: Resources, tmp_path: Path) -> None:
    outcome = play(resources, tmp_path, "  - wait: 1s\n  - http: {method: GET, path: /now}\n", SilentUrl)
    told = report(outcome)
    assert "it.call.yaml:4:5: GET /now to the session's URL: this has not come to an end after 90 s" in told
    assert "The call so far" in told
