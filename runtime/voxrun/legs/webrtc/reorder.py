"""Puts RTP packets in order and says what is lost. No playout delay: a listener that is a machine needs
none, so a packet in order goes through at once, and a hole waits for two later packets or 60 ms only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE = 2
"""Later packets that must be there before a missing one counts as lost."""
PATIENCE_SECONDS = 0.06
"""Or how long they may wait for it: a far end that pauses (DTX) sends no later ones."""
RESYNC = 100
"""A sequence number further away than this is a new stream (the far end started over)."""


class Reorder(Generic[T]):
    """Packets by 16-bit sequence number; moments are seconds of any steady clock."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._waiting: dict[int, T] = {}
        self._since = 0.0

    def add(self, sequence: int, packet: T, now: float = 0.0) -> Iterator[T | None]:
        """Take a packet; yields what is in order now, None for each one that is lost."""
        if self._next == sequence and not self._waiting:
            self._next = (sequence + 1) % (1 << 16)
            yield packet
            return
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % (1 << 16)
        if ahead > RESYNC:
            if (1 << 16) - ahead <= RESYNC:
                return  # late: its place was given up, or a repetition
            self._waiting.clear()
            self._next = sequence
        if not self._waiting:
            self._since = now
        self._waiting[sequence] = packet
        yield from self._ready()
        while len(self._waiting) >= PATIENCE:
            yield from self._give_up()

    def expire(self, now: float) -> Iterator[T | None]:
        """Give up what has been waited for too long."""
        while self._waiting and now - self._since >= PATIENCE_SECONDS:
            yield from self._give_up()

    @property
    def idle(self) -> bool:
        """Nothing waits for a packet that is missing."""
        return not self._waiting

    def _give_up(self) -> Iterator[T | None]:
        assert self._next is not None
        yield None
        self._next = (self._next + 1) % (1 << 16)
        yield from self._ready()

    def _ready(self) -> Iterator[T]:
        assert self._next is not None
        while self._next in self._waiting:
            packet = self._waiting.pop(self._next)
            self._next = (self._next + 1) % (1 << 16)
            yield packet
