"""Keeps what came of a call beside its session: ``outcome.json`` for machines, ``failure.txt`` for terminals,
``report.html`` (in the session's folder) for eyes and ears."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from msgspec import to_builtins

from voxrun.errors import VoxrunError
from voxrun.replay.conversation import conversation
from voxrun.replay.failure import describe, report
from voxrun.replay.outcome import Outcome
from voxrun.replay.reporting import write_report
from voxrun.report.index import write_index
from voxrun.session.redact import Redactor

OUTCOME: Final = "outcome.json"


def keep(outcome: Outcome, folder: Path) -> None:
    """Write the files into ``folder``. What keeps a report from being written is told instead of where it is:
    the rest that is known of a call must not be lost for it."""
    try:
        outcome.report = write_report(outcome)
    except VoxrunError as error:
        outcome.no_report = str(error)
    text = json.dumps(summary(outcome), ensure_ascii=False, indent=1)
    (folder / OUTCOME).write_text(text + "\n", "utf-8")
    if outcome.failure is not None:
        (folder / "failure.txt").write_text(report(outcome) + "\n", "utf-8")


def clear(folder: Path) -> None:
    """Remove the calls of an earlier run, and nothing else."""
    for each in folder.iterdir() if folder.is_dir() else ():
        if (each / OUTCOME).is_file() and not each.is_symlink():
            shutil.rmtree(each, ignore_errors=True)


def index(folder: Path, title: str) -> str:
    """Write one page over the reports in ``folder``; gives a line that says where it is."""
    try:
        return f"Reports: {write_index(folder, title)}"
    except VoxrunError as error:
        return str(error)


def summary(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON data; times in ms. Secrets are left out."""
    failure = outcome.failure
    data: dict[str, Any] = {
        "version": 1,
        "script": str(outcome.script.path),
        "title": outcome.script.title,
        "ok": outcome.ok,
        "seed": outcome.seed,
        "length": outcome.length_ms,
        "session": outcome.folder.name if outcome.folder else None,
        "failure": None
        if failure is None
        else {
            "headline": failure.headline,
            "where": failure.where,
            "at": failure.at,
            "expected": describe(failure.wish) if failure.wish else None,
            "closest": to_builtins(failure.near) if failure.near else None,
            "measured": failure.measured,
        },
        "met": [
            {"expected": describe(m.wish), "where": m.wish.where, "at": m.at, "by": m.text}
            for m in outcome.met
        ],
        "steps": [
            {"kind": type(d.step).__name__.lower(), "where": d.step.where, "began": d.began, "ended": d.ended}
            for d in outcome.done
        ],
        "conversation": [to_builtins(row) for row in conversation(outcome.script, outcome.timeline)],
        "listeners": [to_builtins(listener) for listener in outcome.listeners],
        "notes": outcome.notes,
    }
    return Redactor(outcome.script.secrets).value(data)  # type: ignore[no-any-return]
