"""Call scripts are read as written, and every mistake is named by file, line and column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voxrun.errors import ConfigError, ScriptError
from voxrun.replay import format as call_format
from voxrun.replay.format import load_script, parse_script
from voxrun.replay.script import (
    CallScript,
    Dtmf,
    Hangup,
    Incoming,
    Say,
)


def read(tmp_path: Path, text: str) -> CallScript:
    (tmp_path / "it.js").write_text("1")
    return parse_script(text, tmp_path / "it.call.yaml")


def wrong(tmp_path: Path, text: str) -> str:
    with pytest.raises((ScriptError, ConfigError)) as error:
        read(tmp_path, text)
    return str(error.value).replace(str(tmp_path), "")


def test_a_small_script(tmp_path: Path) -> None:
    script = read(tmp_path, "steps: [{say: hello there}, hangup]")
    assert script.scenarios == (tmp_path / "it.js",)
    assert isinstance(script.call, Incoming)
    assert script.name == "it"
    assert isinstance(script.steps[0], Say)
    assert isinstance(script.steps[1], Hangup)
    assert script.steps[1].where.endswith("it.call.yaml:1:29")


@pytest.mark.parametrize("keys", ["0123", "012", "0x10", "1_000", "00", "*", "#", "1234567890123456789012"])
def test_keys_stay_text_as_they_were_written(tmp_path: Path, keys: str) -> None:
    quoted = f'"{keys}"' if keys in "*#" else keys
    if set(keys) - set("0123456789*#"):
        assert "keys are 0-9" in wrong(tmp_path, f"steps: [{{dtmf: {quoted}}}]")
        return
    (step,) = read(tmp_path, f"steps: [{{dtmf: {quoted}}}]").steps
    assert isinstance(step, Dtmf)
    assert step.digits == keys


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "null text", "1e5", "012", "0o7", "2025-01-01", "~x", "true"]
)
def test_texts_stay_text_whatever_they_look_like(tmp_path: Path, word: str) -> None:
    (step,) = read(tmp_path, f"steps: [{{say: {word}}}]").steps
    assert isinstance(step, Say)
    assert step.text == word


def test_the_agent_is_inline_in_a_file_or_beside_the_script(tmp_path: Path) -> None:
    script = read(tmp_path, "agent: {greeting: Hi, rules: [{hears: one two, says: Three.}]}\nsteps: [hangup]")
    assert script.agent is not None
    assert script.agent.greeting == ("Hi",)
    (tmp_path / "it.agent.yaml").write_text("greeting: Beside")
    script = read(tmp_path, "steps: [hangup]")
    assert script.agent is not None
    assert script.agent.greeting == ("Beside",)


def test_a_script_of_a_longer_name_finds_its_scenario(tmp_path: Path) -> None:
    (tmp_path / "booking.js").write_text("1")
    script = parse_script("steps: [hangup]", tmp_path / "booking.busy.call.yaml")
    assert script.scenarios == (tmp_path / "booking.js",)
    assert script.name == "booking.busy"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it.call.yaml:1:1: is empty"),
        ("steps: []", "it.call.yaml:1:8: steps is an empty list"),
        ("stepps: [hangup]", "it.call.yaml:1:1: unknown key 'stepps' in the file (did you mean 'steps'?)"),
        ("steps:\n  - sya: hello", "it.call.yaml:2:5: 'sya' is no step (did you mean 'say'?)"),
        ("steps: [hangupp]", "it.call.yaml:1:9: 'hangupp' is no step (did you mean 'hangup'?)"),
        ("steps: [say]", "it.call.yaml:1:9: 'say' needs a value"),
        ("steps: [{say: }]", "it.call.yaml:1:10: 'say' needs a value"),
        ("steps: [{say: [a]}]", "it.call.yaml:1:15: steps[0].say must be a text, not a list"),
        ("steps: [{agent_says: hi}]", "'agent_says' is something to expect"),
        ("steps: [{say: hi, within: 3s}]", "unknown key 'within' in steps[0]"),
        ("steps: [{say: {}}]", "needs 'text' or 'audio'"),
        ("steps: [{say: {audio: no.wav}}]", "there is no file /no.wav"),
        ("steps: [{dtmf: 12x}]", "it.call.yaml:1:16: steps[0].dtmf: keys are 0-9 * # A-D, not '12x'"),
        ("steps: [{wait: soon}]", "it.call.yaml:1:16: steps[0].wait must be a duration like 1.5s or 300ms"),
        ("steps: [{wait: -1s}]", "must be 0 to 3600 seconds"),
        ("steps: [{expect: answerd}]", "'answerd' is nothing to expect (did you mean 'answered'?)"),
        ("steps: [{expect: agent_says}]", "'agent_says' needs a value"),
        ("steps: [{expect: {agent_sais: x}}]", "(did you mean 'agent_says'?)"),
        ("steps: [{expect: {log: a, tool: b}}]", "one expectation is about one thing"),
        ("steps: [{expect: {log: a, with: {b: 1}}}]", "'log' has nothing for 'with'"),
        ("steps: [{expect: {log: a, withn: 1s}}]", "(did you mean 'with"),
        ("steps: [{expect: {log: /(/}}]", "is not a regular expression"),
        ("steps: [{expect: {http: a, with: {body: {a: [/(/]}}}}]", "is not a regular expression"),
        ("steps: [{expect: {audio: {tone: 425, speech: 1s}}}]", "audio states one fact"),
        ("steps: [{expect: {audio: {level: [1]}}}]", "a list of two"),
        ("steps: [{say: a, as: bob}]", "there is nobody called 'bob'"),
        ("steps: [hangup]\ncall: {fro: x}", "2:8: unknown key 'fro' in call (did you mean 'from'?)"),
        ("steps: [hangup]\ncall: {client: fax}", "call.client must be user or pstn or sip or wab, not 'fax'"),
        ("steps: [hangup]\ncall: {}\nstart: {}", "not both"),
        ("steps: [hangup]\nscenario: no.js", "it.call.yaml:2:11: there is no file /no.js"),
        ("steps: [hangup]\nagent: no.yaml", "it.call.yaml:2:8: there is no agent file /no.yaml"),
        ("steps: [hangup]\nagent: {greting: x}", "(did you mean 'greeting'?)"),
        ("steps: [hangup]\nlimits: {idle: 3}", "(did you mean 'idle_ms'?)"),
        ("steps: [hangup]\nhttp: [{method: GET}]", "needs 'url'"),
        ("steps: [hangup]\nhttp: [{url: a, reply: {json: 1, text: b}}]", "give one of text, json"),
        ("steps: [hangup]\nfaults: {refuse: 200}", "must be 400 to 599"),
        ("steps: [hangup]\nat: tomorrow", "must be a date"),
        ("steps: [hangup]\ncallees: {a: {fails: 486, answers: 1s}}", "it cannot have 'answers'"),
        ("steps: [hangup]\ntags: [a-b]", "cannot be a pytest marker"),
        ("steps: [hangup]\nsteps: [hangup]", "twice"),
        ("a: &a [*a]\nsteps: *a", "it.call.yaml:1:4: this holds an alias of itself"),
        ("start: {custom_data: &x {a: *x}}\nsteps: [hangup]", "1:22: this holds an alias of itself"),
        ("steps:\n  - &e\n    expect: {any_order: [*e]}", "it.call.yaml:2:5: this holds an alias of itself"),
        ("steps: [hangup]\nagent: it.call.yaml", "there is no agent file"),
        ("steps: [hangup]\nat: 0001-01-01", "2:5: at must be a date of the years 1971 to 2200"),
        ("steps: [hangup]\nseed: 1e99", "2:7: seed must be 0 to 281474976710655, not 1e99"),
        ("steps: [hangup]\nseed: -1", "must be 0 to 281474976710655"),
        ("steps: [hangup]\nwithin: .nan", "2:9: within must be a duration like"),
        ("steps: [wait: 3h]", "1:15: steps[0].wait must be a duration like 1.5s or 300ms, not '3h'"),
        ("steps: [wait: 3 sec]", "must be a duration"),
        ("steps: [wait: inf]", "steps[0].wait must be 0 to 3600 seconds, not inf"),
        ("steps: [wait: [1, 2]]", "1:15: steps[0].wait must be a text, not a list"),
        ("steps: hangup", "1:8: steps must be a list, not a single value"),
        ("steps: [~]", "steps[0] must be a text, not nothing"),
        ("steps: [{say: a, say: b}]", "1:18: 'say' is given twice in steps[0]"),
        ("steps: [hangup]\n? [a, b]\n: x", "2:3: a key must be a text, not a list"),
        ("steps: [hangup]\n---\na: 1", "2:1: not valid YAML"),
        ("steps: [hangup]\n\tcall: {}", "2:1: not valid YAML"),
        ("steps: [say: {audio: no.wav}]", "1:22: there is no file /no.wav"),
        ("steps: [hangup]\nstart: {custom_data: {a: 1e999}}", "2:26: start.custom_data.a: 1e999 is more"),
        ("steps: [hangup", "not valid YAML"),
        ("steps: &s\n  - *s\n", "it.call.yaml"),
        ("just text", "must be a mapping"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    found = wrong(tmp_path, text)
    assert message in found
    assert "\n" not in found


def test_binary_garbage_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "it.call.yaml"
    with pytest.raises(ScriptError, match="cannot be read"):
        load_script(path)
    path.write_bytes(b"\xff\xfe\x00garbage\x80")
    with pytest.raises(ScriptError, match="not UTF-8"):
        load_script(path)


def test_the_schema_knows_every_key_and_no_other() -> None:
    folder = Path(call_format.__file__).parent
    schema = json.loads((folder / "call.schema.json").read_text("utf-8"))
    assert set(schema["properties"]) == set(call_format.KEYS)
    steps = {key for step in schema["$defs"]["step"]["anyOf"] for key in step.get("required", ())}
    from voxrun.replay.format_steps import KINDS, STEPS

    assert steps | {"hangup"} == set(STEPS)
    wish = schema["$defs"]["wish"]["properties"]
    assert set(KINDS) <= set(wish)


def test_every_key_is_in_the_documentation() -> None:
    from voxrun.replay.format_steps import KINDS, STEPS

    text = call_format.__doc__ or ""
    missing = [key for key in (*call_format.KEYS, *KINDS, *STEPS) if key not in text]
    assert not missing
