"""Regular expressions that somebody else wrote, with an end: some try the same text in ever more ways.

``re`` itself knows no limit. But it looks for signals while it searches, and the one of a timer that counts
processor time breaks it off: so the language stays Python's own, and a machine that is busy breaks nothing.
Signals reach the main thread only; in another one there is no limit.
"""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final

from voxrun.errors import UserError

LIMIT_S = 2.0
"""Seconds of processor time for one search."""
LIVE_LIMIT_S: Final = 0.2
"""The same where calls wait meanwhile."""
SHOWN: Final = 80
"""Characters of an expression in a message."""


def in_order(pieces: Sequence[str], text: str) -> bool:
    """Whether ``text`` is these pieces with anything, or nothing, between them: what ``*`` stands for. Takes
    no longer than reading the text, however many pieces there are."""
    first, *rest = pieces
    if not rest:
        return text == first
    *middle, last = rest
    at, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or at > end:
        return False
    for piece in middle:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


class EndlessPattern(UserError):
    """A search was broken off. ``where`` is the place of the expression, "" while it is not known."""

    def __init__(self, text: str, where: str = "") -> None:
        super().__init__(f"{where}: {text}" if where else text)
        self.text = text
        self.where = where

    def at(self, where: str) -> EndlessPattern:
        """The same, said of a place, unless one is known."""
        return self if self.where else EndlessPattern(self.text, where)


class _Expired(BaseException):
    """The timer has."""


def search(pattern: re.Pattern[str], text: str, where: str = "") -> re.Match[str] | None:
    """``pattern.search``. Raises EndlessPattern."""
    with _limited(pattern, text, where, LIMIT_S):
        return pattern.search(text)


def fullmatch(
    pattern: re.Pattern[str], text: str, where: str = "", limit_s: float | None = None
) -> re.Match[str] | None:
    """``pattern.fullmatch``. Raises EndlessPattern."""
    with _limited(pattern, text, where, LIMIT_S if limit_s is None else limit_s):
        return pattern.fullmatch(text)


@contextmanager
def _limited(pattern: re.Pattern[str], text: str, where: str, limit_s: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _expired)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _Expired:
        shown = pattern.pattern if len(pattern.pattern) <= SHOWN else pattern.pattern[: SHOWN - 1] + "…"
        raise EndlessPattern(
            f"the regular expression {shown} was still searching {len(text)} characters after {limit_s:g} s: "
            "it tries them in ever more ways, as a repetition within a repetition does, for example (a+)+; "
            "write it without",
            where,
        ) from None
    finally:
        signal.signal(signal.SIGVTALRM, before)


def _expired(number: int, frame: FrameType | None) -> None:
    raise _Expired
