"""A session's folder, read for looking at. Unlike a replay, this takes what it gets.

The process may have been killed in mid-line, the disk may have been full, somebody may have edited the
file: every record that can be read counts, and the report says what could not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from voxrun.errors import ConfigError
from voxrun.session.hidden_keys import HiddenKeys

JOURNAL: Final = "journal.jsonl"
LONGEST_MS: Final = 1000 * 3600 * 24 * 30
"""Times beyond this are damage, not sessions."""
SEVERAL: Final = 3
"""That many unreadable lines are named, the rest is counted."""


class Record(Struct, frozen=True):
    """One record. ``raw`` is the whole of it, ``json`` the same as text."""

    n: int
    t: int
    k: str
    kind: str
    id: str
    where: str
    data: dict[str, Any]
    raw: dict[str, Any]
    json: str


class Session(Struct, frozen=True):
    """A session as its folder tells it. ``notes`` say what is damaged, in sentences."""

    folder: Path
    header: dict[str, Any]
    records: tuple[Record, ...]
    notes: tuple[str, ...] = ()

    @property
    def length_ms(self) -> int:
        """Time of the last record."""
        return max((record.t for record in self.records), default=0)


def is_session(folder: Path) -> bool:
    """Whether ``folder`` holds a journal."""
    return (folder / JOURNAL).is_file()


def read_session(folder: Path) -> Session:
    """Read ``folder``. Raises ConfigError where there is no journal to read."""
    path = folder / JOURNAL
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}. A report is made from a session's folder, "
            f"which has a {JOURNAL} in it"
        ) from None
    found, damaged = _objects(lines)
    if not found:
        raise ConfigError(f"{path}: holds no records of a session")
    first, _ = found[0]
    header = first if first.get("k") == "header" else {}
    notes = [] if header else ["The journal does not begin with its header."]
    return Session(folder, header, tuple(_records(found)), (*notes, *_complaints(damaged)))


def _objects(lines: list[bytes]) -> tuple[list[tuple[dict[str, Any], str]], list[int]]:
    """The records with their texts, and the numbers of lines that hold none."""
    found: list[tuple[dict[str, Any], str]] = []
    damaged = []
    keys = HiddenKeys()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            value = keys.shown(value) if isinstance(value, dict) else value
            text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        except (ValueError, RecursionError):
            value, text = None, ""
        if isinstance(value, dict):
            found.append((value, text))
        else:
            damaged.append(number)
    return found, damaged


def _records(found: list[tuple[dict[str, Any], str]]) -> Iterator[Record]:
    t = 0
    for index, (raw, text) in enumerate(found):
        t = _time(raw.get("t"), t)
        data = raw.get("data")
        yield Record(
            n=index,
            t=t,
            k=_text(raw.get("k")),
            kind=_text(raw.get("kind")),
            id=_text(raw.get("id")),
            where=_text(raw.get("where")),
            data=data if isinstance(data, dict) else {},
            raw=raw,
            json=text,
        )


def _time(value: Any, before: int) -> int:
    right = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LONGEST_MS
    return int(value) if right else before


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _complaints(damaged: list[int]) -> list[str]:
    if not damaged:
        return []
    named = ", ".join(map(str, damaged[:SEVERAL])) + (" and more" if len(damaged) > SEVERAL else "")
    one = len(damaged) == 1
    return [
        f"{'Line' if one else 'Lines'} {named} of {JOURNAL} cannot be read "
        f"and {'is' if one else 'are'} left out."
    ]
