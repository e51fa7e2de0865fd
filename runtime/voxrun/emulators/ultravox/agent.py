"""Agent files (``*.agent.yaml``): what the emulated voice agent says and does.

A small one::

    greeting: Hello, this is the weather line. Which city?
    slots:
      city: [London, Paris, New York]
    rules:
      - hears: ["what is the weather in {city}", "how is it in {city}"]
        says: One moment.
        tool: {name: get_weather, args: {city: "{city}"}}
        then:
          says: In {city} it is {result.temperature} degrees.
        fails: I cannot reach the weather service.
      - hears: [goodbye, bye bye]
        says: Goodbye!
        hangs_up: true
    otherwise: Please name a city.

Keys of the file, all optional, at least ``greeting`` or ``rules``:

``greeting``    a text, or a list of which one is used a call, in turn. Without it the greeting comes from
                the call's system prompt. A call whose firstSpeakerSettings hold a text says that instead.
``rules``       a list; the first rule that fits what was heard is used.
``otherwise``   what to do when no rule fits: a text, a list of texts used in turn, or a step (below).
``voice``       ``{engine, name, variant, rate, pitch}`` or just a name; the default follows the call.
``vocabulary``  more phrases that can be made out in speech, although no rule is about them.
``slots``       ``name: [words]``; ``{name}`` in a phrase stands for any of them, and in ``says`` and
                ``args`` for the one that was heard. Typed messages may have other words in that place.
``name``        how the agent is called in the ``agent`` field of a call.
``call``        fields of StartCallRequest that a call to this agent by id starts from
                (``systemPrompt``, ``selectedTools``, ``firstSpeakerSettings``, ...).
``faults``      things that go wrong on purpose: ``refuse: {status, detail, retry_after, times}``,
                ``drop: {after}``, ``stall: {after, for}``, ``malformed_json``, ``odd_audio``. Times are
                seconds of the agent's speech (``1.5s``, ``300ms``).

A rule is ``hears`` (a phrase or a list of phrases) and a step. A step has:

``says``             a text, or a list of which one is used each time, in turn
``tool``             ``{name, args}``: called after ``says`` was spoken; texts in args may be templates
``then``             a step (or just its text) for when the tool has answered; ``{result}`` is the whole
                     answer, ``{result.a.b}`` or ``{result.0}`` a part of an answer that is JSON
``fails``            said when the tool reports an error or does not answer in time
``hangs_up``         true: the agent ends the call once it has spoken
``uninterruptible``  true: the caller cannot cut this step's speech short
``next``             rules that come before all others in the caller's next turn only

Templates also know ``{heard}``, the phrase as it was heard. ``{{`` is a plain brace.

Speech is understood acoustically against the phrases of all rules, the words of ``vocabulary`` and every
slot filled in: keep phrases two words or longer and unlike each other. Typed text is compared without case
and punctuation, and may contain a phrase within more words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from voxrun.emulators.ultravox.script import AgentScript, Faults, Rule, Step, ToolUse
from voxrun.emulators.ultravox.template import TemplateError, names_in, slot_names
from voxrun.speech.base import Voice
from voxrun.yamldoc import Item, parse_document, read_document, suggestion

FILE_KEYS: Final = (
    "greeting",
    "rules",
    "otherwise",
    "voice",
    "vocabulary",
    "slots",
    "name",
    "call",
    "faults",
)
STEP_KEYS: Final = ("says", "tool", "then", "fails", "hangs_up", "uninterruptible", "next")
RULE_KEYS: Final = ("hears", *STEP_KEYS)
MAX_DEPTH: Final = 20
MAX_PHRASES: Final = 2000
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_TOOL_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def load_agent(path: Path) -> AgentScript:
    """Read an agent file. Raises ConfigError with file:line:column."""
    return agent_of(read_document(path), str(path))


def parse_agent(text: str, path: str = "agent.yaml") -> AgentScript:
    """The same from a text."""
    return agent_of(parse_document(text, path), path)


def agent_of(root: Item, path: str) -> AgentScript:
    """The same from a node that was read already (an agent within a call script)."""
    try:
        return _read(root, path)
    except RecursionError:
        root.fail("an alias contains itself, or the file is nested too deeply")


def _read(root: Item, path: str) -> AgentScript:
    entries = root.mapping(FILE_KEYS)
    if not {"greeting", "rules", "faults", "call"} & entries.keys():
        root.fail("an agent file needs at least a greeting or rules")
    slots = _slots(entries["slots"]) if "slots" in entries else {}
    reader = _StepReader(slots)
    script = AgentScript(
        greeting=reader.texts(entries["greeting"], frozenset()) if "greeting" in entries else (),
        rules=reader.rules(entries["rules"], 0) if "rules" in entries else (),
        voice=_voice(entries["voice"]) if "voice" in entries else None,
        vocabulary=entries["vocabulary"].texts() if "vocabulary" in entries else (),
        slots=slots,
        call_template=entries["call"].json_object() if "call" in entries else {},
        faults=_faults(entries["faults"]) if "faults" in entries else Faults(),
        name=entries["name"].text() if "name" in entries else Path(path).name.split(".")[0],
        path=path,
        **(
            {"otherwise": reader.step(entries["otherwise"], frozenset(), 0)} if "otherwise" in entries else {}
        ),
    )
    return script


def _slots(item: Item) -> dict[str, tuple[str, ...]]:
    slots: dict[str, tuple[str, ...]] = {}
    for name, words in item.mapping().items():
        if not _NAME.fullmatch(name) or name in ("result", "heard"):
            words.fail(f"{name!r} cannot name a slot: use letters, digits and _, not 'result' or 'heard'")
        slots[name] = words.texts()
    return slots


class _StepReader:
    """Reads rules and steps, checking the names in templates."""

    def __init__(self, slots: dict[str, tuple[str, ...]]) -> None:
        self._slots = slots
        self._phrases = 0

    def rules(self, item: Item, depth: int) -> tuple[Rule, ...]:
        return tuple(self._rule(each, depth) for each in item.items())

    def _rule(self, item: Item, depth: int) -> Rule:
        entries = item.mapping(RULE_KEYS)
        if "hears" not in entries:
            item.fail(f"{item.name} needs 'hears': the phrase or phrases it is about")
        hears = entries.pop("hears")
        phrases = hears.texts()
        names = [frozenset(self._phrase_slots(phrase, hears)) for phrase in phrases]
        known = frozenset.intersection(*names)
        if not entries:
            item.fail(f"{item.name} does nothing: give it says, tool or hangs_up")
        return Rule(phrases, self._step(item, entries, known, depth), item.where)

    def _phrase_slots(self, phrase: str, item: Item) -> list[str]:
        try:
            names = slot_names(phrase)
        except TemplateError as error:
            item.fail(f"in {phrase!r}: {error}")
        count = 1
        for name in names:
            if name not in self._slots:
                item.fail(
                    f"{phrase!r} uses the slot {name!r}, which slots does not have"
                    f"{suggestion(name, self._slots)}"
                )
            count *= len(self._slots[name])
        self._phrases += count
        if self._phrases > MAX_PHRASES:
            item.fail(f"with its slots filled in the file has more than {MAX_PHRASES} phrases; use fewer")
        return names

    def step(self, item: Item, known: frozenset[str], depth: int) -> Step:
        """A step given as a mapping, or as its text alone."""
        if not item.is_mapping:
            return Step(says=self.texts(item, known))
        return self._step(item, item.mapping(STEP_KEYS), known, depth)

    def _step(self, item: Item, entries: dict[str, Item], known: frozenset[str], depth: int) -> Step:
        if depth > MAX_DEPTH:
            item.fail(f"steps are nested more than {MAX_DEPTH} deep")
        for key in ("then", "fails"):
            if key in entries and "tool" not in entries:
                entries[key].fail(f"'{key}' follows a tool's answer: {item.name} has no tool")
        return Step(
            says=self.texts(entries["says"], known) if "says" in entries else (),
            tool=self._tool(entries["tool"], known) if "tool" in entries else None,
            then=self.step(entries["then"], known | {"result"}, depth + 1) if "then" in entries else None,
            fails=self.texts(entries["fails"], known | {"result"}) if "fails" in entries else (),
            hangs_up="hangs_up" in entries and entries["hangs_up"].boolean(),
            uninterruptible="uninterruptible" in entries and entries["uninterruptible"].boolean(),
            next=self.rules(entries["next"], depth + 1) if "next" in entries else (),
        )

    def _tool(self, item: Item, known: frozenset[str]) -> ToolUse:
        if not item.is_mapping:
            name, args = item, None
        else:
            entries = item.mapping(("name", "args"))
            if "name" not in entries:
                item.fail(f"{item.name} needs 'name'")
            name, args = entries["name"], entries.get("args")
        if not _TOOL_NAME.fullmatch(name.text()):
            name.fail(f"{name.text()!r} is no tool name: letters, digits, _ and -, at most 64")
        if args is not None:
            self._check_args(args, known)
        return ToolUse(name.text(), args.json_object() if args is not None else {})

    def _check_args(self, item: Item, known: frozenset[str]) -> None:
        if item.is_mapping:
            for value in item.mapping().values():
                self._check_args(value, known)
        elif item.is_list:
            for value in item.items():
                self._check_args(value, known)
        elif not item.is_null:
            self._check(item, item.text(), known)

    def texts(self, item: Item, known: frozenset[str]) -> tuple[str, ...]:
        """Texts to say, their templates checked."""
        texts = item.texts()
        for each, text in zip(item.items() if item.is_list else [item], texts, strict=True):
            self._check(each, text, known)
        return texts

    def _check(self, item: Item, text: str, known: frozenset[str]) -> None:
        allowed = known | {"heard"}
        try:
            names = names_in(text)
        except TemplateError as error:
            item.fail(f"in {text!r}: {error}")
        for name in names:
            if name not in allowed:
                item.fail(f"{{{name}}} is not known here{suggestion(name, allowed)}")


def _voice(item: Item) -> Voice:
    if not item.is_mapping:
        return Voice(name=item.text())
    entries = item.mapping(("engine", "name", "variant", "rate", "pitch"))
    engine = entries["engine"].text() if "engine" in entries else "auto"
    if engine not in ("auto", "piper", "espeak"):
        entries["engine"].fail(f"engine must be auto, piper or espeak, not {engine!r}")
    return Voice(
        engine=engine,
        name=entries["name"].text() if "name" in entries else Voice().name,
        variant=entries["variant"].text() if "variant" in entries else "",
        rate=round(entries["rate"].number(30, 300)) if "rate" in entries else 100,
        pitch=round(entries["pitch"].number(10, 300)) if "pitch" in entries else 100,
    )


def _faults(item: Item) -> Faults:
    entries = item.mapping(("refuse", "drop", "stall", "malformed_json", "odd_audio"))
    refuse = (
        entries["refuse"].mapping(("status", "detail", "retry_after", "times")) if "refuse" in entries else {}
    )
    if "refuse" in entries and "status" not in refuse:
        entries["refuse"].fail("faults.refuse needs 'status', for example 429")
    drop = entries["drop"].mapping(("after",)) if "drop" in entries else None
    stall = entries["stall"].mapping(("after", "for")) if "stall" in entries else None
    return Faults(
        refuse_status=round(refuse["status"].number(400, 599)) if refuse else 0,
        refuse_detail=refuse["detail"].text() if "detail" in refuse else "",
        retry_after=round(refuse["retry_after"].number(0, 86400)) if "retry_after" in refuse else None,
        refuse_times=round(refuse["times"].number(0, 1e6)) if "times" in refuse else 0,
        drop_after=None if drop is None else _seconds(drop, "after", 0.5),
        stall_after=None if stall is None else _seconds(stall, "after", 0.5),
        stall_for=0.0 if stall is None else _seconds(stall, "for", 5.0),
        malformed_json="malformed_json" in entries and entries["malformed_json"].boolean(),
        odd_audio="odd_audio" in entries and entries["odd_audio"].boolean(),
    )


def _seconds(entries: dict[str, Item], key: str, default: float) -> float:
    return entries[key].seconds() if key in entries else default
