"""The media graph: sources push frames along edges to sinks, in the callback that received them.

A ``Source`` has any number of edges. A ``Sink`` that is ``exclusive`` (a call) takes one source at a
time: a new one replaces the old. Nothing here knows a clock; what must be paced is ``Ticking`` and
registers with a ``Ticker`` (20 ms) that its owner was given.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from voxrun.media.runs import Run


class Ticking(Protocol):
    """Something that does work once every 20 ms while it has work to do."""

    def tick(self) -> bool:
        """Do one frame's work; False when idle (the ticker then forgets it until started again)."""
        ...


class Ticker(Protocol):
    """Calls ``tick()`` of every started node once in 20 ms."""

    def start(self, node: Ticking) -> None: ...

    def stop(self, node: Ticking) -> None: ...


class Sink(ABC):
    """Takes frames. Subclasses implement ``write``."""

    exclusive: bool = False
    """True where a new source replaces the one before (a call)."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.own: Source | None = None
        """What the party that listens here says itself: a bridge leaves it out of what it gives."""

    @abstractmethod
    def write(self, frame: bytes, source: Source) -> None:
        """Take one frame (640 bytes) from ``source``."""

    def room(self, run: Run, source: Source) -> int:
        """How many frames of ``run`` can be written at once, up to and with the first of which something
        comes that anybody else could notice; 0 where they have to be written one by one."""
        return 0

    def write_run(self, run: Run, source: Source) -> None:
        """Take so many frames as ``room`` said, or fewer."""
        for frame in run.frames():
            self.write(frame, source)

    def flush(self, source: Source) -> None:  # noqa: B027 (a hook)
        """Forget what ``source`` gave and nobody has heard yet; sinks that hold nothing back do nothing."""

    def attached(self, source: Source) -> None:  # noqa: B027 (a hook)
        """Called after ``source`` was connected."""

    def detached(self, source: Source) -> None:  # noqa: B027 (a hook)
        """Called after ``source`` was disconnected."""


class Source:
    """Gives frames to every sink connected to it, in the order they were connected."""

    def __init__(self) -> None:
        self.sinks: list[Sink] = []

    def connect(self, sink: Sink) -> None:
        """Add an edge to ``sink`` (once). An exclusive sink drops the source it had."""
        if sink in self.sinks:
            return
        if sink.exclusive:
            for other in tuple(sink.sources):
                other.disconnect(sink)
        self.sinks.append(sink)
        sink.sources.append(self)
        sink.attached(self)

    def disconnect(self, sink: Sink) -> None:
        """Remove the edge to ``sink``, if there is one."""
        if sink not in self.sinks:
            return
        self.sinks.remove(sink)
        sink.sources.remove(self)
        sink.detached(self)

    def disconnect_all(self) -> None:
        """Remove every edge."""
        for sink in tuple(self.sinks):
            self.disconnect(sink)

    def push(self, frame: bytes) -> None:
        """Give one frame (640 bytes) to every sink."""
        for sink in tuple(self.sinks):
            sink.write(frame, self)

    def room(self, run: Run) -> int:
        """How many frames of ``run`` can be pushed at once (see ``Sink.room``)."""
        most = run.count
        for sink in self.sinks:
            most = min(most, sink.room(run, self))
        return most

    def push_run(self, run: Run) -> None:
        """Give a run of frames to every sink."""
        for sink in tuple(self.sinks):
            sink.write_run(run, self)

    def flush(self) -> None:
        """What was pushed and has not been heard yet is not to be heard any more (barge-in)."""
        for sink in tuple(self.sinks):
            sink.flush(self)


def disconnect_sink(sink: Sink) -> None:
    """Remove every edge that ends in ``sink``."""
    for source in tuple(sink.sources):
        source.disconnect(sink)
