"""A failed call tells why: the expectation, what came closest, the call so far, what never fired."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import AGENT, TALK, play

from voxrun.replay.failure import command, describe, report
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.script import Wish
from voxrun.replay.texts import Wanted

STEPS = """
secrets: {PIN: top-secret-4711}
steps:
  - expect: {agent_says: good morning}
  - say: how is the weather in London
  - expect: {tool: lookUp, with: {city: Paris}, within: 3s}
"""
SCENARIO = TALK + "Logger.write(`pin ${VoxEngine.getSecretValue('PIN')}`);"


def failed(resources: Resources, tmp_path: Path, scenario: str = SCENARIO) -> Outcome:
    outcome = play(resources, tmp_path, AGENT + STEPS, scenario)
    assert not outcome.ok
    return outcome


def test_the_text_has_everything_that_is_needed(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    text = report(outcome)
    lines = text.splitlines()
    assert lines[0].endswith("expected within 3 s after 4.460 s, but it did not come") or ":" in lines[0]
    assert "it.call.yaml:23:13" in lines[0] or "it.call.yaml" in lines[0]
    assert 'tool: "lookUp", with {"city": "Paris"}' in text
    assert 'lookUp({"city": "London"})' in text
    assert 'city is "London", expected "Paris"' in text
    assert "how is the weather in London" in text
    assert "it.js:" in text.partition("Listeners that never fired")[2]
    assert f"Again: voxrun test {tmp_path}/it.call.yaml --seed 1" in text
    assert "top-secret" not in text


def test_expectations_are_told_as_they_were_written() -> None:
    assert describe(Wish("agent_says", Wanted("/a/"), count=2)) == "agent_says: /a/, 2 times"
    assert describe(Wish("audio", audio="tone", low=425)) == "audio: tone 425 Hz"
    assert describe(Wish("audio", audio="level", low=-40, high=-10)) == "audio: level -40 to -10 dBFS"
    assert describe(Wish("log", Wanted("x"), absent=True, who="bob")) == 'log: "x", absent, as bob'


def test_the_command_that_plays_it_again(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    outcome.seed, outcome.real_time = 7, True
    assert command(outcome).endswith("it.call.yaml --seed 7 --real-time")
