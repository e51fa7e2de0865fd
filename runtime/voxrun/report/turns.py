"""How long the caller waits: from the end of what the caller says to the first sound of the answer.

Measured on the recording, so it is what a person on the phone has lived through, whatever the journal says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from voxrun.report.sound import Span

SILENT_MS: Final = 2000
"""A turn without an answer counts when the caller waited at least this long."""


class Turn(Struct, frozen=True):
    """The caller spoke from ``start`` to ``end``; the answer began at ``answer``.

    None: there was none, and the caller waited until ``until``. ``wait_ms`` below 0: the agent began before
    the caller had ended.
    """

    start: int
    end: int
    answer: int | None
    until: int

    @property
    def wait_ms(self) -> int:
        """How long the caller waited."""
        return (self.until if self.answer is None else self.answer) - self.end


class Interruption(Struct, frozen=True):
    """The caller began at ``at`` while the agent spoke, which was silent ``stopped_ms`` later."""

    at: int
    stopped_ms: int


def turns(spoken: Sequence[Span], heard: Sequence[Span], end_ms: int) -> list[Turn]:
    """The turns of one call, which ended at ``end_ms``.

    Sentences of the caller without an answer in between are one turn, counted from the end of the last.
    While the agent goes on speaking over the end of the caller's words nothing is waited for.
    """
    found = []
    start: int | None = None
    for index, mine in enumerate(spoken):
        start = mine.start if start is None else start
        until = spoken[index + 1].start if index + 1 < len(spoken) else end_ms
        if any(span.start <= mine.start and span.end > mine.end for span in heard):
            start = None  # the agent did not let itself be interrupted
            continue
        answer = next((span.start for span in heard if mine.start < span.start < until), None)
        if answer is not None:
            found.append(Turn(start, mine.end, answer, answer))
            start = None
        elif until - mine.end >= SILENT_MS:
            found.append(Turn(start, mine.end, None, until))
            start = None
    return found


def interruptions(spoken: Sequence[Span], heard: Sequence[Span], cuts: Iterable[int]) -> list[Interruption]:
    """Where the caller made the agent stop: ``cuts`` are the times at which its buffer was cleared."""
    found = []
    for cut in cuts:
        mine = max((span.start for span in spoken if span.start <= cut), default=None)
        if mine is None:
            continue
        theirs = next((s for s in heard if s.start < mine < s.end), None)
        if theirs is not None:
            found.append(Interruption(mine, theirs.end - mine))
    return found


def outside(span_start: int, busy: Iterable[Span]) -> bool:
    """Whether a moment lies in none of ``busy``."""
    return not any(span.start <= span_start < span.end for span in busy)
