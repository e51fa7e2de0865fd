"""The call as people tell it."""

from __future__ import annotations

from pathlib import Path

from tests.replay.test_failure import failed

from voxrun.replay.conversation import conversation, printable
from voxrun.replay.failure import report
from voxrun.replay.resources import Resources


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
