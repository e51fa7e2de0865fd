"""Keeps what came of a call beside its session: ``outcome.json`` for machines, ``failure.txt`` for people."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from voxrun.replay.conversation import conversation
from voxrun.replay.failure import describe, report
from voxrun.replay.outcome import Outcome
from voxrun.session.redact import Redactor


def keep(outcome: Outcome, folder: Path) -> None:
    """Write the files into ``folder``."""
    text = json.dumps(summary(outcome), ensure_ascii=False, indent=1)
    (folder / "outcome.json").write_text(text + "\n", "utf-8")
    if outcome.failure is not None:
        (folder / "failure.txt").write_text(report(outcome) + "\n", "utf-8")


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
            "closest": asdict(failure.near) if failure.near else None,
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
        "conversation": [asdict(row) for row in conversation(outcome.script, outcome.timeline)],
        "listeners": [asdict(listener) for listener in outcome.listeners],
        "notes": outcome.notes,
    }
    return Redactor(outcome.script.secrets).value(data)  # type: ignore[no-any-return]
