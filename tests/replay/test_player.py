"""A run of tests: what is kept and what is thrown away."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.replay.calls import VOICE, write

from voxrun.errors import ConfigError
from voxrun.replay.live.plan import LivePlan
from voxrun.replay.people import Person
from voxrun.replay.player import Player
from voxrun.replay.stage import Stage

SCENARIO = "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => call.answer());"


def test_of_calls_that_went_well_nothing_is_left_unless_it_is_asked_for(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{wait: 1s}]", SCENARIO)
    player = Player()
    outcome = player.play(script)
    assert outcome.ok
    assert outcome.folder is not None
    assert not outcome.folder.exists()
    player.close()
    keeping = Player(keep=tmp_path / "out", seed=5)
    for _ in range(2):
        assert keeping.play(script).seed == 5
    keeping.close()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["it", "it-2"]
    assert (tmp_path / "out" / "it" / "outcome.json").is_file()


def test_a_call_that_is_over_takes_no_memory_until_python_happens_to_collect(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{wait: 1s}]", SCENARIO)
    player = Player()

    def held() -> set[int]:
        return {id(thing) for thing in gc.get_objects() if isinstance(thing, Stage | Person)}

    before = held()  # by tests before this one
    gc.disable()
    try:
        outcome = player.play(script)
        assert held() <= before
    finally:
        gc.enable()
        player.close()
    assert outcome.ok


def test_the_session_of_a_failed_call_is_kept(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{expect: {log: never, within: 1s}}]", SCENARIO)
    player = Player()
    outcome = player.play(script)
    player.close()
    assert outcome.folder is not None
    assert (outcome.folder / "journal.jsonl").is_file()
    assert outcome.report == outcome.folder / "report.html"
    assert f"Report: {outcome.report}" in (outcome.folder.parent / "failure.txt").read_text()


def test_a_call_in_python_has_its_own_name_and_command(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{expect: {log: never, within: 1s}}]", SCENARIO)
    player = Player(keep=tmp_path / "out")
    outcome = player.play(script, name="test_x[1]", again="pytest x.py::test_x[1]")
    player.close()
    folder = tmp_path / "out" / "test_x[1]"
    assert "Again: pytest x.py::test_x[1]" in (folder / "failure.txt").read_text()
    assert outcome.report is not None
    assert "pytest x.py::test_x[1]" in outcome.report.read_text("utf-8")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [hangup]", SCENARIO)
    (tmp_path / "file").write_text("")
    player = Player(keep=tmp_path / "file" / "out")
    with pytest.raises(ConfigError, match="no folder for calls can be made"):
        player.play(script)
    player.close()


def test_a_cassette_is_for_virtual_time(tmp_path: Path) -> None:
    script = replace(write(tmp_path, VOICE + "steps: [{wait: 1s}]", SCENARIO), cassette=tmp_path)
    assert Player().obstacle(script) == ""
    assert "can be played in virtual time only" in Player(live=LivePlan()).obstacle(script)
