"""Results that change the call."""

from __future__ import annotations

import json

import pytest

from voxrun.emulators.ultravox.call_config import CallConfig
from voxrun.emulators.ultravox.stage import next_stage

BEFORE = CallConfig(system_prompt="Old.", voice="Mark")


def test_what_a_stage_does_not_name_stays() -> None:
    changes = {"systemPrompt": "New.", "selectedTools": [{"toolName": "hangUp"}], "voice": None}
    config, text, problem = next_stage(BEFORE, json.dumps(changes))
    assert (config.system_prompt, config.voice, list(config.tools)) == ("New.", "Mark", ["hangUp"])
    assert (text, problem) == ("OK", "")
    assert next_stage(BEFORE, '{"toolResultText": "Go on."}')[1] == "Go on."


@pytest.mark.parametrize("result", ["", "no", "[]", '{"selectedTools": 5}', '{"systemPrompt": 5}'])
def test_a_stage_that_makes_no_sense_changes_nothing(result: str) -> None:
    config, _, problem = next_stage(BEFORE, result)
    assert config == BEFORE
    assert problem
