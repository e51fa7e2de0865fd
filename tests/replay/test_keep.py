"""What is kept of a call."""

from __future__ import annotations

import json
from pathlib import Path

from tests.replay.test_failure import failed

from voxrun.replay.failure import report
from voxrun.replay.keep import keep, summary
from voxrun.replay.resources import Resources


def test_a_failed_call_is_kept_for_people_and_machines(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    keep(outcome, tmp_path)
    assert (tmp_path / "failure.txt").read_text().strip() == report(outcome).strip()
    data = json.loads((tmp_path / "outcome.json").read_text())
    assert data == json.loads(json.dumps(summary(outcome)))
    assert data["ok"] is False
    assert data["failure"]["closest"]["why"] == 'city is "London", expected "Paris"'
    assert data["met"][0]["by"].lower().startswith("good morning")
    assert [step["kind"] for step in data["steps"]] == ["expect", "say"]
    assert "top-secret" not in json.dumps(data)
