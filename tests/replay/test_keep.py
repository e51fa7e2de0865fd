"""What is kept of a call."""

from __future__ import annotations

import json
from pathlib import Path

from tests.replay.calls import AGENT, play
from tests.replay.test_failure import failed

from voxrun.replay.failure import report
from voxrun.replay.keep import clear, index, keep, summary
from voxrun.replay.resources import Resources


def test_a_failed_call_is_kept_for_people_and_machines(resources: Resources, tmp_path: Path) -> None:
    outcome = failed(resources, tmp_path)
    keep(outcome, tmp_path)
    assert outcome.report is None  # no folder of a session, no report
    assert (tmp_path / "failure.txt").read_text().strip() == report(outcome).strip()
    data = json.loads((tmp_path / "outcome.json").read_text())
    assert data == json.loads(json.dumps(summary(outcome)))
    assert data["ok"] is False
    assert data["failure"]["closest"]["why"] == 'city is "London", expected "Paris"'
    assert data["met"][0]["by"].lower().startswith("good morning")
    assert [step["kind"] for step in data["steps"]] == ["expect", "say"]
    assert "top-secret" not in json.dumps(data)


def test_a_report_that_cannot_be_written_costs_nothing_else(resources: Resources, tmp_path: Path) -> None:
    outcome = play(resources, tmp_path, AGENT + "steps: [{expect: {log: x, within: 1s}}]", keep=True)
    assert outcome.folder is not None
    (outcome.folder / "report.html").mkdir()
    keep(outcome, tmp_path)
    assert "the report cannot be written" in (tmp_path / "failure.txt").read_text()
    assert (tmp_path / "outcome.json").is_file()


def test_one_page_over_the_calls_of_a_run_and_only_of_it(resources: Resources, tmp_path: Path) -> None:
    out = tmp_path / "out"
    outcome = play(resources, tmp_path, AGENT + "steps: [hangup]", keep=True)
    assert outcome.folder is not None
    (out / "mine").mkdir(parents=True)
    (out / "mine" / "notes.txt").write_text("keep me")
    (out / "it").mkdir()
    outcome.folder = outcome.folder.rename(out / "it" / "session")
    keep(outcome, out / "it")
    assert index(out, "Nightly") == f"Reports: {out / 'index.html'}"
    page = (out / "index.html").read_text()
    assert 'href="it/session/report.html"' in page
    assert "it.call.yaml" in page
    clear(out)
    assert sorted(path.name for path in out.iterdir()) == ["index.html", "mine"]
    assert "there are no reports" in index(tmp_path / "mine", "x")
    clear(tmp_path / "nothing")
