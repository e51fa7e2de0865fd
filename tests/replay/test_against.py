"""Recorded sessions against a changed scenario: which calls change, from which line, and how."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import httpx
import pytest
from tests.harness import Stage, play

from voxrun.errors import ConfigError
from voxrun.realm.port import Script
from voxrun.replay.against import Outcome, compare_sessions, session_folders

SCENARIO = """
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({call, callerid}) => {
  Logger.write(`call of ${callerid}`);
  call.answer();
  const key = VoxEngine.getSecretValue("KEY");
  const r = await Net.httpRequestAsync("http://x/api", {headers: {Authorization: "Bearer " + key}});
  Logger.write("got " + r.text);
  if (callerid == "bob") call.say("Hello Bob");
  setTimeout(() => call.hangup(), 2000);
});
"""
OLD_JOURNALS = sorted((Path(__file__).parent / "fixtures").glob("journal-v*"))


def record(folder: Path, callerid: str = "alice", **application: object) -> Path:
    from voxrun.legs.base import IncomingInfo

    async def story(stage: Stage) -> None:
        stage.net.routes["/api"] = lambda request: httpx.Response(200, text="pong")
        await stage.call_in(SCENARIO, IncomingInfo("100", callerid))
        await stage.ended()

    play(story, folder, secrets={"KEY": "tops3cret"}, **application)
    (made,) = folder.iterdir()
    return made


def against(source: str, *folders: Path, secrets: dict[str, str] | None = None) -> list[Outcome]:
    scripts = (Script("new.js", source),)
    return asyncio.run(compare_sessions(folders, scripts, secrets or {"KEY": "tops3cret"}))


def test_the_same_scenario_with_lines_moved_is_the_same(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (outcome,) = against("// a comment\n\n" + SCENARIO, folder)
    assert outcome.verdict == "same"
    assert outcome.compared == outcome.turns


def test_other_log_lines_leave_the_call_comparable_to_its_end(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (outcome,) = against(SCENARIO.replace('"got "', '"received "').replace("call of", "from"), folder)
    assert outcome.verdict == "logs"
    assert [(change.before or {})["text"] for change in outcome.logs] == ["call of alice", "got pong"]
    assert [(change.after or {})["text"] for change in outcome.logs] == ["from alice", "received pong"]
    assert [change.where.rsplit(":", 1)[0] for change in outcome.logs] == ["new.js:3", "new.js:7"]
    assert outcome.compared == outcome.turns


def test_a_log_line_more_or_less_is_told_as_such(tmp_path: Path) -> None:
    folder = record(tmp_path)
    changed = SCENARIO.replace("  call.answer();", '  Logger.write("new");\n  call.answer();')
    (outcome,) = against(changed, folder)
    assert [(change.before, (change.after or {})["text"]) for change in outcome.logs] == [(None, "new")]


def test_another_command_ends_what_can_be_compared(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (outcome,) = against(SCENARIO.replace("2000", "3000"), folder)
    assert outcome.verdict == "differs"
    change = outcome.difference
    assert change is not None
    assert change.before is not None
    assert change.after is not None
    assert (change.before["kind"], change.after["kind"]) == ("timer.set", "timer.set")
    assert change.where.startswith("new.js:9")
    assert outcome.compared == change.number < outcome.turns


def test_only_the_calls_that_take_the_changed_way_differ(tmp_path: Path) -> None:
    alice, bob = record(tmp_path / "1", "alice"), record(tmp_path / "2", "bob")
    outcomes = against(SCENARIO.replace("Hello Bob", "Hi Bob"), alice, bob)
    assert [outcome.verdict for outcome in outcomes] == ["same", "differs"]


def test_an_exception_that_the_new_scenario_throws_is_a_difference(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (outcome,) = against(SCENARIO.replace("call.answer()", "call.anwser()"), folder)
    assert outcome.difference is not None
    assert outcome.difference.after is not None
    assert outcome.difference.after["k"] == "error"


def test_a_syntax_error_differs_at_the_top_level(tmp_path: Path) -> None:
    (outcome,) = against("VoxEngine.addEventListener(", record(tmp_path))
    assert outcome.difference is not None
    assert (outcome.difference.number, outcome.difference.event) == (0, "")


def test_a_difference_that_shows_a_missing_secret_names_it(tmp_path: Path) -> None:
    folder = record(tmp_path)
    changed = SCENARIO.replace('"http://x/api"', '"http://x/" + key')
    (outcome,) = against(changed, folder, secrets={"OTHER": "value"})
    assert outcome.missing == ("KEY",)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "no json\n{}",
        '{"k":"header","version":1}\n',
        '{"k":"header","version":1,"seed":1,"startMs":0,"scripts":[]}\n{"k":"event"}\n',
        '{"k":"header","version":1,"seed":1,"startMs":0,"scripts":[],"limits":7,"secrets":3}\n',
    ],
)
def test_a_damaged_journal_among_many_is_one_outcome(tmp_path: Path, damage: str) -> None:
    good, bad = record(tmp_path / "1"), tmp_path / "2" / "bad"
    shutil.copytree(good, bad)
    (bad / "journal.jsonl").write_text(damage)
    outcomes = against(SCENARIO, bad, good)
    assert [outcome.verdict for outcome in outcomes] == ["unreadable", "same"]
    assert outcomes[0].problem


def test_a_folder_of_sessions_stands_for_all_of_them(tmp_path: Path) -> None:
    one, two = record(tmp_path / "1"), record(tmp_path / "2")
    both = tmp_path / "all"
    shutil.copytree(one, both / "b")
    shutil.copytree(two, both / "a")
    assert session_folders([both, one]) == [both / "a", both / "b", one]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no session's folder"):
        session_folders([tmp_path / "empty"])


@pytest.mark.parametrize("folder", OLD_JOURNALS, ids=lambda path: path.name)
def test_old_journals_can_still_be_compared(folder: Path) -> None:
    head = json.loads((folder / "journal.jsonl").read_text().splitlines()[0])
    source = (folder / head["scripts"][0]["file"]).read_text()
    (outcome,) = against(source, folder, secrets={})
    assert outcome.verdict == "same", outcome


def test_there_are_old_journals() -> None:
    assert OLD_JOURNALS
