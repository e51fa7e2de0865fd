"""Ends the journal of a session whose process died: what is on disk stays, and the last lines say why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

JOURNAL = "journal.jsonl"
LOG = "log.txt"


def bury(folder: Path, why: str) -> bool:
    """Append what a dead process could not. False where the journal was complete, or there is none.

    A last line that was cut off is taken away: it would keep everybody from reading the others.
    """
    path = folder / JOURNAL
    try:
        data = path.read_bytes()
    except OSError:
        return False
    whole = data[: data.rfind(b"\n") + 1]
    last = _last(whole)
    if last is None or (last.get("k") == "session" and last.get("state") == "ended"):
        return False
    number, at = last.get("n", 0), last.get("t", 0)
    records = [
        {"n": number + 1, "t": at, "k": "error", "message": why},
        {"n": number + 2, "t": at, "k": "session", "state": "ended", "reason": why},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    with path.open("r+b") as file:
        file.truncate(len(whole))
        file.seek(0, 2)
        file.write(lines.encode())
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(f"{why}\n")
    return True


def _last(whole: bytes) -> dict[str, Any] | None:
    lines = whole.splitlines()
    if not lines:
        return None
    try:
        record = json.loads(lines[-1])
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
