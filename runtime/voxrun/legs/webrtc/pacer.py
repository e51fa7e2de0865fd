"""One ticker for all WebRTC calls of an event loop: each is ticked once in 20 ms, in one of four slots of
5 ms, so that many calls do not want the processor at the same moment."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol
from weakref import WeakKeyDictionary

SLOT_SECONDS: Final = 0.005
SLOTS: Final = 4


class Paced(Protocol):
    """What is ticked."""

    def tick(self, now: float) -> None:
        """Do what is due at ``now`` (loop time); 20 ms after the last time, or later after a stall."""


class Pacer:
    """Ticks its nodes from ``add`` to ``remove``; no timer is set while there are none.

    A node that raises is reported to the loop's exception handler and ticked again: its call must not fall
    silent for good, and no other call hears of it.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._slots: tuple[dict[Paced, None], ...] = tuple({} for _ in range(SLOTS))
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0

    def add(self, node: Paced) -> None:
        """Tick ``node`` from the emptiest slot on."""
        min(self._slots, key=len)[node] = None
        if self._timer is None:
            self._next = int((self._loop.time() - self._zero) / SLOT_SECONDS) + 1
            self._arm()

    def remove(self, node: Paced) -> None:
        for slot in self._slots:
            slot.pop(node, None)
        if self._timer is not None and not any(self._slots):
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        for _ in range(SLOTS):  # straight to the next slot that has somebody in it
            if self._slots[self._next % SLOTS]:
                break
            self._next += 1
        self._timer = self._loop.call_at(self._zero + self._next * SLOT_SECONDS, self._run)

    def _run(self) -> None:
        now = self._loop.time()
        missed = int((now - self._zero) / SLOT_SECONDS + 1e-6) - self._next
        # After a stall every slot is late: each is ticked once, and sees by the time how late it is.
        for _ in range(min(missed, SLOTS - 1) + 1):
            for node in tuple(self._slots[self._next % SLOTS]):
                self._tick(node, now)
            self._next += 1
        self._next += max(0, (missed - SLOTS + 1) // SLOTS * SLOTS)
        self._timer = None
        if any(self._slots):
            self._arm()

    def _tick(self, node: Paced, now: float) -> None:
        try:
            node.tick(now)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "webrtc: a frame could not be sent", "exception": error}
            )


_pacers: WeakKeyDictionary[asyncio.AbstractEventLoop, Pacer] = WeakKeyDictionary()


def pacer() -> Pacer:
    """The pacer of the running loop."""
    loop = asyncio.get_running_loop()
    found = _pacers.get(loop)
    if found is None:
        found = _pacers[loop] = Pacer()
    return found
