"""Leaps: several ticks done at once, where nothing could come of them one by one.

In virtual time nobody waits for the next frame. While a sentence sounds, or nobody speaks, one tick after
the other only passes audio on; it is the same to pass it on in one piece. What makes it safe:

- a ``Leaper`` says how many of the next ticks it can do at once: up to and with the first of which something
  comes (a word is over, a buffer runs dry). It asks the sinks that its audio goes to (``Sink.room``);
- whoever cannot tell says so, and then ticks are done one by one: that is what everything does that knows
  nothing of leaps;
- the ticker leaps no further than to the next deadline of anybody else (``voxrun.replay.leaps``).

A call gives the same bytes with and without leaps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from msgspec import Struct

from voxrun.media.frames import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SILENCE
from voxrun.media.levels import FLOOR_DBFS, power_to_dbfs

FRAME_S = FRAME_MS / 1000


class Ticks(Struct, frozen=True):
    """``count`` ticks of a grid: tick n of it is at ``zero + n * 20 ms`` of the loop's clock."""

    zero: float
    first: int
    count: int

    def time(self, index: int) -> float:
        """When the tick of that index is, 0 being the first of these."""
        return self.zero + (self.first + index) * FRAME_S

    @property
    def last(self) -> float:
        """When the last one is."""
        return self.zero + (self.first + self.count - 1) * FRAME_S

    def stamps(self, zero: float) -> Sequence[int]:
        """When they are, whole milliseconds since ``zero``: a range where rounding leaves them 20 ms apart
        (nearly always)."""
        first, last = round((self.time(0) - zero) * 1000), round((self.last - zero) * 1000)
        if last - first == (self.count - 1) * FRAME_MS:
            return range(first, last + 1, FRAME_MS)
        return [round((self.time(index) - zero) * 1000) for index in range(self.count)]

    def cut(self, count: int) -> Ticks:
        """The first ``count`` of them."""
        return self if count >= self.count else Ticks(self.zero, self.first, count)


class Run:
    """Audio of some ticks: a frame on each. ``pcm`` is None where all of them are silent."""

    def __init__(self, ticks: Ticks, pcm: bytes | None) -> None:
        self.ticks = ticks
        self.count = ticks.count
        """Frames."""
        self.pcm = pcm

    def frames(self) -> Iterator[bytes]:
        """The frames; those of nothing but zeros are ``SILENCE`` itself."""
        if self.pcm is None:
            for _ in range(self.count):
                yield SILENCE
            return
        for index, peak in enumerate(self.peaks):
            yield self.pcm[index * FRAME_BYTES : (index + 1) * FRAME_BYTES] if peak else SILENCE

    def sound(self) -> bytes:
        """All of it, zeros where it is silent."""
        return bytes(self.count * FRAME_BYTES) if self.pcm is None else self.pcm

    @cached_property
    def peaks(self) -> list[int]:
        """The largest absolute sample of each frame."""
        if self.pcm is None:
            return [0] * self.count
        samples = np.frombuffer(self.pcm, "<i2").reshape(-1, FRAME_SAMPLES)
        peaks: list[int] = np.abs(samples).view("<u2").max(axis=1).tolist()  # abs(-32768) is 32768 only so
        return peaks

    @property
    def levels(self) -> list[float]:
        """The root mean square of each frame in dBFS, as ``levels.rms_dbfs`` gives it."""
        if self.pcm is None:
            return [FLOOR_DBFS] * self.count
        values = np.frombuffer(self.pcm, "<i2").reshape(-1, FRAME_SAMPLES).astype(np.float64)
        return [
            power_to_dbfs(energy / FRAME_SAMPLES) for energy in np.einsum("ij,ij->i", values, values).tolist()
        ]

    def cut(self, count: int) -> Run:
        """The first ``count`` frames."""
        if count >= self.count:
            return self
        part = Run(self.ticks.cut(count), None if self.pcm is None else self.pcm[: count * FRAME_BYTES])
        if "peaks" in self.__dict__:
            part.__dict__["peaks"] = self.peaks[:count]
        return part


class Leaper(ABC):
    """A ticking node that can do several ticks at once."""

    final: ClassVar[bool] = False
    """True where ``ahead`` is answered by trying: it is asked last, and ``leap`` for just as many follows."""

    @abstractmethod
    def ahead(self, ticks: Ticks) -> int:
        """How many of ``ticks`` can be done at once, up to and with the first of which something comes that
        anybody else could notice before the next. 0: none, they have to come one by one."""

    @abstractmethod
    def leap(self, ticks: Ticks) -> bool:
        """Do them all; the loop's clock is at the last of them. As ``tick``: False when idle."""


class AudioDoor(Protocol):
    """A way for audio into a peer of the same process: it is taken in the instant in which it is given."""

    def take(self, pcm: bytes) -> None:
        """Take a message of audio."""
        ...

    def room(self, run: Run) -> int:
        """As ``Leaper.ahead``, answered by trying: ``take_run`` with so many frames of it has to follow."""
        ...

    def take_run(self, run: Run) -> None:
        """Take the frames that ``room`` was asked about."""
        ...
