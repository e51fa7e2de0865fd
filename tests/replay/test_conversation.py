"""The call as people tell it."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import write
from tests.replay.test_failure import failed

from voxrun.replay.conversation import conversation, printable
from voxrun.replay.failure import report
from voxrun.replay.resources import Resources
from voxrun.replay.timeline import Moment, Timeline


def test_the_call_is_told_in_order_and_ends_with_the_failure(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    rows = conversation(outcome.script, outcome.timeline)
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    told = [f"{row.who} {row.text}" for row in rows]
    assert told[0] == "call caller calls 100"
    assert "agent Good morning, what can I do for you?" in told
    assert "caller how is the weather in London" in told
    assert 'tool lookUp({"city": "London"})' in told
    assert "session is over" not in report(outcome)  # that came with the clearing away


def test_a_log_line_cannot_recolour_a_terminal() -> None:
    assert printable("a\x1b[31mb\nc") == "a\\x1b[31mb c"


def test_what_telephones_do_is_told(tmp_path: Path) -> None:
    timeline = Timeline()
    for kind, text, data in (
        ("does", "holds the call", {}),
        ("transfer", "7", {"attended": "operator"}),
        ("transfer", "8", {"attended": ""}),
        ("transferred", "success", {}),
        ("reinvite", "ping", {}),
        ("reinvite_accepted", "pong", {}),
        ("reinvite_rejected", "488", {}),
    ):
        timeline.add(Moment(0, kind, text, data, "bob"))
    rows = conversation(write(tmp_path, "steps: [hangup]"), timeline)
    assert [f"{row.who}: {row.text}" for row in rows[1:]] == [
        "bob: holds the call",
        "call: the scenario transfers bob to 7, to whom operator is",
        "call: the scenario transfers bob to 8",
        "call: the scenario answers bob's transfer: success",
        "call: the scenario re-INVITEs bob: ping",
        "call: the scenario answers bob's re-INVITE: accepted pong",
        "call: the scenario answers bob's re-INVITE: rejected 488",
    ]


def test_what_was_being_said_when_it_failed_is_told_as_far_as_it_was(tmp_path: Path) -> None:
    timeline = Timeline()
    stream = timeline.stream("agent_says")
    for began, text in ((100, "Good morning."), (2000, "It is ninety euros a night")):
        utterance = stream.begin(began)
        for number, word in enumerate(text.split()):
            stream.grow(utterance, f"{utterance.text} {word}".strip(), began + number * 100)
        utterance.final = True
        timeline.add(Moment(began + 1000, "agent_says", text, {"began": began}, "agent"))
    script = write(tmp_path, "steps: [hangup]")
    for moments, until, told in (
        (1, 2250, ["Good morning.", "It is ninety …"]),  # the rest came while the call was cleared away
        (1, 1500, ["Good morning."]),
        (None, None, ["Good morning.", "It is ninety euros a night"]),
    ):
        rows = conversation(script, timeline, moments, until)
        assert [row.text for row in rows if row.who == "agent"] == told
