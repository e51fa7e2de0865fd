"""The few facts of a report that an index shows. They sit at the top of the report's file.

So an index needs nothing but a folder of reports, whichever processes wrote them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from msgspec import Struct, to_builtins

from voxrun.report.build import Report
from voxrun.report.words import brief, median

MARK: Final = '<script type="application/json" id="entry">'
HEAD_BYTES: Final = 16_384
_ENTRY: Final = re.compile(re.escape(MARK) + r"(.*?)</script>", re.DOTALL)


class Entry(Struct, frozen=True):
    """One line of an index. Times in ms; ``median_ms`` and ``slowest_ms`` are None where no turn was
    measured."""

    title: str
    state: str
    summary: str
    start_ms: int
    length_ms: int
    turns: int = 0
    median_ms: int | None = None
    slowest_ms: int | None = None
    met: int = 0
    expected: int = 0
    script: str = ""


def entry_of(report: Report) -> Entry:
    """The facts of a report."""
    waits = report.waits
    expected = report.outcome.expectations if report.outcome else ()
    return Entry(
        title=brief(report.title, 200),
        state=report.verdict.state,
        summary=brief(_why(report), 300),
        start_ms=report.start_ms,
        length_ms=report.length_ms,
        turns=len(report.turns),
        median_ms=median(waits) if waits else None,
        slowest_ms=max(waits) if waits else None,
        met=sum(each.met for each in expected),
        expected=len(expected),
        script=report.outcome.script if report.outcome else "",
    )


def _why(report: Report) -> str:
    """What became of the call; of a script that failed what was missed, too."""
    expected = report.outcome.expectations if report.outcome else ()
    missed = next((each.text for each in expected if not each.met and each.at_ms is not None), "")
    first, *rest = report.verdict.text.split("\n")
    if not missed or missed in first:
        return report.verdict.text
    return "\n".join([f"{first}: {missed}", *rest])


def entry_json(entry: Entry) -> dict[str, Any]:
    fields: dict[str, Any] = to_builtins(entry)
    return fields


def read_entry(path: Path) -> Entry | None:
    """The facts at the top of a report's file; None where it is no report of ours."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES).decode("utf-8", "replace")
        match = _ENTRY.search(head)
        return Entry(**json.loads(match[1])) if match else None
    except (OSError, ValueError, TypeError):
        return None
