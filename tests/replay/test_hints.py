"""What a person who knows the platform would look at first."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace
from tests.replay.calls import TALK
from tests.replay.test_failure import failed

from voxrun.replay.hints import hints
from voxrun.replay.resources import Resources
from voxrun.replay.script import Wish
from voxrun.replay.texts import Wanted


def test_hints_name_the_usual_mistakes(resources: Resources, tmp_path: Path) -> None:
    silent = "VoxEngine.addEventListener(AppEvents.CallAlerting, () => Logger.write('hm'));"
    assert hints(failed(resources, tmp_path, silent)) == [
        "the scenario never answered the call (call.answer())"
    ]
    deaf = TALK.replace("sendMediaBetween(call, agent)", "sendMediaBetween(call, call)")
    found = hints(failed(resources, tmp_path, deaf))
    assert any("the agent is deaf" in hint for hint in found)
    assert any("nobody hears the agent" in hint for hint in found)


def test_the_voice_of_a_cloud_is_not_known_by_sound(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    assert outcome.failure is not None
    outcome.ai = "cloud"
    assert not any("cloud" in hint for hint in hints(outcome))
    outcome.failure = replace(outcome.failure, wish=Wish("caller_hears", Wanted("hello")))
    assert "expect agent_says" in hints(outcome)[0]
