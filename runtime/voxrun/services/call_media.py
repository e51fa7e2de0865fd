"""The two ends of a call in the media graph: what the far end says, and what it hears.

::

    leg.audio -> CallAudio (filters) -> call.audio -> units, recordings, detectors
    units, players -> CallSink -> taps, leg.sink

A peer-to-peer call has its own way from leg to leg (``services/direct.py``): nothing passes here then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from voxrun.legs.base import Leg
from voxrun.media.graph import Sink, Source
from voxrun.media.runs import Run


class Filter(ABC):
    """Decides what others may hear of a call."""

    @abstractmethod
    def change(self, frame: bytes) -> bytes:
        """A frame in, the frame for the others out."""

    def passes(self, run: Run) -> bool:
        """Whether a run goes through as it is, and nothing comes of it."""
        return False

    def passed(self, run: Run) -> None:  # noqa: B027 (a hook)
        """It went through."""


class CallSink(Sink):
    """The way into a call: one source at a time; ``taps`` hear what the far end is given."""

    exclusive = True

    def __init__(self, leg: Leg) -> None:
        super().__init__()
        self._leg = leg
        self.taps: list[Sink] = []
        self.open = True
        """Whether the far end hears what comes: not before early media or the answer."""

    def write(self, frame: bytes, source: Source) -> None:
        if not self.open:
            return
        self._leg.sink.write(frame, source)
        for tap in tuple(self.taps):
            tap.write(frame, source)

    def room(self, run: Run, source: Source) -> int:
        if not self.open:
            return run.count
        return min(sink.room(run, source) for sink in (self._leg.sink, *self.taps))

    def write_run(self, run: Run, source: Source) -> None:
        if self.open:
            for sink in (self._leg.sink, *self.taps):
                sink.write_run(run, source)

    def flush(self, source: Source) -> None:
        if self.open:
            self._leg.sink.flush(source)


class CallAudio(Sink):
    """The way out of a call: what the leg gives goes through ``filters`` to ``source``."""

    def __init__(self, leg: Leg) -> None:
        super().__init__()
        self.source = Source()
        self.filters: list[Filter] = []
        leg.audio.connect(self)

    def write(self, frame: bytes, source: Source) -> None:
        for each in self.filters:
            frame = each.change(frame)
        self.source.push(frame)

    def room(self, run: Run, source: Source) -> int:
        return self.source.room(run) if self._passes(run) else 0

    def write_run(self, run: Run, source: Source) -> None:
        if not self._passes(run):
            super().write_run(run, source)
            return
        for each in self.filters:
            each.passed(run)
        self.source.push_run(run)

    def _passes(self, run: Run) -> bool:
        return all(each.passes(run) for each in self.filters)
