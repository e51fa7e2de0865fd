"""The data of an agent: what it says of itself."""

from __future__ import annotations

import pytest

from voxrun.emulators.ultravox.script import AgentScript, Faults


@pytest.mark.parametrize(
    ("faults", "of_audio"),
    [
        (Faults(), False),
        (Faults(refuse_status=429, malformed_json=True), False),
        (Faults(odd_audio=True), True),
        (Faults(drop_after=0.0), True),
        (Faults(stall_after=2.0, stall_for=5.0), True),
    ],
)
def test_faults_know_whether_they_touch_single_messages_of_audio(faults: Faults, of_audio: bool) -> None:
    assert faults.of_audio is of_audio


def test_an_agent_of_which_nothing_is_said_answers_all_the_same_and_nothing_goes_wrong() -> None:
    agent = AgentScript()
    assert agent.otherwise.says
    assert not agent.otherwise.hangs_up
    assert agent.faults == Faults()
