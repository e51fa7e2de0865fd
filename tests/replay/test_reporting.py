"""The report of a call that was played: expectations, steps, listeners, and nothing secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.replay.calls import AGENT, passes, play
from tests.replay.test_failure import failed

from voxrun.replay.deeds import Hold, Info, Network, ReInvite, Transfer
from voxrun.replay.reporting import outcome_for_report, told, write_report
from voxrun.replay.resources import Resources
from voxrun.replay.script import Dtmf, Hangup, HttpCall, Interrupt, Message, Say, Silence, Step, Wait
from voxrun.replay.socket_script import Close, Send, SocketStep, Visit

ME = "caller"


def test_what_was_met_what_was_missed_and_what_was_never_reached(
    resources: Resources, tmp_path: Path
) -> None:
    steps = """
    title: The weather
    secrets: {PIN: top-secret-4711}
    steps:
      - expect: {agent_says: good morning}
      - say: how is the weather in London
      - expect: {tool: lookUp, with: {city: top-secret-4711}, within: 3s}
      - expect: {log: goodbye}
    """
    outcome = play(resources, tmp_path, steps + AGENT.replace("\n", "\n    "))
    found = outcome_for_report(outcome)
    assert (found.name, found.passed) == ("The weather", False)
    assert found.script.endswith("it.call.yaml")
    assert found.reproduce == f"voxrun test {found.script} --seed 1"
    met, missed, unreached = found.expectations
    assert (met.text, met.met, met.since_ms) == ('agent_says: "good morning"', True, 0)
    assert met.at_ms is not None
    assert 0 < met.at_ms < 3000
    assert not missed.met
    assert missed.since_ms is not None
    assert missed.at_ms == missed.since_ms + 3000
    assert missed.closest.startswith('lookUp({"city": "London"}) (city is "London", expected')
    assert missed.where.startswith(f"{found.script}:")
    assert not unreached.met
    assert unreached.at_ms is None
    assert "top-secret" not in str(found)
    (say,) = found.steps
    assert say.text == "caller says: how is the weather in London"
    assert say.at_ms >= met.at_ms
    assert found.summary.startswith("Expected within 3 s after")


def test_a_call_that_went_well_counts_its_expectations(resources: Resources, tmp_path: Path) -> None:
    steps = """
    steps:
      - expect: [answered, {log: error, absent: true}]
      - dtmf: "11"
      - expect: {log: key 1, count: 2}
      - hangup
    """
    found = outcome_for_report(passes(resources, tmp_path, AGENT.replace("\n", "\n    ") + steps))
    assert found.passed
    assert [each.met for each in found.expectations] == [True, True, True]
    assert [step.text for step in found.steps] == ["caller presses 11", "caller hangs up"]


def test_a_failure_without_an_expectation_names_its_line(resources: Resources, tmp_path: Path) -> None:
    outcome = play(resources, tmp_path, "steps: [{say: hello}]", "VoxEngine.addEventListener('x', () => 1);")
    found = outcome_for_report(outcome)
    assert not found.passed
    assert found.summary.startswith(f"{found.script}:")
    assert "caller is not in the call any more" in found.summary
    assert "Hint: the scenario never answered the call (call.answer())" in found.summary


def test_it_is_written_beside_the_session(resources: Resources, tmp_path: Path) -> None:
    outcome = play(resources, tmp_path, AGENT + "steps: [hangup]", keep=True)
    path = write_report(outcome)
    assert outcome.folder is not None
    assert path == outcome.folder / "report.html"
    assert "it.call.yaml" in path.read_text("utf-8")
    outcome.folder = None
    assert write_report(outcome) is None


def test_the_seed_that_was_given_is_in_the_command(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    outcome.script = replace(outcome.script, title="")
    outcome.seed = 9
    found = outcome_for_report(outcome)
    assert found.name == "it.call.yaml"
    assert found.reproduce.endswith("--seed 9")


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Say("hello", who="operator"), "operator says: hello"),
        (Say(audio=Path("a/tune.wav")), "caller plays tune.wav"),
        (Interrupt(Say("stop")), "caller interrupts: stop"),
        (Dtmf("0123"), "caller presses 0123"),
        (Silence(1500), "caller is silent for 1.5 s"),
        (Wait(2000), "waits 2 s"),
        (Message("hi"), "caller writes: hi"),
        (HttpCall("GET", "/state"), "GET /state to the session's URL"),
        (Hold(), "caller holds the call"),
        (Transfer("7", who="operator"), "operator asks for a transfer to 7"),
        (ReInvite("x"), "caller sends a re-INVITE: x"),
        (Info("x"), "caller sends INFO: x"),
        (Network(True), "caller has the network up"),
        (Hangup(), "caller hangs up"),
        (Visit("ann"), "ann opens a WebSocket to the session's URL"),
        (SocketStep(Send("hi"), "ann"), "ann sends hi"),
        (SocketStep(Close(), "ann"), "ann closes its WebSocket"),
    ],
)
def test_steps_are_told_in_words(step: Step, text: str) -> None:
    assert told(step, ME) == text
