"""What the agent does about what it hears: a state machine without clock, sockets or audio.

In: ``greet``, ``hear(text)`` (None for speech that could not be made out), ``answer(outcome)`` of a tool.
Out: the ``Action``s to do, in order. Between a ``UseTool`` and its ``answer`` the mind waits: it must not
be asked anything else (the conversation is frozen then).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct, field

from voxrun.emulators.ultravox.script import AgentScript, Rule, Step
from voxrun.emulators.ultravox.template import (
    MISSING,
    expand,
    fill,
    fill_json,
    matcher,
    normalise,
    parse_result,
    spoken,
)
from voxrun.session.messages import Json, JsonObject


class Say(Struct, frozen=True):
    """Speak (or write) a text."""

    text: str
    uninterruptible: bool = False


class UseTool(Struct, frozen=True):
    """Call a tool; its outcome goes to ``Mind.answer``."""

    name: str
    args: JsonObject = field(default_factory=dict)


class HangUp(Struct, frozen=True):
    """End the call once everything before has been spoken."""


Action: TypeAlias = Say | UseTool | HangUp


class ToolOutcome(Struct, frozen=True):
    """How a tool call ended. ``error`` is "" when it went well; ``speaks`` False keeps the agent quiet."""

    result: str = ""
    error: str = ""
    speaks: bool = True


class _Heard(Struct, frozen=True):
    rule: Rule
    values: Mapping[str, Json]


class Mind:
    """One agent in one call."""

    def __init__(self, script: AgentScript, greeting_turn: int = 0) -> None:
        self.script = script
        self._greeting_turn = greeting_turn
        self._used: dict[tuple[str, ...], int] = {}
        """How often each list of alternatives was used."""
        self._next: tuple[Rule, ...] = ()
        self._waiting: Step | None = None
        self._values: Mapping[str, Json] = {}
        self.phrases: Final[tuple[str, ...]] = _phrases(script)
        """All that can be made out in speech, each once, in the order of the file."""

    def greet(self) -> tuple[Action, ...]:
        """The opening words; nothing when the script has none."""
        greetings = self.script.greeting
        if not greetings:
            return ()
        return (Say(fill(greetings[self._greeting_turn % len(greetings)], {"heard": ""})),)

    def hear(self, text: str | None) -> tuple[Action, ...]:
        """React to one turn of the caller."""
        followers, self._next = self._next, ()
        found = None if text is None else self._match(text, followers) or self._match(text, self.script.rules)
        if found is None:
            self._next = followers  # not understood: the question still stands
            return self._do(self.script.otherwise, {"heard": text or ""})
        return self._do(found.rule.step, {**found.values, "heard": text})

    def answer(self, outcome: ToolOutcome) -> tuple[Action, ...]:
        """Go on after the tool that the last ``UseTool`` asked for."""
        step, values = self._waiting, self._values
        self._waiting = None
        if step is None:  # a tool the client made us call
            return self._comment(outcome)
        values = {**values, "result": outcome.error or parse_result(outcome.result)}
        if outcome.error:
            texts = step.fails or (f"Sorry, that did not work: {outcome.error}.",)
            return (self._say(texts, values, step), *self._end(step))
        if step.then is not None:
            actions = self._do(step.then, values)
            if not outcome.speaks:
                actions = tuple(action for action in actions if not isinstance(action, Say))
            return (*actions, *self._end(step))
        if step.hangs_up:
            return self._end(step)
        return self._comment(outcome)

    def inherit(self, other: Mind) -> None:
        """Go on where ``other`` was: the same tool is being waited for."""
        self._waiting, self._values = other._waiting, other._values

    def forget_turn(self) -> None:
        """The turn was cut off before its tool was called: nothing is being waited for."""
        self._waiting = None

    def _comment(self, outcome: ToolOutcome) -> tuple[Action, ...]:
        if not outcome.speaks:
            return ()
        if outcome.error:
            return (Say(f"Sorry, that did not work: {outcome.error}."),)
        words = spoken(parse_result(outcome.result)).strip()
        return (Say(f"The answer is: {words}." if words else "Done."),)

    def _do(self, step: Step, values: Mapping[str, Json]) -> tuple[Action, ...]:
        actions: list[Action] = []
        if step.next:
            self._next = step.next
        if step.says:
            actions.append(self._say(step.says, values, step))
        if step.tool is not None:
            self._waiting, self._values = step, values
            args = fill_json(dict(step.tool.args), values)
            actions.append(UseTool(step.tool.name, args if isinstance(args, dict) else {}))
            return tuple(actions)
        return (*actions, *self._end(step))

    def _say(self, texts: tuple[str, ...], values: Mapping[str, Json], step: Step) -> Say:
        turn = self._used.get(texts, 0)
        self._used[texts] = turn + 1
        return Say(fill(texts[turn % len(texts)], values), step.uninterruptible)

    @staticmethod
    def _end(step: Step) -> tuple[Action, ...]:
        return (HangUp(),) if step.hangs_up else ()

    def _match(self, text: str, rules: tuple[Rule, ...]) -> _Heard | None:
        words = normalise(text)
        if not words:
            return None
        for exact in (True, False):
            for rule in rules:
                for phrase in rule.hears:
                    values = self._slots_of(phrase, words, exact)
                    if values is not None:
                        return _Heard(rule, values)
        return None

    def _slots_of(self, phrase: str, words: str, exact: bool) -> Mapping[str, Json] | None:
        """The slot words when ``phrase`` is what was said (``exact``) or is part of it; None when not."""
        if not exact and not normalise(fill(phrase, {}).replace(MISSING, "")):
            return None  # nothing but a slot: that takes its own words only
        found = matcher(phrase).fullmatch(words)
        if found is None:
            return None
        values: dict[str, Json] = {
            name: self._known_word(name, word, exact) for name, word in found.groupdict().items()
        }
        if any(value is None for value in values.values()):
            return None
        if exact and normalise(fill(phrase, values)) != words:
            return None
        return values

    def _known_word(self, name: str, said: str, exact: bool) -> str | None:
        """The slot's own spelling of what was said; other words are taken only from a loose match."""
        for word in self.script.slots.get(name, ()):
            plain = normalise(word)
            if said == plain or (not exact and said.startswith(plain + " ")):
                return word
        return None if exact else said


def _phrases(script: AgentScript) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for rule in _all_rules(script):
        for phrase in rule.hears:
            for said, _ in expand(phrase, script.slots):
                found.setdefault(said)
    for phrase in script.vocabulary:
        found.setdefault(phrase)
    return tuple(found)


def _all_rules(script: AgentScript) -> list[Rule]:
    rules: list[Rule] = []
    steps: list[Step | None] = [script.otherwise]
    waiting = list(script.rules)
    while waiting or steps:
        if waiting:
            rule = waiting.pop(0)
            rules.append(rule)
            steps.append(rule.step)
            continue
        step = steps.pop(0)
        if step is not None:
            steps.append(step.then)
            waiting += step.next
    return rules
