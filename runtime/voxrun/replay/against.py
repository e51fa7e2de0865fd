"""Recorded sessions against a changed scenario: which calls would go another way, from which line, and how.

The recorded events go into a realm with the new scripts. What the realm asks of the world (commands) decides:

- *same*: every command and every log line as before. Line numbers do not count: they move with each edit;
- *logs*: the same commands, other log lines. The world saw no difference, so the whole call is compared;
- *differs*: another command, or an uncaught error. The events after it were answers to what is not asked any
  more, so the rest of that call is not comparable.

A journal that cannot be read is one outcome among the others (*unreadable*), not the end.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct, field

from voxrun.errors import ConfigError, VoxrunError
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import RealmProvider, Script
from voxrun.session.messages import JsonObject
from voxrun.session.replay import (
    SECRET_MARK,
    PlayedTurn,
    Recording,
    missing_secrets,
    played_turns,
    read_recording,
)

Verdict = Literal["same", "logs", "differs", "unreadable"]

UNSEEN: Final = frozenset({"session.customdata", "log.tones"})
"""Commands that change nothing outside of the session's own records."""
_POSITION: Final = re.compile(r"\S+:\d+(?::\d+)?:?")
MOST_KEPT: Final = 20
"""Log changes of a call that are kept to be shown."""


class Change(Struct, frozen=True):
    """One record that is another now. ``before``/``after`` None: there is none."""

    number: int
    """Of the turn."""
    event: str
    """What the turn was about: an event's name, "" for the scripts' top level."""
    t: int
    before: JsonObject | None
    after: JsonObject | None

    @property
    def where(self) -> str:
        """The scenario's line: the new one's, else the old one's."""
        for record in (self.after, self.before):
            if record is not None and record.get("where"):
                return str(record["where"])
        return ""


class Outcome(Struct):
    """One session. ``turns`` counts all of it, ``compared`` those before the difference."""

    folder: Path
    verdict: Verdict = "same"
    turns: int = 0
    compared: int = 0
    difference: Change | None = None
    logs: list[Change] = field(default_factory=list)
    log_count: int = 0
    missing: tuple[str, ...] = ()
    """Secrets not given that the difference may come of."""
    problem: str = ""


def session_folders(paths: Sequence[Path], kinds: Sequence[str] = ("journal.jsonl",)) -> list[Path]:
    """The session folders among ``paths`` and, where one is none itself, those inside it, by name.

    ``kinds`` are names of files that make a folder one. Raises ConfigError for a path without any.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir() or any((path / kind).exists() for kind in kinds):
            found.append(path)
            continue
        inside = sorted({child.parent for kind in kinds for child in path.glob(f"*/{kind}")})
        if not inside:
            raise ConfigError(
                f"{path}: no session's folder, and none in it (there is no {' or '.join(kinds)})"
            )
        found += inside
    return list(dict.fromkeys(found))


async def compare_sessions(
    folders: Sequence[Path], scripts: tuple[Script, ...], secrets: Mapping[str, str]
) -> list[Outcome]:
    """Run each session against ``scripts``, in order."""
    realms = InlineRealms()
    try:
        return [await _compare(folder, scripts, secrets, realms) for folder in folders]
    finally:
        await realms.close()


async def _compare(
    folder: Path, scripts: tuple[Script, ...], secrets: Mapping[str, str], realms: RealmProvider
) -> Outcome:
    outcome = Outcome(folder)
    try:
        recording = read_recording(folder)
        outcome.turns = len(recording.turns)
        await _play(recording, scripts, secrets, realms, outcome)
    except VoxrunError as error:
        outcome.verdict, outcome.problem = "unreadable", str(error)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        # A journal is a file that anything may have happened to; the other sessions are still to be compared.
        outcome.verdict, outcome.problem = "unreadable", f"{folder}: the journal is damaged: {error!r}"
    return outcome


async def _play(
    recording: Recording,
    scripts: tuple[Script, ...],
    secrets: Mapping[str, str],
    realms: RealmProvider,
    outcome: Outcome,
) -> None:
    keeps_going = bool(recording.header.get("keepGoing"))
    async with aclosing(played_turns(recording, secrets, realms, scripts)) as played:
        async for each in played:
            logs = [*_log_changes(each, keeps_going)]
            outcome.log_count += len(logs)
            outcome.logs += logs[: MOST_KEPT - len(outcome.logs)]
            found = _difference(each, keeps_going)
            if found is not None:
                outcome.verdict, outcome.difference = "differs", found
                if SECRET_MARK in f"{found.before}{found.after}":
                    outcome.missing = missing_secrets(recording, secrets)
                return
            outcome.compared += 1
    outcome.verdict = "logs" if outcome.log_count else "same"


def _difference(each: PlayedTurn, keeps_going: bool) -> Change | None:
    """The first thing of a turn that the world would notice."""
    before = [record for record in each.turn.outputs if _matters(record, keeps_going)]
    after = [record for record in each.actual if _matters(record, keeps_going)]
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else None
        new = after[index] if index < len(after) else None
        if old is None or new is None or essence(old) != essence(new):
            return _change(each, old, new)
    return None


def _log_changes(each: PlayedTurn, keeps_going: bool) -> Iterator[Change]:
    before = [record for record in each.turn.outputs if not _matters(record, keeps_going)]
    after = [record for record in each.actual if not _matters(record, keeps_going)]
    old_keys, new_keys = ([repr(essence(record)) for record in side] for side in (before, after))
    matcher = difflib.SequenceMatcher(None, old_keys, new_keys, autojunk=False)
    for what, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if what == "equal":
            continue
        for index in range(max(old_to - old_from, new_to - new_from)):
            old = before[old_from + index] if old_from + index < old_to else None
            new = after[new_from + index] if new_from + index < new_to else None
            yield _change(each, old, new)


def _matters(record: JsonObject, keeps_going: bool) -> bool:
    if record["k"] == "command":
        return record["kind"] not in UNSEEN
    return record["k"] == "error" and not keeps_going


def essence(record: JsonObject) -> dict[str, Any]:
    """A record without what an edit elsewhere in the file changes: line numbers and code frames."""
    if record["k"] == "error":
        first = str(record["message"]).partition("\n")[0]
        return {"k": "error", "message": _POSITION.sub("", first)}
    return {key: value for key, value in record.items() if key not in ("n", "t", "where")}


def _change(each: PlayedTurn, before: JsonObject | None, after: JsonObject | None) -> Change:
    event = each.turn.event.kind if each.turn.event is not None else ""
    return Change(each.number, event, each.turn.t, before, after)
