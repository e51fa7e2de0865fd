"""An agent out of nothing but the call's prompt and tools."""

from __future__ import annotations

import pytest

from voxrun.emulators.ultravox.mind import Mind, Say, UseTool
from voxrun.emulators.ultravox.prompt import agent_from_prompt, greeting_from
from voxrun.emulators.ultravox.tools import Parameter, Tool

WEATHER = Tool(
    "getWeather",
    "client",
    "The weather.",
    (Parameter("location", kind="string", required=True), Parameter("days", kind="integer")),
)
SIZE = Parameter("size", kind="string", choices=("single", "double"))
ROOM = Tool("book_room", "client", "", (SIZE, Parameter("nights", kind="integer", required=True)))
END = Tool("hangUp", "built_in")


@pytest.mark.parametrize(
    ("prompt", "greeting"),
    [
        ("", "Hello! How can I help you?"),
        ("Be brief.", "Hello! How can I help you?"),
        ('You are Bob. Greet the caller with "Hi, Bob here!" and wait.', "Hi, Bob here!"),
        ("Always start by saying “Good day, ACME.”", "Good day, ACME."),
        ("You are Anna. You sell shoes.", "Hello, this is Anna. How can I help you?"),
        ("Your name is Anna.", "Hello, this is Anna. How can I help you?"),
        (
            "You are a helpful assistant for {{company}}.",
            "Hello, I am a helpful assistant for. How can I help you?",
        ),
        ("you are an expert, really", "Hello, I am an expert. How can I help you?"),
    ],
)
def test_the_greeting_suits_the_prompt(prompt: str, greeting: str) -> None:
    assert greeting_from(prompt) == greeting


def test_each_declared_tool_can_be_called_by_saying_its_name() -> None:
    mind = Mind(agent_from_prompt("", [WEATHER, ROOM, END]))
    wait = Say("One moment, please.")
    assert mind.hear("get weather") == (wait, UseTool("getWeather", {"location": "London"}))
    assert mind.hear("weather in tokyo") == (wait, UseTool("getWeather", {"location": "Tokyo"}))
    assert mind.hear("book room for double") == (wait, UseTool("book_room", {"size": "double", "nights": 1}))
    assert mind.hear("goodbye") == (Say("Goodbye!"), UseTool("hangUp", {}))


def test_without_a_tool_for_it_goodbye_does_not_hang_up() -> None:
    (says,) = Mind(agent_from_prompt("", [])).hear("goodbye")
    assert isinstance(says, Say)


def test_help_says_what_it_understands() -> None:
    (menu,) = Mind(agent_from_prompt("", [WEATHER])).hear("what can you do")
    assert isinstance(menu, Say)
    assert '"get weather in London"' in menu.text
    assert "goodbye" in menu.text


def test_something_else_is_answered_too() -> None:
    mind = Mind(agent_from_prompt("You are Anna.", []))
    assert mind.hear("HI!") == (Say("Hello again! What can I do for you?"),)
    (says,) = mind.hear(None)
    assert isinstance(says, Say)
    assert "did not get that" in says.text
