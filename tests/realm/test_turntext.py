"""Texts of a turn."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from voxrun.realm.port import NOTHING, Script
from voxrun.realm.positions import ScriptMap
from voxrun.realm.turntext import EMPTY, clean_result, event_text, is_clean, parse
from voxrun.session.messages import Event

SCRIPTS = ScriptMap((Script("a.js", "one();\ntwo();"),))


@given(st.text(st.characters()), st.dictionaries(st.text(), st.text(st.characters()), max_size=3))
def test_events_are_ascii_json(kind: str, data: dict[str, str]) -> None:
    text = event_text(Event(kind, "id", data), 5)
    assert text.isascii()
    assert "\0" not in text
    assert json.loads(text) == {"k": kind, "i": "id", "d": data, "t": 5}


def test_a_drain_without_failures_is_clean() -> None:
    assert is_clean(EMPTY)
    assert clean_result(EMPTY, SCRIPTS) is NOTHING
    assert not is_clean('{"c":[],"f":{"kind":"cpu"},"s":[],"i":"","h":""}')
    assert not is_clean('{"c":[],"f":null,"s":[{"kind":"exception"}],"i":"","h":""}')


def test_places_of_commands_and_logged_stacks_are_the_scenarios() -> None:
    line = SCRIPTS.first_lines[0] + 1
    stack = f"    at f (<scenario>:{line}:1)\\n    at run (<input>:5:1)\\n"
    row = f'["log","",{{"level":"write","text":"{stack}"}},"{line}:1"]'
    result = clean_result(EMPTY.replace("[]", f"[{row}]", 1), SCRIPTS)
    assert result.commands[0].where == "a.js:2:1"
    assert result.commands[0].data["text"] == "    at f (a.js:2:1)\n"


def test_lone_surrogates_become_replacement_characters() -> None:
    assert parse('{"a":"\\ud800x","b":"\\ud83d\\ude00"}') == {"a": "�x", "b": "😀"}
