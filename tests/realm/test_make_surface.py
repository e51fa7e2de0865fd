from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from voxrun.realm import make_surface as made

HERE = Path(made.__file__).parent

FACTS: dict[str, Any] = {
    "VoxEngine": {"kind": "namespace"},
    "VoxEngine.callPSTN": {
        "kind": "function",
        "signatures": [
            {"params": [{"name": "number"}, {"name": "callerid", "optional": True}], "returns": "Call"}
        ],
    },
    "AI": {"kind": "namespace"},
    "AI.create": {"kind": "function", "signatures": [{"params": [], "returns": "Promise<AI.Bot>"}]},
    "AI.Bot": {
        "kind": "class",
        "extends": "extends Base",
        "fields": {"call": {"type": "Call"}},
        "methods": [{"name": "go", "params": [{"name": "x"}], "returns": "void"}],
    },
    "AI.Base": {
        "kind": "class",
        "fields": {},
        "methods": [{"name": "id", "params": [], "returns": "string"}],
    },
    "Call": {"kind": "class", "fields": {}, "methods": [{"name": "constructor", "params": []}]},
    "AI.Events": {"kind": "enum", "members": {"Done": "AI.Events.Done"}},
    "AI._Event": {"kind": "interface", "methods": [], "fields": {"bot": {"type": "Bot"}}},
    "AI._DoneEvent": {
        "kind": "interface",
        "extends": "extends _Event",
        "methods": [],
        "fields": {"reason": {"type": "string"}},
    },
    "AI._Events": {
        "kind": "interface",
        "methods": [],
        "fields": {"[Events.Done]": {"type": "_DoneEvent"}},
    },
    "DTMFType": {"kind": "enum", "members": {"ALL": "0"}},
    "ASRLanguage": {"kind": "enum", "members": {"X": "x"}},
    "Modules": {"kind": "enum", "members": {"AI": "ai"}},
}


@pytest.fixture(scope="module")
def surface() -> dict[str, Any]:
    return made.make_surface(FACTS)


def test_functions_know_their_arguments_and_what_they_give(surface: dict[str, Any]) -> None:
    assert surface["functions"]["VoxEngine.callPSTN"] == [2, "Call", 1]
    assert surface["functions"]["AI.create"] == [0, "AI.Bot", 0]


def test_classes_hold_their_own_and_inherited_members(surface: dict[str, Any]) -> None:
    assert surface["classes"]["AI.Bot"] == {"id": [0, "", 0], "go": [1, "", 1], "call": [-1, "Call"]}
    assert "constructor" not in surface["classes"]["Call"]


def test_events_know_their_fields_and_inherited_ones(surface: dict[str, Any]) -> None:
    assert surface["events"]["AI.Events.Done"] == {"bot": "AI.Bot", "reason": ""}


def test_numbers_are_numbers_and_lenient_lookups_stay_out(surface: dict[str, Any]) -> None:
    assert surface["enums"]["DTMFType"] == {"ALL": 0}
    assert "ASRLanguage" not in surface["enums"]
    assert surface["known"] == {"ASRLanguage": {"X": "x"}}


def test_newer_and_older_names_are_added(surface: dict[str, Any]) -> None:
    assert surface["modules"]["Deepgram"] == "deepgram"
    assert surface["namespaces"]["AI"] == "AI"
    assert "getSecretValue" in str(surface["functions"].keys())
    assert "userTextMessage" in surface["classes"]["Ultravox.WebSocketAPIClient"]
    assert surface["enums"]["CallEvents"]["MediaStatisticsReceived"] == "Call.MediaStatisticsReceived"


def test_the_written_surface_is_the_same_data(surface: dict[str, Any]) -> None:
    assert json.loads(made.write_surface(surface)) == surface


def test_the_names_in_the_repository_are_those_of_its_surface() -> None:
    installed = json.loads((HERE / "surface.json").read_text("utf-8"))
    fresh = made.make_names_js(installed)
    assert (HERE / "js" / "names.js").read_text("utf-8") == fresh, "run python -m voxrun.realm.make_surface"


def test_both_files_are_written_from_facts_and_the_names_alone_without(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(made, "HERE", tmp_path)
    (tmp_path / "js").mkdir()
    (tmp_path / "facts.json").write_text(json.dumps(FACTS), "utf-8")
    names = tmp_path / "js" / "names.js"
    assert made.main([str(tmp_path / "facts.json")]) == 0
    assert json.loads((tmp_path / "surface.json").read_text("utf-8")) == made.make_surface(FACTS)
    written = names.read_text("utf-8")
    names.unlink()
    assert made.main([]) == 0
    assert names.read_text("utf-8") == written
    assert made.main(["a", "b"]) == 2
    assert "FACTS.json" in capsys.readouterr().err
