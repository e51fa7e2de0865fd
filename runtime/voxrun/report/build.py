"""A session and the outcome of its script, as everything that its report shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from voxrun.report.course import Bar, Row, bars, rows
from voxrun.report.outcome import Outcome
from voxrun.report.reading import Record, Session
from voxrun.report.sound import Recording, Span, read_recording
from voxrun.report.talk import Line, conversation
from voxrun.report.turns import Interruption, Turn, interruptions, outside, turns
from voxrun.report.words import brief, clock, last_word, median, several, span, text_of

State: TypeAlias = Literal["passed", "failed", "ended"]
"""Of a script: passed or failed. Of a session without one: failed when the scenario did, else ended."""

AUDIO_FILES: Final = (".wav", ".mp3", ".flac")
LATE_MS: Final = 700
"""A transcript of the caller may come so much after the answer has begun."""


class Verdict(Struct, frozen=True):
    """The first thing to read. ``text`` may have several lines."""

    state: State
    heading: str
    text: str = ""
    reproduce: str = ""


class Listener(Struct, frozen=True):
    """A listener of the scenario that no event reached ("Call.ToneReceived")."""

    event: str
    where: str = ""


class Report(Struct, frozen=True):
    """What a report shows. Times are ms of session time."""

    title: str
    start_ms: int
    """Unix time of session time 0; 0 when nobody knows."""
    length_ms: int
    verdict: Verdict
    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    recordings: tuple[Recording, ...]
    people: tuple[str, ...]
    """Of each recording, who is on its right channel."""
    lines: tuple[Line, ...]
    rows: tuple[Row, ...]
    bars: tuple[Bar, ...]
    turns: tuple[tuple[Turn, str], ...]
    """With the words of the caller."""
    interruptions: tuple[Interruption, ...]
    outcome: Outcome | None
    silent: tuple[Listener, ...]
    """Listeners that no event reached."""
    records: tuple[Record, ...]
    files: tuple[str, ...]
    """Other audio files in the folder."""

    @property
    def waits(self) -> list[int]:
        """How long the caller waited, of the turns that were answered."""
        return [max(0, turn.wait_ms) for turn, _ in self.turns if turn.answer is not None]


def build(session: Session, outcome: Outcome | None = None, *, listen: bool = True) -> Report:
    """The report of a session. ``listen``: put the audio in."""
    recordings = _recordings(session, listen)
    lines = conversation(session.records)
    length = max([session.length_ms, *(each.at_ms + each.length_ms for each in recordings), *_waits(outcome)])
    measured = _turns(recordings)
    with_words = tuple((turn, _place(turn, lines)) for turn in measured)
    lines.sort(key=lambda line: (line.t, line.n))
    cuts = [r.t for r in session.records if r.k == "event" and last_word(r.kind) == "PlaybackClearBuffer"]
    first = recordings[0] if recordings else None
    report = Report(
        title=outcome.name if outcome else scenario_names(session),
        start_ms=_start(session),
        length_ms=length,
        verdict=_verdict(session, outcome),
        sentences=(),
        facts=tuple(_facts(session, length, outcome)),
        notes=(*session.notes, *(each.note for each in recordings if each.note)),
        recordings=recordings,
        people=tuple(_person(session, each, number) for number, each in enumerate(recordings)),
        lines=tuple(lines),
        rows=tuple(rows(session.records)),
        bars=tuple(bars(session.records)),
        turns=with_words,
        interruptions=tuple(interruptions(first.spoken_spans, first.heard_spans, cuts)) if first else (),
        outcome=outcome,
        silent=tuple(_silent(session)),
        records=session.records,
        files=_other_files(session.folder, {each.name for each in recordings}),
    )
    return replace(report, sentences=tuple(_sentences(report)))


def _silent(session: Session) -> Iterator[Listener]:
    """Listeners that never ran, as the session's last records tell."""
    for record in session.records:
        rows = record.raw.get("listeners") if record.k == "listeners" else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("fired") == 0:
                yield Listener(text_of(row.get("event")), text_of(row.get("where")))


def _waits(outcome: Outcome | None) -> list[int]:
    """Until when a script waited: that may be longer than the session."""
    return [each.at_ms for each in outcome.expectations if each.at_ms is not None] if outcome else []


def scenario_names(session: Session) -> str:
    """The file names of the scripts, or the folder's where the header is lost."""
    scripts = session.header.get("scripts")
    entries = scripts if isinstance(scripts, list) else []
    names = [PurePath(text_of(each.get("name"))).name for each in entries if isinstance(each, dict)]
    return ", ".join(filter(None, names)) or session.folder.name


def _start(session: Session) -> int:
    value = session.header.get("startMs")
    return value if isinstance(value, int) and 0 <= value < 253_402_300_800_000 else 0  # year 9999


# -- sound --------------------------------------------------------------------------------------------


def _recordings(session: Session, listen: bool) -> tuple[Recording, ...]:
    """The session's own recordings. One begins when its call is connected; its record in the journal comes
    when the file is there, a moment later."""
    connected = {r.id: r.t for r in reversed(session.records) if r.kind == "Call.Connected"}
    found = []
    for record in session.records:
        name = text_of(record.raw.get("recording"))
        if record.k != "media" or not name or PurePath(name).name != name:
            continue
        call = text_of(record.raw.get("call"))
        at = min(record.t, connected.get(call, record.t))
        found.append(read_recording(session.folder / name, call, at, listen=listen))
    return tuple(found)


def _other_files(folder: Path, known: set[str]) -> tuple[str, ...]:
    names = [path.name for path in folder.iterdir() if path.suffix in AUDIO_FILES] if folder.is_dir() else []
    return tuple(sorted(set(names) - known))


def _person(session: Session, recording: Recording, number: int) -> str:
    """Who is on the phone in a recording: whom the scenario called, else the caller."""
    for record in session.records:
        if record.kind == "call.dial" and record.id == recording.call:
            return brief(text_of(record.data.get("destination")), 24) or f"Call {number + 1}"
    return "Caller" if number == 0 else f"Call {number + 1}"


def _turns(recordings: Sequence[Recording]) -> list[Turn]:
    """Turns of the first call, while no other is up: people who talk to each other are no agents."""
    if not recordings:
        return []
    first, *others = recordings
    busy = [Span(each.at_ms, each.at_ms + each.length_ms) for each in others]
    found = turns(first.spoken_spans, first.heard_spans, first.at_ms + first.length_ms)
    return [turn for turn in found if outside(turn.end, busy)]


def _place(turn: Turn, lines: Sequence[Line]) -> str:
    """The caller's words of a turn. Their lines move to where they were spoken: a transcript comes later."""
    until = turn.until if turn.answer is None else turn.answer + LATE_MS
    mine = [
        line
        for line in lines
        if line.who == "caller" and line.kind == "say" and turn.start <= line.t <= until
    ]
    for line in mine:
        line.t, line.end = min(line.t, turn.start), turn.end
    return " ".join(line.text for line in mine)


# -- words --------------------------------------------------------------------------------------------


def _verdict(session: Session, outcome: Outcome | None) -> Verdict:
    if outcome is not None:
        total = len(outcome.expectations)
        if outcome.passed:
            text = outcome.summary or (f"{several(total, 'expectation')} met." if total else "")
            return Verdict("passed", "Passed", text, outcome.reproduce)
        missed = [each for each in outcome.expectations if not each.met]
        text = outcome.summary or "\n".join(
            f"Expected and did not happen: {each.text}" for each in missed[:1]
        )
        return Verdict("failed", "Failed", text, outcome.reproduce)
    failures = [r for r in session.records if r.k == "error" and not r.raw.get("own")]
    if failures:
        return Verdict("failed", "The scenario failed", text_of(failures[0].raw.get("message")))
    ends = [r for r in session.records if r.k == "session" and r.raw.get("state") == "ended"]
    if not ends:
        return Verdict(
            "ended",
            "No end",
            "The journal stops before the session has ended: voxrun was killed, or it is still running.",
        )
    return Verdict("ended", "Ended", text_of(ends[-1].raw.get("reason")))


def _facts(session: Session, length: int, outcome: Outcome | None) -> list[tuple[str, str]]:
    header = session.header
    facts = [("Script", outcome.script if outcome else ""), ("Scenario", scenario_names(session))]
    for record in session.records:
        if record.kind == "Application.CallAlerting":
            ends = [text_of(record.data.get(name)) for name in ("callerid", "destination")]
            facts.append(("Call", " → ".join(filter(None, ends))))
            break
        if record.kind == "call.dial":
            facts.append(("Call", f"→ {text_of(record.data.get('destination'))}"))
            break
    start = _start(session)
    if start:
        facts.append(("Started", f"{datetime.fromtimestamp(start / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"))
    facts.append(("Length", clock(length) if length >= 60_000 else f"{length / 1000:.1f} s"))
    if "seed" in header:
        facts.append(("Seed", text_of(header.get("seed"))))
    facts.append(("Session", session.folder.name))
    return [(name, value) for name, value in facts if value]


def _sentences(report: Report) -> list[str]:
    """What there is to say about the call, in figures."""
    said = []
    waits = report.waits
    if len(waits) == 1:
        said.append(f"The caller waited {span(waits[0])} for the answer.")
    elif waits:
        said.append(
            f"The caller was answered {len(waits)} times, after {span(median(waits))} in the median and "
            f"{span(max(waits))} at most."
        )
    unanswered = sum(turn.answer is None for turn, _ in report.turns)
    if unanswered:
        said.append(f"{several(unanswered, 'time')} the caller spoke and heard nothing.")
    cuts = report.interruptions
    if cuts:
        worst = max(each.stopped_ms for each in cuts)
        said.append(f"{several(len(cuts), 'interruption')}: the agent was silent within {span(worst)}.")
    tools = [line for line in report.lines if line.kind == "tool"]
    failed = sum(line.failed for line in tools)
    open_ = sum(not line.answered for line in tools)
    if tools:
        parts = [f"{failed} failed" if failed else "", f"{open_} got no answer" if open_ else ""]
        rest = ", ".join(filter(None, parts))
        said.append(several(len(tools), "tool call") + (f": {rest}." if rest else "."))
    warnings = sum(row.group == "log" and row.tone == "warn" for row in report.rows)
    if warnings:
        said.append(f"{several(warnings, 'warning')} in the log.")
    return said
