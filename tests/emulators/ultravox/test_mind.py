"""What the agent does about what it hears, as a table."""

from __future__ import annotations

import pytest

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.mind import Action, HangUp, Mind, Say, ToolOutcome, UseTool

AGENT = parse_agent(
    """
    greeting: [Hello., Good day.]
    slots: {city: [London, New York]}
    rules:
      - hears: ["weather in {city}", "is it cold in {city} now"]
        says: One moment.
        tool: {name: get_weather, args: {city: "{city}", note: "asked: {heard}", list: ["{city}"]}}
        then: {says: "In {city}: {result.temperature} and {result.sky.0}, {result.none}."}
        fails: Sorry, {result}.
      - hears: [save the date]
        tool: save
      - hears: [end this now]
        tool: hangUp
        hangs_up: true
      - hears: [good bye]
        says: "Bye {{{heard}}}"
        hangs_up: true
      - hears: [a room please]
        says: For tonight?
        next:
          - hears: [yes]
            says: Done.
          - hears: ["no"]
            says: Well then.
      - hears: [joke]
        says: [First., Second.]
    otherwise: Pardon?
    """
)


@pytest.mark.parametrize(
    ("said", "actions"),
    [
        ("good bye", [Say("Bye {good bye}"), HangUp()]),
        ("Good bye!", [Say("Bye {Good bye!}"), HangUp()]),
        ("well, good bye then", [Say("Bye {well, good bye then}"), HangUp()]),
        ("goodbye", [Say("Pardon?")]),
        ("", [Say("Pardon?")]),
        (None, [Say("Pardon?")]),
        ("yes", [Say("Pardon?")]),
        ("save the date", [UseTool("save")]),
        (
            "weather in London",
            [
                Say("One moment."),
                UseTool(
                    "get_weather", {"city": "London", "note": "asked: weather in London", "list": ["London"]}
                ),
            ],
        ),
    ],
)
def test_what_is_heard_decides_what_is_done(said: str | None, actions: list[Action]) -> None:
    assert list(Mind(AGENT).hear(said)) == actions


@pytest.mark.parametrize(
    ("said", "city"),
    [
        ("weather in new york", "New York"),
        ("Tell me the weather in New York please", "New York"),
        ("weather in Timbuktu", "timbuktu"),
        ("is it cold in London now", "London"),
    ],
)
def test_a_slot_takes_its_own_words_or_what_was_typed(said: str, city: str) -> None:
    *_, use = Mind(AGENT).hear(said)
    assert isinstance(use, UseTool)
    assert use.args["city"] == city


def test_the_answer_of_a_tool_fills_the_templates() -> None:
    mind = Mind(AGENT)
    mind.hear("weather in London")
    result = '{"temperature": 21.0, "sky": ["clear"]}'
    assert mind.answer(ToolOutcome(result)) == (Say("In London: 21 and clear, unknown."),)
    mind.hear("weather in London")
    assert mind.answer(ToolOutcome(error="too late")) == (Say("Sorry, too late."),)
    mind.hear("weather in London")
    assert mind.answer(ToolOutcome(result, speaks=False)) == ()


@pytest.mark.parametrize(
    ("outcome", "actions"),
    [
        (ToolOutcome("plain words"), (Say("The answer is: plain words."),)),
        (
            ToolOutcome('{"dayOfWeek": "monday", "is_free": true}'),
            (Say("The answer is: day of week monday, is free yes."),),
        ),
        (ToolOutcome(""), (Say("Done."),)),
        (ToolOutcome(error="it broke"), (Say("Sorry, that did not work: it broke."),)),
        (ToolOutcome("x", speaks=False), ()),
    ],
)
def test_a_rule_without_then_reads_the_answer_out(outcome: ToolOutcome, actions: tuple[Action, ...]) -> None:
    mind = Mind(AGENT)
    mind.hear("save the date")
    assert mind.answer(outcome) == actions


def test_hanging_up_waits_for_the_tool() -> None:
    mind = Mind(AGENT)
    assert mind.hear("end this now") == (UseTool("hangUp"),)
    assert mind.answer(ToolOutcome("ok")) == (HangUp(),)


def test_next_rules_hold_for_the_next_turn_only_but_survive_what_is_not_understood() -> None:
    mind = Mind(AGENT)
    mind.hear("a room please")
    assert mind.hear(None) == (Say("Pardon?"),)
    assert mind.hear("no") == (Say("Well then."),)
    assert mind.hear("no") == (Say("Pardon?"),)


def test_alternatives_are_used_in_turn_and_greetings_by_call() -> None:
    mind = Mind(AGENT)
    assert [mind.hear("joke") for _ in range(3)] == [(Say("First."),), (Say("Second."),), (Say("First."),)]
    assert Mind(AGENT, 1).greet() == (Say("Good day."),)
    assert Mind(AGENT, 2).greet() == (Say("Hello."),)


def test_all_phrases_can_be_heard_at_any_time() -> None:
    assert set(Mind(AGENT).phrases) >= {"yes", "no", "weather in New York", "is it cold in London now"}
