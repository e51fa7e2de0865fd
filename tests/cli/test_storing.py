"""voxrun storage list, export, import."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import pytest
from tests.services.test_storage_file import got, put

from voxrun.cli import storing
from voxrun.cli.main import main
from voxrun.errors import ConfigError
from voxrun.services.storage import Item

SOON = int(time.time()) + 1000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "storage.sqlite"
    put(path, Item("test:1", 'say "hi"\n', SOON), Item("test:2", "x" * 100, SOON), Item("other", "é", SOON))
    return path


def test_list_shows_keys_their_end_and_the_beginning_of_values(file: Path) -> None:
    said: list[str] = []
    assert storing.show(file, "test", said.append) == 0
    assert [line.split("Z  ")[-1] for line in said] == [
        'test:1  "say \\"hi\\"\\n"',
        'test:2  "' + "x" * 59 + "…",
        f"2 keys in {file}",
    ]


def test_what_was_exported_can_be_imported(file: Path, tmp_path: Path) -> None:
    out, copy = tmp_path / "out.json", tmp_path / "copy.sqlite"
    said: list[str] = []
    assert storing.save(file, "", out, said.append) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert storing.load(out, copy, said.append) == 0
    assert said == [f"{out}: 3 keys", f"{copy}: 3 keys added"]
    for key in ("test:1", "test:2", "other"):
        assert got(copy, key) == got(file, key)


def test_an_export_to_standard_output_is_json_and_nothing_else(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["storage", "export", "other", "--storage", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "version": 1,
        "items": [{"key": "other", "value": "é", "expireAt": SOON}],
    }


def test_a_plain_object_is_imported_for_thirty_days_and_what_has_ended_is_left_out(tmp_path: Path) -> None:
    now = 1000
    assert storing.read_items({"a": "1", "b:c": "2"}, "x.json", now) == [
        Item("a", "1", now + 2_592_000),
        Item("b:c", "2", now + 2_592_000),
    ]
    items = [{"key": "old", "value": "v", "expireAt": 5}, {"key": "new", "value": "v", "expireAt": SOON}]
    file = tmp_path / "in.json"
    file.write_text(json.dumps({"version": 1, "items": items}))
    said: list[str] = []
    storing.load(file, tmp_path / "s.sqlite", said.append)
    assert said == [f"{tmp_path / 's.sqlite'}: 1 keys added, 1 have ended"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "x.json: neither an export of voxrun (version 1) nor a JSON object of keys and values"),
        ({"version": 2, "items": []}, "x.json: neither an export"),
        ({"a": 1}, "x.json: 'a': value must be a text of at most 2000 characters"),
        ({"": "v"}, "x.json: '': the key is empty"),
        ({"k" * 201: "v"}, "key must be a text of at most 200 characters"),
        ({"k": "\ud800"}, "x.json: 'k': value holds half a character"),
        ({"version": 1, "items": [1]}, "x.json: item 1 is no object with key, value and expireAt"),
        (
            {"version": 1, "items": [{"key": "k", "value": "v", "expireAt": True}]},
            "x.json: item 1: expireAt must be Unix seconds, at most 90 days from now",
        ),
        (
            {"version": 1, "items": [{"key": "k", "value": "v", "expireAt": 8_000_000}]},
            "x.json: item 1: expireAt must be Unix seconds",
        ),
    ],
)
def test_a_mistake_in_a_file_is_named_and_nothing_is_imported(data: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        storing.read_items(data, "x.json", 1000)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list"], "nothing has been stored yet. Another file? --storage FILE"),
        (["export"], "nothing has been stored yet"),
        (["import", "missing.json"], "missing.json: cannot be read: No such file or directory"),
        (["import", "broken.json"], "broken.json: no JSON"),
        (["list", "--storage", ""], "storage.path is empty"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    if "" in arguments:
        monkeypatch.setenv("VOXRUN_STORAGE_PATH", "")
        arguments = arguments[:1]
    assert main(["storage", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / ".voxrun").exists()
