"""Plays calls: steps in YAML or a story in Python, always from the same beginning."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.replay.calls import AGENT, TALK, VOICE, write

from voxrun.replay.call import Call
from voxrun.replay.failure import report
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script, play_story, steps_of, watched
from voxrun.replay.script import Say, Wait

SCENARIO = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  Logger.write(`${new Date()} ${Math.random()}`);
});
"""
WATCHED = """
steps:
  - expect: {caller_hears: good morning}
  - say: how is the weather in Paris
  - expect: {caller_hears: It is rain in Paris}
  - hangup
"""


def test_a_story_in_python(resources: Resources, tmp_path: Path) -> None:
    async def story(call: Call) -> None:
        await call.perform(Say("good morning everybody"))
        await call.perform(Wait(500))

    outcome = play_story(write(tmp_path, VOICE + "steps: [hangup]", SCENARIO), story, resources)
    assert outcome.ok
    assert [type(done.step).__name__ for done in outcome.done] == ["Say", "Wait"]
    assert outcome.done[1].ended - outcome.done[1].began == 500


def test_the_seed_decides_chance_and_the_zone_is_utc(resources: Resources, tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{wait: 1s}]", SCENARIO)
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    try:
        one, two, other = (play_script(script, resources, seed=seed) for seed in (1, 1, 2))
        assert os.environ["TZ"] == "Asia/Tokyo"
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
    lines = [
        (outcome.timeline.last("log") or outcome.timeline.moments[0]).text for outcome in (one, two, other)
    ]
    assert lines[0] == lines[1] != lines[2]
    assert "Mon Jan 06 2025 09:00:00 GMT+0000" in lines[0]
    assert other.seed == 2


def test_without_a_folder_nothing_is_written(resources: Resources, tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{wait: 1s}]", SCENARIO)
    before = set(tmp_path.rglob("*"))
    assert play_script(script, resources).folder is None
    assert set(tmp_path.rglob("*")) == before
    kept = play_script(script, resources, tmp_path / "kept").folder
    assert kept is not None
    assert (kept / "journal.jsonl").is_file()


def test_who_watches_a_call_changes_nothing_in_it(resources: Resources, tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + AGENT + WATCHED, TALK)
    told: list[tuple[float, int]] = []
    story = watched(steps_of(script), len(script.steps), lambda part, ms: told.append((part, ms)))
    looked_at = play_story(script, story, resources)
    assert looked_at.ok, report(looked_at)
    assert [ms for _, ms in told[:3]] == [1000, 2000, 3000]
    assert 0 < told[0][0] < told[-1][0] < 1
    assert looked_at.records == play_script(script, resources).records
