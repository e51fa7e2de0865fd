"""The parts of a call script about what is around its first call: others who call, conferences, storage."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from voxrun.errors import ConfigError
from voxrun.replay.cassette import FILE_NAME, Cassette
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.format_parts import read_caller, read_voice
from voxrun.replay.format_phone import MANNERS
from voxrun.replay.script import Caller, ConferenceScripts, Stored
from voxrun.services.storage import DEFAULT_TTL, LONGEST_KEY, LONGEST_TTL, LONGEST_VALUE
from voxrun.yamldoc import Item

CALLER_KEYS: Final = ("from", "to", "display_name", "headers", "custom_data", "client", "voice", *MANNERS)
STORED_KEYS: Final = ("value", "ttl")


def read_callers(item: Item, destination: str, callees: tuple[str, ...]) -> tuple[Caller, ...]:
    """More people who call, by name; without ``to`` they call what the first caller does."""
    found = []
    for name, each in item.mapping().items():
        if name == "caller" or name in callees:
            each.fail(f"{item.name}: {name!r} is the name of somebody else in this script")
        entries = each.mapping(CALLER_KEYS)
        voice = read_voice(entries["voice"]) if "voice" in entries else None
        call = read_caller(entries, caller=name, destination=destination)
        found.append(Caller(name, call, voice, each.where))
    return tuple(found)


def read_conferences(item: Item, folder: Path) -> tuple[ConferenceScripts, ...]:
    """Names of conferences (* for any characters) and the scripts that run them, in the order of the file."""
    found = []
    for name, each in item.mapping().items():
        paths = []
        for file in each.items() if each.is_list else [each]:
            path = folder / file.text()
            if not path.is_file():
                file.fail(f"there is no file {path}")
            paths.append(path)
        if not paths:
            each.fail(f"{each.name} is an empty list")
        pattern = ".*".join(map(re.escape, name.split("*")))
        found.append(ConferenceScripts(pattern, tuple(paths)))
    return tuple(found)


def read_tape(item: Item | None, folder: Path) -> Cassette | None:
    """The cassette that answers; what is wrong with it is told at the key, with its own line."""
    if item is None:
        return None
    path = folder / item.text()
    if not (path / FILE_NAME).is_file():
        what = "there is no folder" if not path.is_dir() else f"there is no {FILE_NAME} in"
        item.fail(f"{what} {path}; voxrun FILE.js --cassette DIR makes a folder for each session in DIR")
    try:
        return read_cassette(path)
    except ConfigError as error:
        item.fail(f"this cassette cannot be played: {error}")


def read_storage(item: Item) -> tuple[Stored, ...]:
    """What is stored when the session begins."""
    return tuple(_stored(key, each) for key, each in item.mapping().items())


def _stored(key: str, item: Item) -> Stored:
    """``value``, or ``{value: ..., ttl: 60s}``; a mapping without 'value' is a value as JSON."""
    if not 0 < len(key) <= LONGEST_KEY:
        item.fail(f"{item.name}: a key has 1 to {LONGEST_KEY} characters")
    ttl_ms = DEFAULT_TTL * 1000
    value = item
    if item.is_mapping and "value" in item.mapping():
        entries = item.mapping(STORED_KEYS)
        value = entries["value"]
        if "ttl" in entries:
            ttl_ms = entries["ttl"].milliseconds(LONGEST_TTL)
    text = value.json_text() if value.is_mapping or value.is_list else value.text()
    if len(text) > LONGEST_VALUE:
        value.fail(f"{item.name}: a value has at most {LONGEST_VALUE} characters")
    return Stored(key, text, ttl_ms // 1000)
