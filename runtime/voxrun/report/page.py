"""A report as one HTML file, and the way in: ``write``."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import to_builtins

from voxrun import __version__
from voxrun.errors import ConfigError
from voxrun.report.build import Report, build
from voxrun.report.course import Bar, Row
from voxrun.report.entry import Entry, entry_json, entry_of
from voxrun.report.html import document, embed, escape
from voxrun.report.outcome import Outcome
from voxrun.report.reading import read_session
from voxrun.report.sound import PEAK_MS, Recording
from voxrun.report.talk import Line
from voxrun.report.words import brief

NAME: Final = "report.html"
STYLES: Final = ("base.css", "report.css")
SCRIPTS: Final = (
    "format.js",
    "dom.js",
    "state.js",
    "player.js",
    "waves.js",
    "lanes.js",
    "timeline.js",
    "gestures.js",
    "overview.js",
    "summary.js",
    "checks.js",
    "conversation.js",
    "events.js",
    "main.js",
)
"""In this order in one function: each may use what stands above it."""

RECORD_LIMITS: Final = (20_000, 2_000, 200)
"""Characters of one record; a smaller limit where all records together would be more than RECORDS_LIMIT."""
RECORDS_LIMIT: Final = 3_000_000


def write(folder: Path, target: Path | None = None, outcome: Outcome | None = None) -> tuple[Path, Entry]:
    """Write the report of the session in ``folder`` (to its report.html unless told otherwise).

    Gives where it is and its line of an index. Raises ConfigError where there is no session, or no place to
    write to. The file is readable by its owner only, as everything of a session.
    """
    report = build(read_session(folder), outcome)
    path = target or folder / NAME
    save(path, render(report))
    return path, entry_of(report)


def save(path: Path, text: str) -> None:
    """Write a page whole or not at all, for its owner only. Raises ConfigError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ConfigError(f"{path}: the report cannot be written: {error.strerror}") from None


def render(report: Report) -> str:
    """The page."""
    audio = "\n".join(
        f'<script type="text/plain" id="audio-{number}">{base64.b64encode(each.audio).decode()}</script>'
        for number, each in enumerate(report.recordings)
        if each.audio
    )
    return document(
        "report.html",
        STYLES,
        SCRIPTS,
        title=escape(brief(f"{report.verdict.heading}: {report.title}", 120)),
        version=escape(__version__),
        entry=embed(entry_json(entry_of(report))),
        data=embed(_data(report)),
        records="[" + ",".join(_records(report)) + "]",
        audio=audio,
    )


def _data(report: Report) -> dict[str, Any]:
    outcome = report.outcome
    return {
        "title": report.title,
        "length": report.length_ms,
        "start": report.start_ms,
        "verdict": to_builtins(report.verdict),
        "sentences": report.sentences,
        "facts": report.facts,
        "notes": report.notes,
        "files": report.files,
        "peakMs": PEAK_MS,
        "recordings": [_recording(*pair) for pair in zip(report.recordings, report.people, strict=True)],
        "lines": [_line(line) for line in report.lines],
        "rows": [_row(row) for row in report.rows],
        "bars": [_bar(bar, report.length_ms) for bar in report.bars],
        "turns": [
            {
                "start": t.start,
                "end": t.end,
                "answer": t.answer,
                "until": t.until,
                "wait": t.wait_ms,
                "words": words,
            }
            for t, words in report.turns
        ],
        "interruptions": [{"at": each.at, "stopped": each.stopped_ms} for each in report.interruptions],
        "expectations": [to_builtins(each) for each in outcome.expectations] if outcome else [],
        "steps": [to_builtins(each) for each in outcome.steps] if outcome else [],
        "silent": [to_builtins(each) for each in report.silent],
    }


def _recording(recording: Recording, person: str) -> dict[str, Any]:
    return {
        "name": recording.name,
        "person": person,
        "at": recording.at_ms,
        "length": recording.length_ms,
        "heard": base64.b64encode(recording.heard).decode(),
        "spoken": base64.b64encode(recording.spoken).decode(),
        "heardSpans": [[each.start, each.end] for each in recording.heard_spans],
        "spokenSpans": [[each.start, each.end] for each in recording.spoken_spans],
        "audio": bool(recording.audio),
    }


def _line(line: Line) -> dict[str, Any]:
    """Only what says something."""
    return {name: value for name, value in to_builtins(line).items() if value != "" and value is not False}


def _row(row: Row) -> list[Any]:
    return [row.group, row.t, row.sign, row.kind, row.about, row.where, row.tone, row.records]


def _bar(bar: Bar, end: int) -> list[Any]:
    open_ = bar.end is None
    return [
        bar.lane,
        bar.start,
        end if bar.end is None else bar.end,
        bar.label,
        bar.tone,
        bar.n,
        int(bar.out),
        int(open_),
    ]


def _records(report: Report) -> Iterator[str]:
    """Each record as JSON; one that is too long as the beginning of its text."""
    texts = [record.json for record in report.records]
    total = [sum(min(len(text), limit) for text in texts) for limit in RECORD_LIMITS]
    limit = next(
        (limit for limit, size in zip(RECORD_LIMITS, total, strict=True) if size <= RECORDS_LIMIT),
        RECORD_LIMITS[-1],
    )
    for text in texts:
        if len(text) <= limit:
            yield embed(json.loads(text))
        else:
            yield embed({"cut": text[:limit], "of": len(text)})
