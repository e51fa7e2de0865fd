"""Plays a tape into a source, frame by frame on the ticker: pause, resume, markers, the end."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from voxrun.media.frames import FRAME_BYTES, FRAME_SAMPLES
from voxrun.media.graph import Source, Ticker
from voxrun.media.runs import Leaper, Run, Ticks
from voxrun.media.tape import Tape


class Listener(Protocol):
    """Who is told what becomes of a playback."""

    def finished(self) -> None:
        """It is played to its end. Not told of one that was stopped."""
        ...

    def reached(self, marker: Marker) -> None:
        """The frame with a marker has been played. Told once, in a loop too."""
        ...

    def starved(self) -> None:
        """The tape grows more slowly than it is played."""
        ...


class Marker(Struct, frozen=True):
    """A place on a tape: ``offset_ms`` from its beginning, from its end when negative; of one segment of it
    when that is not None."""

    offset_ms: int
    segment: int | None = None


class Player(Leaper):
    """Plays ``tape`` (looping tapes never end) into ``source``."""

    def __init__(self, ticker: Ticker, tape: Tape, source: Source, listener: Listener) -> None:
        self._ticker = ticker
        self._tape = tape
        self._source = source
        self._listener = listener
        self._markers: list[Marker] = []
        self._hungry = False
        self._ahead: Run | None = None

    def start(self) -> None:
        """Begin, or go on, with the next tick."""
        self._ticker.start(self)

    def stop(self) -> None:
        """Be silent until it is started again."""
        self._ticker.stop(self)

    def mark(self, marker: Marker) -> None:
        """Tell when this place is reached; one that is behind already is not."""
        self._markers.append(marker)

    def tick(self) -> bool:
        pieces = self._next_pieces()
        if pieces:
            self._hungry = False
            pcm = pieces[0][1] if len(pieces) == 1 else b"".join(pcm for _, pcm in pieces)
            missing = FRAME_BYTES - len(pcm)
            self._source.push(pcm + bytes(missing) if missing else pcm)
            if self._markers:
                self._tell_markers([(begin, begin + len(pcm) // 2) for begin, pcm in pieces])
        elif self._tape.over:
            self._listener.finished()
            return False
        elif not self._hungry:
            self._hungry = True
            self._listener.starved()
        return True

    def ahead(self, ticks: Ticks) -> int:
        begin, pcm = self._tape.whole(ticks.count)
        count = len(pcm) // FRAME_BYTES
        if not count:
            return 0
        if self._markers:
            count = self._to_marker(begin, count)
        self._ahead = Run(ticks.cut(count), pcm[: count * FRAME_BYTES])
        return self._source.room(self._ahead)

    def leap(self, ticks: Ticks) -> bool:
        assert self._ahead is not None
        run, self._ahead = self._ahead.cut(ticks.count), None
        begin, _ = self._tape.take(run.count * FRAME_SAMPLES)
        self._hungry = False
        self._source.push_run(run)
        if self._markers:
            self._tell_markers([(begin, begin + run.count * FRAME_SAMPLES)])
        return True

    def _to_marker(self, begin: int, count: int) -> int:
        """So many of the frames from ``begin`` on that a marker is in none but the last."""
        for marker in self._markers:
            place = self._tape.place(marker.offset_ms, marker.segment)
            if place is not None and place >= begin:
                count = min(count, (place - begin) // FRAME_SAMPLES + 1)
        return count

    def _next_pieces(self) -> list[tuple[int, bytes]]:
        """(position, pcm) of what makes up the next frame; less at the end and where the tape runs dry."""
        pieces: list[tuple[int, bytes]] = []
        missing = FRAME_SAMPLES
        while missing:
            begin, pcm = self._tape.take(missing)
            if not pcm:
                break
            pieces.append((begin, pcm))
            missing -= len(pcm) // 2
        return pieces

    def _tell_markers(self, spans: list[tuple[int, int]]) -> None:
        end = self._tape.length if self._tape.over else None
        reached, kept = [], []
        for marker in self._markers:
            place = self._tape.place(marker.offset_ms, marker.segment)
            when = None if place is None else _order(place, spans, end)
            if when is None:
                kept.append(marker)
            else:
                reached.append((when, marker))
        self._markers = kept
        for _, marker in sorted(reached, key=lambda item: item[0]):
            self._listener.reached(marker)


def _order(place: int, spans: list[tuple[int, int]], end: int | None) -> int | None:
    """How many samples into the spans a place is; None where it is in none. The very end of a tape belongs
    to its last frame."""
    before = 0
    for first, last in spans:
        if first <= place < last or place == end == last:
            return before + place - first
        before += last - first
    return None
