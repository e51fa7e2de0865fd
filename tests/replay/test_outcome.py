"""What came of a call, as data."""

from __future__ import annotations

from pathlib import Path

from voxrun.replay.outcome import CallFailed, Failure, Outcome
from voxrun.replay.script import CallScript
from voxrun.replay.timeline import Timeline


def test_a_call_without_a_failure_went_well() -> None:
    outcome = Outcome(CallScript(Path("a.call.yaml"), ()), Timeline())
    assert outcome.ok
    outcome.failure = Failure("it did not come")
    assert not outcome.ok
    assert str(CallFailed(outcome.failure)) == "it did not come"
    assert outcome.stream("agent_says").words == []
