"""A failed call, told so that one knows at once why: plain text for terminals and CI logs."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from typing import Final

from voxrun.replay.conversation import Row, conversation, printable
from voxrun.replay.expectations import Near
from voxrun.replay.hints import hints
from voxrun.replay.outcome import Failure, Outcome
from voxrun.replay.script import Wish
from voxrun.replay.texts import shown
from voxrun.session.redact import Redactor

MOST_ROWS: Final = 60
WIDTH: Final = 110


def report(outcome: Outcome) -> str:
    """The whole text. "" for a call that went well."""
    failure = outcome.failure
    if failure is None:
        return ""
    redactor = Redactor(outcome.script.secrets)
    parts = [*_head(failure), *_so_far(outcome), *_listeners(outcome), *_why(outcome), *_again(outcome)]
    return redactor.text("\n".join(parts))


def _head(failure: Failure) -> Iterator[str]:
    yield f"{failure.where}: {failure.headline}" if failure.where else failure.headline
    if failure.wish is not None:
        yield ""
        yield f"    {describe(failure.wish)}"
    if failure.measured:
        yield ""
        yield f"  Measured: {failure.measured}"
    if failure.near is not None:
        yield ""
        yield from _near(failure.near)
    elif failure.wish is not None and not failure.wish.absent and failure.wish.kind != "audio":
        yield ""
        nothing = "Nothing like it is stored." if failure.wish.kind == "storage" else ""
        yield "  " + (nothing or f"There was no {failure.wish.kind} that is anything like it.")


def _near(near: Near) -> Iterator[str]:
    yield f"  Closest, at {near.at / 1000:.3f} s: {printable(near.text)}"
    if near.why:
        yield f"    {near.why}"


def describe(wish: Wish) -> str:
    """An expectation as it was written, in one line."""
    text = f"{wish.kind}: {wish.text}" if wish.text is not None else wish.kind
    if wish.audio:
        bounds = {"level": f"{wish.low} to {wish.high} dBFS", "tone": f"{wish.low} Hz"}
        text = f"audio: {wish.audio} {bounds.get(wish.audio, f'{wish.low} ms')}"
    fields = {key: value for key, value in wish.fields.items() if not key.startswith("$")}
    options = [f"with {shown(fields)}"] if fields else []
    options += [f"{key[1:]} {shown(value)}" for key, value in wish.fields.items() if key.startswith("$")]
    options += [f"{wish.count} times"] if wish.count > 1 else []
    options += ["absent"] if wish.absent else []
    options += [f"as {wish.who}"] if wish.who else []
    return ", ".join([text, *options])


def _so_far(outcome: Outcome) -> Iterator[str]:
    failure = outcome.failure
    assert failure is not None
    told = conversation(outcome.script, outcome.timeline, failure.moments, failure.at)
    rows = [row for row in told if row.at <= failure.at]
    width = max((len(row.who) for row in rows), default=0)
    yield ""
    yield "  The call so far"
    if len(rows) > MOST_ROWS:
        yield f"           ... {len(rows) - MOST_ROWS} lines before"
        rows = rows[-MOST_ROWS:]
    for row in rows:
        yield from _row(row, width)
    yield f"  {failure.at / 1000:8.3f}  {'here'.ljust(width)}  it failed"


def _row(row: Row, width: int) -> Iterator[str]:
    head = f"  {row.at / 1000:8.3f}  {row.who.ljust(width)}  "
    lines = textwrap.wrap(printable(row.text), max(40, WIDTH - len(head))) or [""]
    yield head + lines[0]
    for line in lines[1:]:
        yield " " * len(head) + line


def _listeners(outcome: Outcome) -> Iterator[str]:
    unused = [listener for listener in outcome.listeners if listener.fired == 0]
    if unused:
        yield ""
        yield "  Listeners that never fired"
        for listener in unused:
            yield f"    {listener.where}  {listener.event}"


def _why(outcome: Outcome) -> Iterator[str]:
    found = hints(outcome)
    if found:
        yield ""
        for hint in found:
            yield f"  Hint: {printable(hint)}"


def _again(outcome: Outcome) -> Iterator[str]:
    yield ""
    yield f"  Again: {command(outcome)}"
    if outcome.folder is not None:
        yield f"  Files: {outcome.folder}"
    if outcome.report is not None:
        yield f"  Report: {outcome.report}"
    elif outcome.no_report:
        yield f"  Report: {outcome.no_report}"


def command(outcome: Outcome) -> str:
    """What plays this call once more."""
    if outcome.again:
        return outcome.again
    words = ["voxrun", "test", str(outcome.script.path), "--seed", str(outcome.seed)]
    live = ["--real-time"] if outcome.real_time else []
    cloud = ["--ai", "cloud"] if outcome.ai == "cloud" else []
    return shlex.join([*words, *live, *cloud])
