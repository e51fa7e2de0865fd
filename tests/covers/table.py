"""docs/coverage.md and realm/silent.txt, from the surface, what the realm has, and the tests' claims."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tests.covers.claims import Claim
from voxrun.cli.scan.built import Built
from voxrun.cli.scan.surface import Surface
from voxrun.realm.support import PARTLY, not_here

PROVIDERS = (
    *(
        "Cartesia",
        "Deepgram",
        "ElevenLabs",
        "Gemini",
        "Google",
        "Grok",
        "Inworld",
        "MCP",
        "OpenAI",
        "Pipecat",
    ),
    *("Silero", "VoxTTS", "XAI", "Yandex"),
)
"""Voice-AI providers of a later round: one row each."""

CONSTRUCTED = ("IVRState", "Net.HttpRequestOptions")
"""Classes that scenarios construct themselves."""

UNSEEN = ("BasePlayer", "Net.HttpRequestOptions")
"""Classes whose members have no rows: a base of others, and a bag of options."""

FIRST = ("", "VoxEngine", "AppEvents", "Call", "CallEvents", "Net", "Logger")
"""Owners at the head of the page, the rest by name; "" are the globals."""

HEAD = """\
# What voxrun covers

Made by `python -m tests.covers` from the API's names, from what a realm really holds, and from the tests.

- **works**: the named test calls the member and checks its event or what it returns.
  `python -m tests.covers --prove` takes each member away and shows that its test fails then.
- **partly**: works, with what is missing; or it is there and no test vouches for it.
- **not there**: calling it throws an error that names it; an event never comes. "Not yet" may come, other
  reasons say why it will not.

`voxrun check FILE.js` finds the uses of what is missing in a scenario, by line.

"""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    owner: str
    member: str
    state: str
    note: str


def members(surface: Surface) -> list[str]:
    """Everything that a row stands for, dotted: functions, methods, events, enums of values, lookups."""
    methods = [f"{name}.{method}" for name, held in _concrete(surface) for method in held]
    events = [f"{enum}.{member}" for enum in event_enums(surface) for member in surface.enums[enum]]
    plain = [enum for enum in surface.enums if enum not in event_enums(surface)]
    everything = {*surface.functions, *methods, *events, *plain, *surface.lenient, *CONSTRUCTED, "Modules"}
    return sorted(name for name in everything if name.split(".")[0] not in PROVIDERS)


def _concrete(surface: Surface) -> list[tuple[str, dict[str, list[object]]]]:
    return [(name, held) for name, held in surface.classes.items() if name not in UNSEEN]


def event_enums(surface: Surface) -> set[str]:
    """Enums whose members are names of events."""
    return {name.rpartition(".")[0] for name in surface.events} & set(surface.enums)


def values(surface: Surface) -> dict[str, str]:
    """Event -> the text it is known by."""
    enums = event_enums(surface)
    return {f"{enum}.{name}": str(value) for enum in enums for name, value in surface.enums[enum].items()}


def kinds(surface: Surface) -> dict[str, tuple[str, str]]:
    """Member -> ("function" | "method" | "event" | "names", an event's text)."""
    events = values(surface)
    found = {name: ("event", value) for name, value in events.items()}
    for name in members(surface):
        owner = name.rpartition(".")[0]
        if name in events:
            continue
        kind = "names"
        if name in surface.functions or name in CONSTRUCTED:
            kind = "function"
        elif owner in surface.classes:
            kind = "method"
        found[name] = (kind, "")
    return found


def rows(surface: Surface, built: Built, claims: Iterable[Claim]) -> list[Row]:
    """All rows, in the order of the page."""
    tests: dict[str, list[str]] = defaultdict(list)
    for claim in claims:
        tests[claim.member].append(claim.test)
    named = values(surface)
    made = [_row(name, built, tests.get(name, []), name in named) for name in members(surface)]
    return sorted(made, key=lambda row: (_rank(row.owner), row.owner, row.member))


def _rank(owner: str) -> int:
    return FIRST.index(owner) if owner in FIRST else len(FIRST)


def _row(name: str, built: Built, tests: list[str], is_event: bool) -> Row:
    owner, _, member = name.rpartition(".")
    if not owner and name[0].isupper():
        owner = "Enums and lookups"
    if reason := not_here(name):
        return Row(owner, member, "not there", reason)
    if tests:
        state, note = ("partly", f"{PARTLY[name]}; ") if name in PARTLY else ("works", "")
        return Row(owner, member, state, f"{note}`{min(tests)}`")
    if built.lacks(name):
        return Row(owner, member, "not there", "not yet")
    if is_event:
        return Row(owner, member, "not there", "no test has seen it come")
    return Row(owner, member, "partly", PARTLY.get(name, "no test vouches for it"))


def page(surface: Surface, built: Built, claims: Iterable[Claim]) -> str:
    """The whole page."""
    all_rows = rows(surface, built, claims)
    counts = {
        state: sum(row.state == state for row in all_rows) for state in ("works", "partly", "not there")
    }
    parts = [HEAD, ", ".join(f"{count} {state}" for state, count in counts.items()), ".\n"]
    for owner, group in groupby(all_rows, key=lambda row: row.owner):
        parts.append(
            f"\n## {owner or 'Globals'}\n\n| member | state | proof, or what is missing |\n|---|---|---|\n"
        )
        parts += (f"| `{row.member}` | {row.state} | {row.note} |\n" for row in group)
    parts += _providers(surface, built)
    return "".join(parts)


def _providers(surface: Surface, built: Built) -> Iterator[str]:
    yield "\n## Voice-AI providers\n\nUltravox is above.\n\n| namespace | state |\n|---|---|\n"
    for name in PROVIDERS:
        there = surface.modules.get(surface.namespaces.get(name, ""), "") in built.modules
        yield f"| `{name}` | {'partly' if there else 'not there, not yet'} |\n"


def silent(surface: Surface, claims: Iterable[Claim]) -> str:
    """Events that no test has seen come, one a line: what ``voxrun check`` warns of."""
    claimed = {claim.member for claim in claims}
    providers = {*PROVIDERS, "CCAI"}
    names = [name for name in values(surface) if name.split(".")[0] not in providers]
    return "".join(f"{name}\n" for name in sorted(names) if name not in claimed)
