"""The agent of a recorded session says and does what its voice AI did."""

from __future__ import annotations

from typing import Any

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.script import AgentScript
from voxrun.replay.from_session_agent import INTERRUPTED, agent_text
from voxrun.replay.from_session_items import Heard, Said, Story, Tool


def agent(*items: Any, **fields: Any) -> AgentScript:
    return parse_agent(agent_text(Story({}, items=[*items], has_agent=True, **fields)))


def test_greeting_answers_and_the_last_words_before_it_hung_up() -> None:
    script = agent(
        Said(0, "Hello."), Said(1, "How are you?"), Heard(2, "fine"), Said(3, "Bye."), agent_hung_up=True
    )
    assert script.greeting == ("Hello. How are you?",)
    (rule,) = script.rules
    assert (rule.hears, rule.step.says, rule.step.hangs_up) == (("fine",), ("Bye.",), True)


def test_what_a_menu_understood_before_is_no_turn_of_the_conversation() -> None:
    script = agent(Heard(1, "sales", asr=True), Said(2, "Hello."), Heard(3, "fine"), Said(4, "Bye."))
    assert script.greeting == ("Hello.",)
    assert [rule.hears for rule in script.rules] == [("fine",)]


def test_a_phrase_that_was_said_twice_gets_both_answers_in_turn() -> None:
    script = agent(Heard(1, "next"), Said(2, "One."), Heard(3, "Next"), Said(4, "Two."))
    assert [rule.step.says for rule in script.rules] == [("One.", "Two.")]


def test_tools_follow_each_other_and_end_the_call_where_they_did() -> None:
    script = agent(
        Heard(1, "go on"),
        Said(2, "Wait."),
        Tool(3, "one", {"a": {"b": "{x}"}}, "1"),
        Tool(4, "two", {}, "2", ends=True),
        Said(5, "Bye."),
    )
    step = script.rules[0].step
    assert step.tool is not None
    assert step.tool.args == {"a": {"b": "{{x}}"}}
    assert step.then is not None
    assert step.then.tool is not None
    assert (step.then.tool.name, step.then.says) == ("two", ())
    assert step.then.then is not None
    assert step.then.then.says == ()


def test_what_was_interrupted_goes_on_long_enough_to_be_interrupted_again() -> None:
    script = agent(Heard(1, "tell me"), Said(2, "Once", cut=True))
    assert script.rules[0].step.says == (f"Once {INTERRUPTED}",)


def test_braces_and_quotes_and_silence_are_no_trouble() -> None:
    script = agent(Said(0, 'a {b} "c": # d'), Heard(1, "what {is} this"), Heard(2, "typed", typed=True))
    assert script.greeting == ('a {{b}} "c": # d',)
    assert len(script.rules) == 2
    assert agent().greeting == ("Hello.",)


def test_a_tool_that_failed_and_words_that_were_not_understood() -> None:
    def asked(number: int, failed: bool, answer: str) -> list[Any]:
        tool = Tool(2, "look", {"city": "Rome"}, str(number), failed=failed)
        return [Heard(1, "rome please"), tool, Said(3, answer)]

    made = agent(
        Said(0, "Hello."),
        *asked(1, True, "I cannot."),
        *asked(2, False, "Sunny."),
        Heard(5, "", lost=True),
        Said(6, "Pardon?"),
        Said(7, "Are you there?", prompted=True),
        Heard(8, "", lost=True),
        Said(9, "Once more?"),
    )
    (rule,) = made.rules
    assert rule.step.fails == ("I cannot.",)
    assert rule.step.then is not None
    assert rule.step.then.says == ("Sunny.",)
    assert made.otherwise.says == ("Pardon?", "Once more?")
    assert "Are you there?" not in str(made)
