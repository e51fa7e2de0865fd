"""A conference bridge: every party hears the sum of all others, and never itself.

Sources push frames into ``sink`` when they have them; every 20 ms the bridge takes one frame of each and
gives every sink of ``source`` its mix. Which contribution is a listener's own is told by ``Sink.own``.

Frames come with the jitter of their networks, so each source has an ``Inlet`` that holds back a frame or
two: the depth grows when it ran dry in mid-stream and shrinks after 10 s of calm. What waits beyond it melts
away (``Backlog``). The shared ``SILENCE`` is neither added nor copied.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from voxrun.media.backlog import Backlog
from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.graph import Sink, Source, Ticker
from voxrun.media.levels import Samples

log = logging.getLogger(__name__)

SHALLOWEST: Final = 2
"""Frames that wait before a source begins to sound: 20 to 40 ms of delay."""
DEEPEST: Final = 6
MOST_WAITING: Final = 15
"""Frames of one source that may wait (300 ms); above it the oldest go."""
JITTER_TICKS: Final = 10
"""A source that was dry for less than this was late; longer, it made a pause."""
CALM_TICKS: Final = 500


class Inlet:
    """Frames of one source on their way into the mix: ``push`` when they come, ``pop`` once a tick."""

    def __init__(self) -> None:
        self.depth = SHALLOWEST
        self._frames = Backlog(MOST_WAITING)
        self._running = False
        self._dry = JITTER_TICKS  # ticks since it ran dry
        self._held = 0  # ticks that the first frame has waited
        self._calm = 0  # ticks since it began to sound

    def __len__(self) -> int:
        """Frames waiting."""
        return len(self._frames)

    def push(self, frame: bytes) -> None:
        """Append one frame."""
        self._frames.push(frame)

    def pop(self) -> bytes:
        """The frame of this tick; ``SILENCE`` where there is none."""
        if not self._running and not self._begins():
            return SILENCE
        frame = self._frames.pop(self.depth - 1)
        if frame is None:
            self._running = False
            self._dry = 1
            return SILENCE
        self._calm += 1
        if self._calm % CALM_TICKS == 0:
            self.depth = max(SHALLOWEST, self.depth - 1)
        return frame

    def clear(self) -> None:
        """Forget what waits."""
        self._frames.clear()

    def _begins(self) -> bool:
        """Whether enough waits, or the first frame has waited long enough for others to follow."""
        if not self._frames:
            self._dry += 1
            self._held = 0
            return False
        if self._held == 0 and self._dry < JITTER_TICKS:
            self.depth = min(DEEPEST, self.depth + 1)
        self._held += 1
        if len(self._frames) < self.depth and self._held < self.depth:
            return False
        self._running = True
        self._held = self._calm = 0
        return True


class _Inlets(Sink):
    """The way into a bridge, for any number of sources."""

    def __init__(self) -> None:
        super().__init__()
        self.open = False
        self.inlets: dict[Source, Inlet] = {}

    def write(self, frame: bytes, source: Source) -> None:
        inlet = self.inlets.get(source)
        # What nobody hears need not wait, and a frame of another size would spoil everybody's mix.
        if inlet is not None and self.open and len(frame) == FRAME_BYTES:
            inlet.push(frame)

    def flush(self, source: Source) -> None:
        if source in self.inlets:
            self.inlets[source].clear()

    def attached(self, source: Source) -> None:
        self.inlets[source] = Inlet()

    def detached(self, source: Source) -> None:
        self.inlets.pop(source, None)


class _Outlet(Source):
    """What comes out of a bridge: a mix for each sink."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge

    def connect(self, sink: Sink) -> None:
        super().connect(sink)
        self._bridge.wake()


class Bridge:
    """See the module docstring. It ticks while anybody listens."""

    def __init__(self, ticker: Ticker) -> None:
        self._inlets = _Inlets()
        self.sink: Sink = self._inlets
        self.source: Source = _Outlet(self)
        self._ticker = ticker

    def wake(self) -> None:
        """Somebody listens: begin with the next tick."""
        self._inlets.open = True
        self._ticker.start(self)

    def close(self) -> None:
        """Stop for good."""
        self._inlets.open = False
        self._ticker.stop(self)
        self.source.disconnect_all()

    def tick(self) -> bool:
        inlets = self._inlets.inlets
        if not self.source.sinks:
            self._inlets.open = False
            for inlet in inlets.values():
                inlet.clear()
            return False
        frames = [(source, inlet.pop()) for source, inlet in inlets.items()]
        self._give([pair for pair in frames if pair[1] is not SILENCE])
        return True

    def _give(self, loud: list[tuple[Source, bytes]]) -> None:
        everything, without = mixes([frame for _, frame in loud])
        numbers = {source: number for number, (source, _) in enumerate(loud)}
        for sink in tuple(self.source.sinks):
            number = numbers.get(sink.own) if sink.own is not None else None
            try:
                sink.write(everything if number is None else without[number], self.source)
            except Exception:  # one party's trouble must not take the sound from the others
                log.exception("a conference could not give audio to one of its parties, and leaves it out")
                self.source.disconnect(sink)


def mixes(frames: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """The sum of all ``frames`` (640 bytes each), and for each of them the sum of the others; saturated.

    A sum of nothing is the shared ``SILENCE``, a sum of one frame that frame.
    """
    if len(frames) < 2:
        return (frames[0] if frames else SILENCE), [SILENCE] * len(frames)
    rows: Samples = np.frombuffer(b"".join(frames), "<i2").reshape(len(frames), -1)
    total = rows.sum(axis=0, dtype=np.int32)
    if len(frames) == 2:
        return saturated(total), [frames[1], frames[0]]
    pcm = saturated(total - rows)
    return saturated(total), [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


def saturated(total: npt.NDArray[np.int32]) -> bytes:
    """Sums as s16le."""
    clipped: Samples = np.clip(total, -32768, 32767).astype("<i2")
    return clipped.tobytes()
