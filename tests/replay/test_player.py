"""A run of tests: what is kept and what is thrown away."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import VOICE, write

from voxrun.replay.player import Player

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


def test_the_session_of_a_failed_call_is_kept(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "steps: [{expect: {log: never, within: 1s}}]", SCENARIO)
    player = Player()
    outcome = player.play(script)
    player.close()
    assert outcome.folder is not None
    assert (outcome.folder / "journal.jsonl").is_file()
    assert (outcome.folder.parent / "failure.txt").is_file()
