"""Others who call, conferences and storage in a call script."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.test_format import read, wrong

from voxrun.replay.script import CallIn, Incoming, Say, Started


def test_others_call_with_the_keys_of_a_call_and_the_number_of_the_first(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
call: {to: "200"}
callers:
  bob: {}
  carol: {from: "+49", to: 300, display_name: Carol, client: pstn, headers: {X-A: b}, custom_data: {a: 1},
          voice: en-gb}
steps:
  - call: bob
  - say: hello
    as: bob
  - call: caller
""",
    )
    bob, carol = script.callers
    assert (bob.name, bob.call, bob.voice) == ("bob", Incoming("bob", "200"), None)
    assert carol.call == Incoming("+49", "300", "Carol", {"X-A": "b"}, '{"a":1}', "pstn")
    assert carol.voice is not None
    assert [(type(step), step.who) for step in script.steps if isinstance(step, CallIn | Say)] == [
        (CallIn, "bob"),
        (Say, "bob"),
        (CallIn, "caller"),
    ]


def test_conferences_have_names_with_stars_and_scripts(tmp_path: Path) -> None:
    for name in ("a.js", "b.js"):
        (tmp_path / name).write_text("1;")
    script = read(
        tmp_path,
        'conferences: {"conf_*": a.js, "x.y": [a.js, b.js]}\n'
        "start: {conference: conf_1}\nsteps: [{wait: 1s}]",
    )
    assert [(each.pattern, [path.name for path in each.scripts]) for each in script.conferences] == [
        ("conf_.*", ["a.js"]),
        (r"x\.y", ["a.js", "b.js"]),
    ]
    assert script.call == Started("", "conf_1")


def test_stored_values_are_texts_with_a_time(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
storage: {total: 5, "a:1": {value: 007, ttl: 60s}, b: {x: 1}, c: [1, 2], d: "", e: {value: {x: 1}}}
steps: [{wait: 1s}]
""",
    )
    month = 2_592_000
    assert [(each.key, each.value, each.ttl) for each in script.storage] == [
        ("total", "5", month), ("a:1", "007", 60), ("b", '{"x":1}', month), ("c", "[1,2]", month),
        ("d", "", month), ("e", '{"x":1}', month),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("callers: {caller: {}}", "'caller' is the name of somebody else in this script"),
        ("callers: {bob: {}}\ncallees: {bob: {}}", "'bob' is the name of somebody else in this script"),
        ("callers: {bob: {fom: x}}", "unknown key 'fom' in callers.bob (did you mean 'from'?)"),
        ("conferences: {a: no.js}", "there is no file"),
        ("conferences: {a: []}", "is an empty list"),
        ("storage: {'': 1}", "a key has 1 to 200 characters"),
        (f"storage: {{{'k' * 201}: 1}}", "a key has 1 to 200 characters"),
        (f"storage: {{k: {'v' * 2001}}}", "a value has at most 2000 characters"),
        ("storage: {k: {value: 1, ttl: 131000m}}", "storage.k.ttl must be 0 to 7776000 seconds"),
        ("storage: {k: {value: 1, tll: 1s}}", "(did you mean 'ttl'?)"),
        ("start: {conferenc: a}", "(did you mean 'conference'?)"),
    ],
)
def test_a_mistake_is_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    assert message in wrong(tmp_path, f"{text}\nsteps: [hangup]")


def test_a_call_of_nobody_says_how_a_call_of_the_scenario_is_expected(tmp_path: Path) -> None:
    found = wrong(tmp_path, "steps: [{call: '+49'}]")
    assert "there is no caller '+49'" in found
    assert "'expect: {call: ...}'" in found
