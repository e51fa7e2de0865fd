from __future__ import annotations

import re
from typing import Any

from voxrun.realm.names_js import make_names_js

SURFACE: dict[str, Any] = {
    "modules": {"AI": "ai", "ASR": "asr", "Grok": "grok", "ACD": "acd"},
    "namespaces": {"AI": "AI", "Net": "", "Grok": "Grok"},
    "functions": {"Net.httpRequest": [3, "", 2], "uuidgen": [0, "", 0], "Grok.create": [1, "", 1]},
    "classes": {"Call": {"answer": [2, "", 0], "scheme": [-1, ""]}},
    "enums": {
        "CallEvents": {"Connected": "Call.Connected", "Failed": "Call.Failed", "Odd": "Call.Very.Odd"},
        "DTMFType": {"ALL": 0},
        "Grok.Events": {"X": "x"},
    },
    "known": {"ASRLanguage": {"ENGLISH_US": "en-US"}},
}
TEXT = make_names_js(SURFACE)


def row(name: str) -> str:
    found = re.search(rf'^      "{re.escape(name)}": (.*),$', TEXT, re.M)
    assert found is not None, TEXT
    return found[1]


def test_enums_are_packed_with_their_prefix_and_numbers() -> None:
    assert row("CallEvents") == '"Call.|Connected|Failed|Odd=Call.Very.Odd"'
    assert row("DTMFType") == '"|ALL=#0"'
    assert row("ASRLanguage") == '"|ENGLISH_US=en-US"'


def test_functions_and_methods_are_named_and_fields_are_not() -> None:
    assert row("Net") == '"httpRequest=2"'
    assert row("") == '"uuidgen=0"'
    assert row("Call") == '"answer"'


def test_providers_bring_their_own_names() -> None:
    assert "Grok.Events" not in TEXT
    assert "create=1" not in TEXT


def test_modules_with_and_without_a_namespace_are_told_apart() -> None:
    assert 'known: "ai|grok",' in TEXT
    assert 'gates: "asr|acd",' in TEXT
    assert 'plain: "Net",' in TEXT
    assert row("AI") == '"ai"'


def test_what_is_not_here_has_its_reason_modules_by_their_value() -> None:
    assert row("acd") == row("VoxEngine.enqueueTask")
    assert "operators" in TEXT
    assert "ACDEvents.Queued" not in TEXT
