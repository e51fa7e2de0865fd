"""What ``voxrun script`` makes of a session of a sample passes as it is: of each, and where it is hard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from voxrun.replay.failure import report
from voxrun.replay.format import load_script
from voxrun.replay.from_session import write
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_script

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SAMPLES = sorted(path.name.removesuffix(".call.yaml") for path in SCENARIOS.glob("*.call.yaml"))
FIRST = [name for name in SAMPLES if "." not in name]
HARD = [
    "callback.ordered",
    "conference.two-rooms",
    "forwarding.message",
    "function-calling.service-down",
    "inbound.not-understood",
    "inbound.silence",
    "inbound.too-many-calls",
    "music-on-hold.no-music",
    "websocket-bot.other-bot",
]


@pytest.fixture(scope="module")
def resources() -> Iterator[Resources]:
    made = Resources()
    yield made
    asyncio.run(made.close())


def play(path: Path, resources: Resources, folder: Path) -> Outcome:
    folder.mkdir()
    outcome = play_script(load_script(path), resources, folder)
    assert outcome.ok, report(outcome)
    return outcome


@pytest.mark.parametrize("name", [*FIRST, *HARD])
def test_a_script_that_is_made_of_a_sample_passes(name: str, resources: Resources, tmp_path: Path) -> None:
    first = play(SCENARIOS / f"{name}.call.yaml", resources, tmp_path / "first")
    assert first.folder is not None
    made, *_ = write(first.folder, tmp_path / "made.call.yaml")
    assert len(load_script(made).steps) > 1
    play(made, resources, tmp_path / "second")
