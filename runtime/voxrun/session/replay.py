"""Replay: a journal's events go into a fresh realm, and what it asks for is compared with the journal.

Up to the first difference everything is equal, record for record. After it nothing can be compared: the
events that followed were answers to commands that are no longer the same.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from voxrun.errors import ConfigError
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import BootInfo, RealmPort, RealmProvider, Script, TurnResult
from voxrun.session.header import script_entry
from voxrun.session.journal import VERSION, command_record
from voxrun.session.messages import Event, JsonObject
from voxrun.session.redact import Redactor

SECRET_MARK = "«secret:"


class RecordedTurn(Struct, frozen=True):
    """One event (None: the boot) and the records that its turn gave."""

    event: Event | None
    t: int
    outputs: tuple[JsonObject, ...]


class Recording(Struct, frozen=True):
    """A session's journal, read."""

    header: JsonObject
    turns: tuple[RecordedTurn, ...]
    scripts: tuple[Script, ...]


class PlayedTurn(Struct, frozen=True):
    """A recorded turn and what the same event gives now, in the shape of ``outputs_of``."""

    number: int
    turn: RecordedTurn
    actual: tuple[JsonObject, ...]


class Difference(Struct, frozen=True):
    """The first turn that gave something else. ``expected``/``actual`` None: nothing there."""

    turn: RecordedTurn
    number: int
    expected: JsonObject | None
    actual: JsonObject | None
    missing_secrets: tuple[str, ...] = ()


class Replay(Struct):
    """How a replay went."""

    turns: int = 0
    outputs: int = 0
    difference: Difference | None = None
    notes: list[str] = field(default_factory=list)


def read_recording(folder: Path) -> Recording:
    """Read ``journal.jsonl`` and the scripts beside it. Raises ConfigError with the line at fault."""
    path = folder / "journal.jsonl"
    records = [*_records(path)]
    if not records or records[0].get("k") != "header":
        raise ConfigError(f"{path}:1: this is no journal of voxrun: its first record must be the header")
    header = records[0]
    if header.get("version") != VERSION:
        raise ConfigError(
            f"{path}:1: journal version {header.get('version')}, this voxrun reads version {VERSION}"
        )
    for name in ("seed", "startMs"):
        if not isinstance(header.get(name), int):
            raise ConfigError(f"{path}:1: the header is damaged: it has no {name}")
    try:
        turns = tuple(_turns(records[1:]))
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{path}: a record is damaged: {error!r}") from None
    return Recording(header, turns, scripts_beside(folder, header))


def _records(path: Path) -> Iterator[JsonObject]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}. A session's folder is wanted."
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: cannot be read: {error}. A session's folder is wanted.") from None
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                return  # the process was killed in mid-line: what is whole still counts
            raise ConfigError(f"{path}:{number}:{error.colno}: no JSON: {error.msg}") from None
        if not isinstance(record, dict):
            raise ConfigError(f"{path}:{number}: a record must be an object")
        yield record


def _turns(records: Sequence[JsonObject]) -> Iterator[RecordedTurn]:
    event: Event | None = None
    t = 0
    outputs: list[JsonObject] = []
    for record in records:
        kind = record.get("k")
        if kind == "event":
            yield RecordedTurn(event, t, tuple(outputs))
            data = record.get("data")
            event = Event(str(record["kind"]), str(record["id"]), data if isinstance(data, dict) else {})
            t = int(str(record["t"]))
            outputs = []
        elif kind in ("command", "log", "error") and not record.get("own"):
            outputs.append(record)
    yield RecordedTurn(event, t, tuple(outputs))


def scripts_beside(folder: Path, header: JsonObject) -> tuple[Script, ...]:
    """The scripts that ran, from their copies in ``folder``. Raises ConfigError where they are others."""
    scripts = []
    entries = header.get("scripts")
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, dict):
            raise ConfigError(f"{folder}: the header's list of scripts is damaged")
        path = folder / str(entry.get("file"))
        try:
            # As bytes: read_text would turn CRLF into LF, and it must be the very text that ran.
            script = Script(str(entry.get("name")), path.read_bytes().decode("utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: the scenario that ran is missing: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}: this is not the text that ran: {error}") from None
        if script_entry(number, script)["sha256"] != entry.get("sha256"):
            raise ConfigError(f"{path}: this is not the text that ran (its checksum differs)")
        scripts.append(script)
    return tuple(scripts)


async def replay_recording(recording: Recording, secrets: Mapping[str, str]) -> Replay:
    """Feed the events to a fresh realm in this process; stops at the first difference."""
    realms = InlineRealms()
    missing = missing_secrets(recording, secrets)
    done = Replay()
    if missing:
        done.notes.append("secrets not given: " + ", ".join(missing))
    try:
        async with aclosing(played_turns(recording, secrets, realms)) as played:
            async for each in played:
                done.turns += 1
                done.difference = compare(each.turn, each.number, each.actual, missing)
                if done.difference is not None:
                    break
                done.outputs += len(each.actual)
    finally:
        await realms.close()
    return done


async def played_turns(
    recording: Recording,
    secrets: Mapping[str, str],
    realms: RealmProvider,
    scripts: tuple[Script, ...] | None = None,
) -> AsyncGenerator[PlayedTurn, None]:
    """Give the recorded events to a fresh realm, one after the other; ``scripts`` instead of those that ran.

    What comes after the first turn that asks for something else means nothing: stop there (``aclosing``).
    """
    realm = await realms.open(str(recording.header.get("session")))
    redactor = Redactor(secrets)
    info = _boot_info(recording, redactor, secrets)
    if scripts is not None:
        info = replace(info, scripts=scripts)
    try:
        for number, turn in enumerate(recording.turns):
            result = await _run_turn(realm, info, turn, redactor)
            actual = tuple(redactor.value(record) for record in outputs_of(result))
            yield PlayedTurn(number, turn, actual)
    finally:
        await realm.close()


async def _run_turn(realm: RealmPort, info: BootInfo, turn: RecordedTurn, redactor: Redactor) -> TurnResult:
    if turn.event is None:
        return await realm.boot(info)
    event = Event(turn.event.kind, turn.event.target, redactor.restore(turn.event.data))
    return await realm.turn(event, info.start_ms + turn.t)


def _boot_info(recording: Recording, redactor: Redactor, secrets: Mapping[str, str]) -> BootInfo:
    header: dict[str, Any] = dict(recording.header)
    names = set(header.get("secrets") or [])
    return BootInfo(
        scripts=recording.scripts,
        seed=header["seed"],
        start_ms=header["startMs"],
        custom_data=redactor.restore(header.get("customData") or ""),
        secrets={name: secrets.get(name, f"{SECRET_MARK}{name}»") for name in names},
        limits=header.get("limits") or {},
        session=redactor.restore(header.get("started") or {}),
        keep_going=bool(header.get("keepGoing")),
    )


def missing_secrets(recording: Recording, secrets: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the secrets that the session had and that were not given now."""
    names = recording.header.get("secrets")
    return tuple(str(name) for name in names if name not in secrets) if isinstance(names, list) else ()


def outputs_of(result: TurnResult) -> list[JsonObject]:
    """What a turn gave, in the shape of journal records without number and time."""
    records: list[JsonObject] = []
    for command in result.commands:
        kind, data = command_record(command)
        records.append({"k": kind, **data})
    errors = [*result.survived, *([result.error] if result.error else [])]
    for error in errors:
        records.append({"k": "error", "message": error.message})
        if error.where:
            records[-1]["where"] = error.where
    return records


def compare(
    turn: RecordedTurn, number: int, actual: Sequence[JsonObject], missing: tuple[str, ...]
) -> Difference | None:
    """The first record of a turn that differs, None when all are equal."""
    expected = [
        {key: value for key, value in record.items() if key not in ("n", "t")} for record in turn.outputs
    ]
    for index in range(max(len(expected), len(actual))):
        before = expected[index] if index < len(expected) else None
        after = actual[index] if index < len(actual) else None
        if before != after:
            touched = SECRET_MARK in json.dumps([before, after], ensure_ascii=False)
            return Difference(turn, number, before, after, missing if touched else ())
    return None


def report(folder: Path, recording: Recording, done: Replay) -> list[str]:
    """The outcome for people, a line each."""
    lines = [f"note: {note}" for note in done.notes]
    if done.difference is None:
        lines.append(f"{folder}: equal: {done.turns} turns, {done.outputs} commands and log lines")
        return lines
    found = done.difference
    what = "the scripts' top level" if found.turn.event is None else found.turn.event.kind
    lines.append(
        f"{folder}: differs in turn {found.number} of {len(recording.turns)}, {what} at {found.turn.t} ms"
    )
    lines += ["  recorded: " + describe(found.expected), "  now:      " + describe(found.actual)]
    if found.missing_secrets:
        lines.append("  this may come of the missing secrets: " + ", ".join(found.missing_secrets))
    rest = len(recording.turns) - found.number - 1
    if rest:
        lines.append(f"  the {rest} turns after it are not comparable")
    return lines


def describe(record: JsonObject | None) -> str:
    """One record in one line."""
    if record is None:
        return "nothing"
    where = f" ({record['where']})" if record.get("where") else ""
    if record["k"] == "log":
        return f"log {json.dumps(record['text'], ensure_ascii=False)}{where}"
    if record["k"] == "error":
        return f"error {str(record['message']).splitlines()[0]}{where}"
    return f"{record['kind']} {json.dumps(record['data'], ensure_ascii=False)}{where}"


def replay(folder: Path, secrets: Mapping[str, str]) -> int:
    """``voxrun replay``: 0 equal, 1 different."""
    recording = read_recording(folder)
    done = asyncio.run(replay_recording(recording, secrets))
    print("\n".join(report(folder, recording, done)))
    return 0 if done.difference is None else 1
