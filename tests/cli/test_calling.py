"""--call: what it says, what it counts, how it ends."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from voxrun.cli.calling import Outcome, own_phrases, summary


def app(**fields: Any) -> Any:
    """The part of a running voxrun that is asked."""
    return SimpleNamespace(runtime=SimpleNamespace(sessions=list), agent=None, **fields)


def test_phrases_of_the_agent_file_are_said_with_their_slots_filled(tmp_path: Path) -> None:
    file = tmp_path / "x.agent.yaml"
    file.write_text(
        'slots: {city: [Tokyo, Paris]}\nrules:\n  - {hears: ["what is the weather in {city}"], says: Fine.}\n'
    )
    it = app()
    it.agent = file
    assert own_phrases(it) == ["what is the weather in Tokyo"]


def test_after_an_error_the_summary_does_not_guess_at_other_causes() -> None:
    silent = Outcome(connected=True, by="time", errors=["boom"])
    assert "heard nothing" not in "\n".join(summary(app(), silent))
    assert "heard nothing" in "\n".join(summary(app(), Outcome(connected=True, by="time")))
    refused = Outcome(refused="603 Declined", errors=["boom"])
    assert "failed before the call was up (603 Declined): see" in "\n".join(summary(app(), refused))
    answered = Outcome(refused="200 Normal termination", errors=["boom"])
    assert "failed before the call was up: see" in "\n".join(summary(app(), answered))


def test_an_interrupted_call_says_nothing_of_what_was_heard() -> None:
    text = "\n".join(summary(app(), Outcome(connected=True, said=1)))
    assert "The call is over (interrupted): 1 phrases said, 0 transcript lines" in text
    assert "heard" not in text


def test_a_call_that_was_heard_is_a_success() -> None:
    outcome = Outcome()
    outcome.caller({"connected": True})
    outcome.caller({"said": 0})
    outcome.caller({"over": {"heard_ms": 900, "spoken": 1, "by": "caller"}})
    assert (outcome.code, outcome.said, outcome.by) == (0, 1, "caller")


@pytest.mark.parametrize(
    "told",
    [
        [{"refused": "486 Busy here"}],
        [],
        [{"connected": True}, {"over": {"heard_ms": 0, "spoken": 1, "by": "caller"}}],
    ],
)
def test_no_call_and_a_silent_call_are_failures(told: list[dict[str, object]]) -> None:
    outcome = Outcome()
    for entry in told:
        outcome.caller(entry)
    assert outcome.code == 1


def test_an_error_in_the_scenario_is_a_failure_even_if_the_caller_heard_something() -> None:
    outcome = Outcome(connected=True, heard_ms=500)
    outcome.record("s", {"k": "error", "message": "boom"})
    assert outcome.code == 1


def test_transcripts_and_tools_are_counted() -> None:
    outcome = Outcome()
    event = {
        "k": "event",
        "kind": "Ultravox.WebSocketAPI.Transcript",
        "data": {"data": {"payload": {"final": True}}},
    }
    outcome.record("s", event)
    outcome.record("s", {"k": "event", "kind": "Ultravox.WebSocketAPI.ClientToolInvocation", "data": {}})
    assert (outcome.transcripts, outcome.tools) == (1, 1)
