"""Agent files: what is right is read, what is wrong is named by place, and editors are told the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import voxrun.emulators.ultravox as package
from voxrun.emulators.ultravox.agent import FILE_KEYS, RULE_KEYS, STEP_KEYS, load_agent, parse_agent
from voxrun.emulators.ultravox.mind import Mind
from voxrun.errors import ConfigError
from voxrun.speech.base import Voice

SCHEMA: dict[str, Any] = json.loads(
    (Path(package.__path__[0]) / "agent.schema.json").read_text(encoding="utf-8")
)
SAMPLES = sorted((Path(__file__).parents[3] / "scenarios").glob("*.agent.yaml"))


def test_a_whole_file_is_read() -> None:
    agent = parse_agent(
        """
        name: Anna
        greeting: [Hello., Good day.]
        voice: {engine: espeak, name: en-us, rate: 120}
        slots: {city: [London, New York]}
        vocabulary: [what time is it]
        rules:
          - hears: "weather in {city}"
            says: One moment.
            tool: {name: get_weather, args: {city: "{city}", days: 3, exact: true}}
            then: {says: "{result.temperature} degrees", hangs_up: true}
            fails: No.
          - hears: 0123
            says: Zero one two three.
            uninterruptible: true
        otherwise: [Pardon?, Sorry?]
        call: {systemPrompt: You are Anna.}
        faults: {drop: {after: 1.5s}, stall: {after: 300ms, for: 5s}, odd_audio: true}
        """
    )
    first, second = agent.rules
    assert (agent.name, agent.greeting) == ("Anna", ("Hello.", "Good day."))
    assert agent.voice == Voice(engine="espeak", name="en-us", rate=120)
    assert first.step.tool is not None
    assert dict(first.step.tool.args) == {"city": "{city}", "days": 3, "exact": True}
    assert first.step.then is not None
    assert first.step.then.hangs_up
    assert second.hears == ("0123",)  # never a number in another base
    assert second.where == "agent.yaml:13:13"
    assert agent.otherwise.says == ("Pardon?", "Sorry?")
    assert (agent.faults.drop_after, agent.faults.stall_after, agent.faults.stall_for) == (1.5, 0.3, 5.0)
    phrases = ("weather in London", "weather in New York", "0123", "what time is it")
    assert Mind(agent).phrases == phrases


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("greetng: Hi", "a.yaml:1:1: unknown key 'greetng' in the file (did you mean 'greeting'?)"),
        ("greeting: [Hi", "a.yaml:1:14: not valid YAML"),
        ("", "a.yaml:1:1: is empty"),
        ("- Hi", "a.yaml:1:1: the file must be a mapping"),
        ("greeting: ''", "a.yaml:1:11: greeting is empty"),
        ("greeting: Hi\ngreeting: Ho", "given twice"),
        ("otherwise: Hi", "needs at least a greeting or rules"),
        ("rules: {hears: a}", "a.yaml:1:8: rules must be a list, not a mapping"),
        ("rules:\n  - says: Hi", "a.yaml:2:5: rules[0] needs 'hears'"),
        ("rules:\n  - hears: a b", "a.yaml:2:5: rules[0] does nothing"),
        (
            "rules:\n  - hears: a b\n    sayz: c",
            "a.yaml:3:5: unknown key 'sayz' in rules[0] (did you mean 'says'?)",
        ),
        ("rules:\n  - hears: a\n    says: b\n    then: c", "a.yaml:4:11: 'then' follows a tool's answer"),
        ("rules:\n  - hears: a\n    hangs_up: maybe", "a.yaml:3:15: rules[0].hangs_up must be true or false"),
        ("rules:\n  - hears: a\n    tool: {args: {}}", "needs 'name'"),
        ("rules:\n  - hears: a\n    tool: get weather", "is no tool name"),
        (
            "slots: {city: [Rome]}\nrules:\n  - hears: 'in {citty}'\n    says: b",
            "a.yaml:3:12: 'in {citty}' uses the slot 'citty', which slots does not have (did you mean 'city'",
        ),
        ("rules:\n  - hears: a\n    says: 'It is {result}'", "a.yaml:3:11: {result} is not known here"),
        ("rules:\n  - hears: a\n    says: 'a { b'", "a single '{'"),
        ("greeting: Hi\nvoice: {engine: loud}", "engine must be auto, piper or espeak"),
        ("greeting: Hi\nvoice: {rate: 1000}", "voice.rate must be 30 to 300, not 1000"),
        ("faults: {refuse: {detail: no}}", "needs 'status'"),
        ("faults: {drop: {after: soon}}", "must be a duration like 1.5s or 300ms"),
        ("slots: {result: [a]}\ngreeting: Hi", "cannot name a slot"),
        ("slots: {a: &a [*a]}\ngreeting: Hi", "a.yaml:1:12: this holds an alias of itself"),
        ("call: &a {x: *a}", "a.yaml:1:7: this holds an alias of itself"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_column(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_agent(text, "a.yaml")
    assert message in str(caught.value)


def test_too_many_phrases_and_aliases_without_end_are_refused() -> None:
    words = [f"w{i}" for i in range(50)]
    with pytest.raises(ConfigError, match="more than 2000 phrases"):
        parse_agent(f"slots: {{a: {words}, b: {words}}}\nrules: [{{hears: '{{a}} {{b}}', says: c}}]")
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(ConfigError, match="too large once its aliases are followed"):
        parse_agent("greeting: Hi\ncall:\n  " + "\n  ".join(lines))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"greeting: \xff\xfe", "is not UTF-8 text"),
        (b"a" * 1_000_001, "larger than"),
    ],
)
def test_a_file_that_is_missing_binary_or_huge(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "x.agent.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_agent(file)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_sample_agents_are_right(path: Path) -> None:
    agent = load_agent(path)
    assert agent.greeting
    assert len(Mind(agent).phrases) >= 5
    assert any(rule.step.hangs_up or rule.step.tool for rule in agent.rules)


def test_every_sample_that_talks_to_ultravox_has_an_agent() -> None:
    scripts = SAMPLES[0].parent.glob("*.js")
    scenarios = {path.stem for path in scripts if "Modules.Ultravox" in path.read_text("utf-8")}
    assert len(scenarios) >= 5
    assert {path.name.removesuffix(".agent.yaml") for path in SAMPLES} >= scenarios


def test_the_schema_knows_the_same_keys() -> None:
    definitions = SCHEMA["$defs"]
    assert set(SCHEMA["properties"]) == set(FILE_KEYS)
    assert set(definitions["rule"]["properties"]) == set(RULE_KEYS)
    assert set(definitions["step"]["anyOf"][1]["properties"]) == set(STEP_KEYS)


def test_a_folded_text_is_one_line_of_speech() -> None:
    agent = parse_agent("greeting: >-\n  Once upon a time\n  there was a telephone.\n")
    assert agent.greeting == ("Once upon a time there was a telephone.",)
