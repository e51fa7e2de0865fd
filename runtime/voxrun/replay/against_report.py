"""What ``voxrun replay --against`` says: each session that changes, then a table when there are several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from voxrun.replay.against import Change, Outcome
from voxrun.replay.cassette_compare import Place, differences, shown
from voxrun.session.messages import JsonObject

MOST_LOGS: Final = 5
MOST_PLACES: Final = 6
WORDS: Final = {"same": "same", "logs": "other log lines", "differs": "DIFFERS", "unreadable": "UNREADABLE"}

OK: Final = 0
CHANGED: Final = 1
NOTHING_READ: Final = 2


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when every call goes the same way; 2 when no journal could be read; else 1."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if verdicts <= {"same"}:
        return OK
    return NOTHING_READ if verdicts == {"unreadable"} else CHANGED


def report(outcomes: Sequence[Outcome]) -> list[str]:
    """All of it, a line each."""
    lines = [line for outcome in outcomes for line in describe(outcome)]
    if len(outcomes) > 1:
        lines += ["", *table(outcomes), "", summary(outcomes)]
    return lines


def describe(outcome: Outcome) -> Iterator[str]:
    """One session: what changes, from which line, and how."""
    if outcome.verdict == "unreadable":
        yield f"{outcome.folder}: not compared: {first_line(outcome.problem)}"
        return
    if outcome.verdict == "same":
        yield f"{outcome.folder}: same ({outcome.turns} turns)"
        return
    if outcome.log_count:
        yield from _logs(outcome)
    if outcome.difference is not None:
        yield from _difference(outcome, outcome.difference)


def _logs(outcome: Outcome) -> Iterator[str]:
    count = "1 log line changes" if outcome.log_count == 1 else f"{outcome.log_count} log lines change"
    yield f"{outcome.folder}: {count}"
    for change in outcome.logs[:MOST_LOGS]:
        yield f"  {_when(change)}{_at(change)}"
        yield from _both(change)
    if outcome.log_count > MOST_LOGS:
        yield f"  ... and {outcome.log_count - MOST_LOGS} more"


def _difference(outcome: Outcome, change: Change) -> Iterator[str]:
    yield f"{outcome.folder}: differs{_at(change)}, {_when(change)} of {outcome.turns}"
    yield from _both(change)
    if outcome.missing:
        yield "  this may come of secrets that were not given: " + ", ".join(outcome.missing)
    rest = outcome.turns - change.number - 1
    if rest:
        yield (
            f"  the {rest} turns after it are not comparable"
            if rest > 1
            else ("  the turn after it is not comparable")
        )


def _both(change: Change) -> Iterator[str]:
    """Both sides; where the same command has other arguments, just these."""
    before, after = change.before, change.after
    if before is not None and after is not None and _same_command(before, after):
        places = [*differences(before["data"], after["data"])]
        yield f"  {before['kind']}:"
        for place in places[:MOST_PLACES]:
            yield from _place(place)
        if len(places) > MOST_PLACES:
            yield f"    ... and {len(places) - MOST_PLACES} more"
        return
    yield "  recorded: " + words(before)
    yield "  now:      " + words(after)


def _place(place: Place) -> Iterator[str]:
    before, after = shown(place.before), shown(place.after)
    yield f"    {place.path}"
    yield f"      recorded: {before}"
    yield f"      now:      {after}"


def _same_command(before: JsonObject, after: JsonObject) -> bool:
    both = before["k"] == after["k"] == "command"
    return both and before["kind"] == after["kind"] and before["id"] == after["id"]


def words(record: JsonObject | None) -> str:
    """A record in one line."""
    if record is None:
        return "nothing"
    if record["k"] == "log":
        return f"log {shown(record['text'])}"
    if record["k"] == "error":
        return f"error {first_line(str(record['message']))}"
    return f"{record['kind']} {shown(record['data'])}"


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def _at(change: Change) -> str:
    return f" from {change.where}" if change.where else ""


def _when(change: Change) -> str:
    event = f"{change.event} at {change.t} ms" if change.event else "top level of the scripts"
    return f"turn {change.number} ({event})"


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """One row a session."""
    rows = [("session", "turns", "compared", "result", "from")]
    for outcome in outcomes:
        change = outcome.difference or (outcome.logs[0] if outcome.logs else None)
        rows.append(
            (
                outcome.folder.name,
                str(outcome.turns),
                str(outcome.compared),
                WORDS[outcome.verdict],
                change.where if change is not None else "",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def summary(outcomes: Sequence[Outcome]) -> str:
    """ "12 sessions: 9 same, 1 other log lines, 2 differ"."""
    names = {
        "same": "same",
        "logs": "with other log lines",
        "differs": "differ",
        "unreadable": "not compared",
    }
    counts = {name: sum(outcome.verdict == name for outcome in outcomes) for name in names}
    parts = [f"{count} {names[name]}" for name, count in counts.items() if count]
    return f"{len(outcomes)} sessions: {', '.join(parts)}"
