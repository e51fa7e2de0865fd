"""Everything that happened in one call, in order of time: what expectations look at and people read.

A ``Moment`` is one thing of one instant. Speech is kept as well word by word, in ``Stream``s, because it
takes time: an agent that has said half a sentence has said these words already.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field


class _Any(Container[str]):
    """Holds every kind."""

    def __contains__(self, kind: object) -> bool:
        return True


ANY: Final = _Any()


class Moment(Struct, frozen=True):
    """``at`` is milliseconds from the beginning. ``kind`` is that of the expectation it could meet, or
    "said", "pressed", "command", "note"; ``who`` the person or "agent"; ``where`` the scenario's line."""

    at: int
    kind: str
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    who: str = ""
    where: str = ""


class Utterance(Struct):
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
        self._places: dict[str, list[int]] = {}
        """By kind: where its moments are."""
        self._waiters: list[tuple[asyncio.Future[None], Container[str]]] = []

    def add(self, moment: Moment) -> None:
        self._places.setdefault(moment.kind, []).append(len(self.moments))
        self.moments.append(moment)
        self.touch(moment.kind)

    def of_kind(self, kind: str, first: int = 0) -> Iterator[tuple[int, Moment]]:
        """The moments of a kind from place ``first`` of all moments on, with their places."""
        places = self._places.get(kind, [])
        for place in places[bisect_left(places, first) :]:
            yield place, self.moments[place]

    def stream(self, name: str) -> Stream:
        """The stream of that name, an empty one where nothing was said."""
        return self.streams.setdefault(name, Stream())

    def touch(self, kind: str = "") -> None:
        """Wake whoever waits for ``kind``; "" everybody."""
        if not self._waiters:
            return
        waiters, self._waiters = self._waiters, []
        for entry in waiters:
            waiter, kinds = entry
            if kind and kind not in kinds:
                self._waiters.append(entry)
            elif not waiter.done():
                waiter.set_result(None)

    async def changed(self, most: float, kinds: Container[str] = ANY) -> None:
        """Until something of ``kinds`` happens, ``most`` seconds at most."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append((waiter, kinds))
        timer = loop.call_later(most, _release, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters = [entry for entry in self._waiters if entry[0] is not waiter]

    def last(self, kind: str, who: str | None = None) -> Moment | None:
        """The latest moment of a kind."""
        for place in reversed(self._places.get(kind, [])):
            if who is None or self.moments[place].who == who:
                return self.moments[place]
        return None


def _release(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
