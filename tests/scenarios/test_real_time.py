"""Some of the samples' call scripts in real time: together they do what people can do with a phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from voxrun.replay.failure import report
from voxrun.replay.format import load_script
from voxrun.replay.live.plan import LivePlan
from voxrun.replay.live.runner import play_live
from voxrun.replay.resources import Resources
from voxrun.replay.runner import steps_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"

pytestmark = [pytest.mark.live, pytest.mark.flaky(reruns=1)]


@pytest.fixture(scope="module")
def resources() -> Iterator[Resources]:
    made = Resources()
    yield made
    asyncio.run(made.close())


@pytest.mark.parametrize(
    "name",
    [
        "barge-in.provider-down",  # a fault of the voice AI
        "conference.full",  # a second caller, keys, a conference
        "dtmf-to-text.impatient",  # keys while the agent speaks
        "forwarding",  # callees who are busy, answer, speak, hold and hang up; a ring-back tone
        "function-calling.hangs-up-waiting",  # a tool, and a service that is slow
        "outbound.watched",  # a started session, and requests to its URL
    ],
)
def test_a_sample_passes_over_webrtc(name: str, resources: Resources, tmp_path: Path) -> None:
    script = load_script(SCENARIOS / f"{name}.call.yaml")
    plan = LivePlan(secret=b"of this test")
    outcome = play_live(script, steps_of(script), resources, plan, tmp_path)
    assert outcome.ok, report(outcome)
