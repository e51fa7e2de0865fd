"""An agent made from a call's own system prompt and tools, for when there is no agent file.

It greets in the spirit of the prompt, says what it understands when asked for help, and calls each tool
that the call declares, with arguments made from the tool's schema. Pure and repeatable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from voxrun.emulators.ultravox.script import AgentScript, Rule, Step, ToolUse
from voxrun.emulators.ultravox.template import normalise
from voxrun.emulators.ultravox.tools import Tool
from voxrun.session.messages import Json

CITIES: Final = ("London", "Paris", "Berlin", "New York", "Tokyo")
_PLACE: Final = re.compile(r"city|location|place|town", re.I)
_ENDS_CALL: Final = re.compile(r"hang.?up|end.?call|finish.?call|terminate|disconnect", re.I)
_QUOTED: Final = re.compile(
    r"(?:greet|say|saying|start|begin|open|answer)[^.\"“\n]{0,60}[\"“]([^\"”]{4,200})[\"”]", re.I
)
_NAMED: Final = re.compile(r"\b(?i:your name is|you are|you're|call yourself)\s+([A-Z][a-z]+)\b")
_ROLE: Final = re.compile(r"\byou(?:'re| are)\s+(?:[A-Z][a-z]+,\s*)?(an?\s+[^.,;:\n]{3,80})", re.I)
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}]*\}\}|<[^<>]*>")


def agent_from_prompt(
    system_prompt: str, tools: Iterable[Tool], base: AgentScript | None = None
) -> AgentScript:
    """An agent for this call; faults, voice and vocabulary of ``base`` stay."""
    base = base or AgentScript()
    declared = tuple(tools)
    slots: dict[str, tuple[str, ...]] = {}
    callable_tools = [tool for tool in declared if not _ENDS_CALL.search(tool.name)]
    rules = [rule for tool in callable_tools for rule in _tool_rules(tool, slots)]
    menu = _menu(rules)
    return AgentScript(
        greeting=(greeting_from(system_prompt),),
        rules=(*rules, _goodbye(declared), *_small_talk(system_prompt, menu)),
        otherwise=Step(says=(f"I heard you, but I did not get that. {menu}", "Sorry, once more please?")),
        voice=base.voice,
        vocabulary=base.vocabulary,
        slots=slots,
        call_template=base.call_template,
        faults=base.faults,
        name=base.name,
        path=base.path,
    )


def greeting_from(system_prompt: str) -> str:
    """An opening line that suits the prompt."""
    prompt = _PLACEHOLDER.sub("", system_prompt)
    quoted = _QUOTED.search(prompt)
    if quoted:
        return _literal(quoted.group(1).strip())
    name, role = _NAMED.search(prompt), _ROLE.search(prompt)
    if name and role:
        what = _literal(" ".join(role.group(1).split()))
        return f"Hello, this is {name.group(1)}, {what}. How can I help you?"
    if name:
        return f"Hello, this is {name.group(1)}. How can I help you?"
    if role:
        return f"Hello, I am {_literal(' '.join(role.group(1).split()))}. How can I help you?"
    return "Hello! How can I help you?"


def _literal(text: str) -> str:
    return text.replace("{", "").replace("}", "")


def _small_talk(system_prompt: str, menu: str) -> tuple[Rule, ...]:
    who = greeting_from(system_prompt).split(". ")[0].removeprefix("Hello, ").rstrip(".!?")
    about = who[0].upper() + who[1:] if who.startswith(("I am", "this is")) else "I am a local voice agent"
    table: tuple[tuple[tuple[str, ...], str], ...] = (
        (("what can you do", "can you help me", "i need help", "help"), menu),
        (("who are you", "what is your name"), f"{about}, played by an emulator on this machine."),
        (("how are you today", "how are you"), "I am fine, thank you. What can I do for you?"),
        (("thank you very much", "thank you", "thanks"), "You are welcome."),
        (("good morning", "hello there", "hello", "hi"), "Hello again! What can I do for you?"),
        (("yes please", "yes"), "All right."),
        (("no thank you", "no"), "Very well."),
        (
            ("tell me a long story", "tell me a story"),
            "Once upon a time there was a telephone that rang day and night. Nobody answered it, until one "
            "day a curious program picked up the receiver and said hello. It listened, it answered, and when "
            "somebody interrupted, it fell silent at once. And so they talked happily ever after.",
        ),
    )
    return tuple(Rule(hears, Step(says=(says,))) for hears, says in table)


def _menu(rules: Iterable[Rule]) -> str:
    examples = [f'"{rule.hears[0]}"' for rule in rules]
    known = [re.sub(r"\{(\w+)\}", "London", example) for example in examples[:6]]
    return f'You can say {", ".join([*known, chr(34) + "tell me a story" + chr(34)])}, or "goodbye".'


def _goodbye(tools: tuple[Tool, ...]) -> Rule:
    hears = ("goodbye", "bye bye", "good bye", "hang up", "hang up please", "end the call")
    ending = next((tool for tool in tools if _ENDS_CALL.search(tool.name)), None)
    if ending is None:
        return Rule(hears, Step(says=("Goodbye! You can hang up whenever you like.",)))
    use = ToolUse(ending.name, _arguments(ending, {}, said=False))
    return Rule(hears, Step(says=("Goodbye!",), tool=use, then=Step()))


def _tool_rules(tool: Tool, slots: dict[str, tuple[str, ...]]) -> list[Rule]:
    """Rules that call ``tool``: with the slot filled in by the caller, and without."""
    words = _name_words(tool.name)
    subject = re.sub(r"^(get|check|fetch|find|look up|lookup|query|read|show) ", "", words)
    wait = ("One moment, please.",) if tool.awaited else ()
    rules: list[Rule] = []
    slot = _slot(tool, slots)
    if slot:
        link = "in" if _PLACE.search(slot) else "for"
        hears = tuple(f"{start} {link} {{{slot}}}" for start in (words, subject, f"what is the {subject}"))
        use = ToolUse(tool.name, _arguments(tool, slots, said=True))
        rules.append(Rule(tuple(dict.fromkeys(hears)), Step(says=wait, tool=use)))
    bare = tuple(dict.fromkeys(each for each in (words, subject, f"{subject} please") if each))
    rules.append(Rule(bare, Step(says=wait, tool=ToolUse(tool.name, _arguments(tool, slots, said=False)))))
    return rules


def _name_words(name: str) -> str:
    return normalise(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " "))


def _slot(tool: Tool, slots: dict[str, tuple[str, ...]]) -> str:
    """The one parameter that callers can fill in by saying it; "" for none."""
    for parameter in tool.dynamic:
        words = tuple(word for word in parameter.choices if isinstance(word, str) and normalise(word))
        if not words and _PLACE.search(parameter.name) and parameter.kind in ("", "string"):
            words = CITIES
        if words:
            name = _slot_name(tool, parameter.name)
            slots[name] = words[:50]
            return name
    return ""


def _arguments(tool: Tool, slots: Mapping[str, tuple[str, ...]], said: bool) -> dict[str, Json]:
    """Arguments for the tool; ``said``: the caller named the slot's word."""
    args: dict[str, Json] = {}
    for parameter in tool.dynamic:
        slot = _slot_name(tool, parameter.name)
        if said and slot in slots:
            args[parameter.name] = f"{{{slot}}}"
        elif parameter.required or slot in slots:
            args[parameter.name] = sample(parameter.kind, parameter.choices, parameter.name)
    return args


def _slot_name(tool: Tool, parameter: str) -> str:
    return "slot_" + re.sub(r"\W", "_", f"{tool.name}_{parameter}")


def sample(kind: str, choices: tuple[Json, ...], name: str) -> Json:
    """A plausible value for a parameter nobody spoke about."""
    if choices:
        return choices[0]
    if _PLACE.search(name):
        return CITIES[0]
    values: dict[str, Json] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return values.get(kind, "example")
