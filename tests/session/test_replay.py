"""voxrun replay: the same journal gives the same commands, or the first line where it does not."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from tests.harness import Stage, play

from voxrun.errors import ConfigError
from voxrun.session.replay import read_recording, replay

SCENARIO = """
VoxEngine.addEventListener(AppEvents.CallAlerting, async ({call}) => {
  call.answer();
  Logger.write(`id ${uuidgen()} at ${Date.now()} by chance ${Math.random()}`);
  const key = VoxEngine.getSecretValue("KEY");
  const r = await Net.httpRequestAsync("http://x/api", {headers: {Authorization: "Bearer " + key}});
  Logger.write("got " + r.text);
  setTimeout(() => call.hangup(), 2000);
});
"""


def record(folder: Path) -> Path:
    async def story(stage: Stage) -> None:
        stage.net.routes["/api"] = lambda request: httpx.Response(200, text="pong tops3cret")
        await stage.call_in(SCENARIO)
        await stage.ended()

    play(story, folder, secrets={"KEY": "tops3cret"})
    return next(folder.iterdir())


def test_an_unchanged_session_replays_equal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = record(tmp_path)
    assert replay(folder, {"KEY": "tops3cret"}) == 0
    assert "equal" in capsys.readouterr().out


def test_the_journal_holds_no_secret_and_replays_without_one_too(tmp_path: Path) -> None:
    folder = record(tmp_path)
    assert "tops3cret" not in (folder / "journal.jsonl").read_text()
    assert replay(folder, {}) == 0


def change_first_log(folder: Path) -> None:
    path = folder / "journal.jsonl"
    lines = path.read_text().splitlines()
    for index, line in enumerate(lines):
        item = json.loads(line)
        if item["k"] == "log" and item["text"].startswith("got"):
            item["text"] = "got something else"
            lines[index] = json.dumps(item)
            break
    path.write_text("\n".join(lines) + "\n")


def test_the_first_difference_is_shown_with_both_sides_and_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record(tmp_path)
    change_first_log(folder)
    assert replay(folder, {"KEY": "tops3cret"}) == 1
    out = capsys.readouterr().out
    assert 'recorded: log "got something else"' in out
    assert 'now:      log "got pong' in out
    assert "a.js:7" in out
    assert "not comparable" in out


def test_a_difference_that_may_come_of_a_missing_secret_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = record(tmp_path)
    change_first_log(folder)
    assert replay(folder, {}) == 1
    assert "missing secrets: KEY" in capsys.readouterr().out


def test_a_changed_scenario_text_is_refused(tmp_path: Path) -> None:
    folder = record(tmp_path)
    script = next((folder / "scripts").iterdir())
    script.write_text(script.read_text() + "\n// changed")
    with pytest.raises(ConfigError, match="not the text that ran"):
        replay(folder, {})


def test_a_journal_cut_in_mid_line_still_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    folder = record(tmp_path)
    path = folder / "journal.jsonl"
    path.write_text(path.read_text()[:-30])
    assert read_recording(folder).turns
    assert replay(folder, {"KEY": "tops3cret"}) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "header"), ("no json\n{}", ":1:1: no JSON"), ('{"k":"header","version":99}', "version 99")],
)
def test_a_damaged_journal_is_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "journal.jsonl").write_text(text)
    with pytest.raises(ConfigError, match=message):
        replay(tmp_path, {})


def test_a_folder_without_a_journal_says_what_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"read: No such file or directory\. A session's folder is wanted"):
        replay(tmp_path, {})


def test_a_scenario_with_windows_line_ends_replays_too(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start("Logger.write('a');\r\nLogger.write('b');\r\n")
        await stage.ended()

    play(story, tmp_path)
    assert replay(next(tmp_path.iterdir()), {}) == 0


def test_a_session_that_a_malformed_command_ended_replays_equal(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start(
            "VoxEngine.addEventListener(AppEvents.Started, () => {"
            " JSON.stringify = null; Object.prototype.toJSON = () => 5; setTimeout(() => {}, 1);"
            " Logger.write('lost'); });"
        )
        assert (await stage.ended()).reason == "JS session error"

    play(story, tmp_path)
    assert replay(next(tmp_path.iterdir()), {}) == 0
