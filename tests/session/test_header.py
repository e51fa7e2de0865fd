"""The journal's first record: what a replay needs to know."""

from __future__ import annotations

import json
from pathlib import Path

from tests.harness import Stage, play

from voxrun import __version__
from voxrun.realm.port import Script
from voxrun.session.header import package_version, script_entry, script_file


def test_it_says_what_decides_a_session_and_names_secrets_without_their_values(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start("Logger.write(1);", '{"n":1}', secrets={"B": "hush-hush", "A": "other-secret"})

    play(story, tmp_path)
    (folder,) = tmp_path.iterdir()
    first = (folder / "journal.jsonl").read_text().splitlines()[0]
    head = json.loads(first)
    assert (head["n"], head["k"], head["version"], head["voxrun"]) == (0, "header", 1, __version__)
    assert (head["seed"], head["startMs"], head["customData"]) == (1, 1_736_154_000_000, '{"n":1}')
    assert head["secrets"] == ["A", "B"]
    assert "hush-hush" not in first
    assert head["limits"]["timers"] == 100
    assert head["packages"]["quickjs-ng"]
    assert [script["name"] for script in head["scripts"]] == ["a.js"]
    assert (folder / head["scripts"][0]["file"]).read_text() == "Logger.write(1);"


def test_a_script_is_known_by_the_sum_of_its_text() -> None:
    entry = script_entry(0, Script("path/to/a.js", "abc"))
    assert entry == {
        "name": "path/to/a.js",
        "file": "scripts/0-a.js",
        "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }
    assert script_entry(0, Script("a.js", "abc\n"))["sha256"] != entry["sha256"]
    assert script_entry(0, Script("a.js", "\ud800"))["sha256"] != entry["sha256"]


def test_two_scripts_of_one_name_have_files_of_their_own() -> None:
    assert script_file(0, Script("x/a.js", "")) == "0-a.js"
    assert script_file(1, Script("y/a.js", "")) == "1-a.js"


def test_a_package_that_is_not_there_has_no_version() -> None:
    assert package_version("no-such-distribution") == ""
    assert package_version("numpy")[0].isdigit()
