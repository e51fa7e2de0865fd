"""Everything that happened in one call, in order of time: what expectations look at and people read.

A ``Moment`` is one thing of one instant. Speech is kept as well word by word, in ``Stream``s, because it
takes time: an agent that has said half a sentence has said these words already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Moment:
    """``at`` is milliseconds from the beginning. ``kind`` is that of the expectation it could meet, or
    "said", "pressed", "command", "note"; ``who`` the person or "agent"; ``where`` the scenario's line."""

    at: int
    kind: str
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    where: str = ""


@dataclass(slots=True)
class Utterance:
    """One piece of speech, while it grows and after. ``words`` are those of its stream from ``first``."""

    at: int
    first: int
    text: str = ""
    final: bool = False


class Stream:
    """The words of one speaker as one listener has them."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.times: list[int] = []
        self.utterances: list[Utterance] = []

    def begin(self, at: int) -> Utterance:
        """A new utterance."""
        utterance = Utterance(at, len(self.words))
        self.utterances.append(utterance)
        return utterance

    def grow(self, utterance: Utterance, text: str, at: int) -> None:
        """The (latest) utterance is now ``text``; words that are new are of time ``at``."""
        utterance.text = text
        found = text.split()
        have = len(self.words) - utterance.first
        for index, word in enumerate(found):
            if index < have:
                self.words[utterance.first + index] = word
            else:
                self.words.append(word)
                self.times.append(at)


class Timeline:
    """The record of one call. ``changed()`` waits for the next thing to happen."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.streams: dict[str, Stream] = {}
        self._waiters: list[asyncio.Future[None]] = []

    def add(self, moment: Moment) -> None:
        self.moments.append(moment)
        self.touch()

    def stream(self, name: str) -> Stream:
        """The stream of that name, an empty one where nothing was said."""
        return self.streams.setdefault(name, Stream())

    def touch(self) -> None:
        """Wake whoever waits."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self, most: float) -> None:
        """Until something happens, ``most`` seconds at most."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await asyncio.wait((waiter,), timeout=most)
        if waiter in self._waiters:
            self._waiters.remove(waiter)

    def last(self, kind: str, who: str | None = None) -> Moment | None:
        """The latest moment of a kind."""
        for moment in reversed(self.moments):
            if moment.kind == kind and (who is None or moment.who == who):
                return moment
        return None
