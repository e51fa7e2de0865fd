"""Logger.hideTones: what people are shown of keys."""

from __future__ import annotations

from typing import Any

import pytest

from voxrun.session.hidden_keys import HiddenKeys

RECEIVED = {"k": "event", "kind": "Call.ToneReceived", "id": "c", "data": {"tone": "7", "type": "1"}}
SENT = {"k": "command", "kind": "call.dtmf", "id": "c", "data": {"digits": "42#"}}


def switch(hide: Any) -> dict[str, Any]:
    return {"k": "command", "kind": "log.tones", "id": "", "data": {"hide": hide}}


def test_keys_of_both_directions_are_stars_from_hide_until_show() -> None:
    keys = HiddenKeys()
    seen = [keys.shown(r) for r in (RECEIVED, switch(True), RECEIVED, SENT, switch(False), RECEIVED, SENT)]
    assert [record["data"] for record in seen if record["kind"] != "log.tones"] == [
        {"tone": "7", "type": "1"},
        {"tone": "*", "type": "1"},
        {"digits": "***"},
        {"tone": "7", "type": "1"},
        {"digits": "42#"},
    ]
    assert RECEIVED["data"] == {"tone": "7", "type": "1"}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"k": "log", "text": "7"},
        {"k": "event", "kind": "Call.ToneReceived"},
        {"k": "event", "kind": "Call.ToneReceived", "data": {}},
        {"k": "event", "kind": "Call.Connected", "data": {"tone": "7"}},
        {"k": "command", "kind": "call.dtmf", "data": {"digits": 7}},
        {"k": "command", "kind": "call.dtmf", "data": []},
    ],
)
def test_everything_else_is_shown_as_it_is(record: dict[str, Any]) -> None:
    keys = HiddenKeys()
    keys.shown(switch(True))
    assert keys.shown(record) == record
