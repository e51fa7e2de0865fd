"""Virtual time: an asyncio loop whose clock jumps to the next deadline when nothing is ready.

Rules (they make a run a function of its inputs):

- timers with the same deadline run first in, first out;
- work given to an executor (speech, recognition) counts as zero time: time stands still while it is
  pending, and results arrive in the order of submission, each only when nothing else is ready;
- nothing ready, no timer and no pending work is a deadlock and raises ``VirtualTimeError``;
- the network and child processes do not exist: whoever asks for them is named in the error.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import heapq
import selectors
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

from voxrun.errors import VoxrunError
from voxrun.session.clock import DEFAULT_START_MS, LoopClock

T = TypeVar("T")


RESOLUTION = 1e-9
"""Seconds: deadlines nearer to each other than this are one moment for the loop."""


class VirtualTimeError(VoxrunError):
    """Something that cannot be done in virtual time."""


class _Timer(events.TimerHandle):
    """A timer that keeps its place among equals."""

    __slots__ = ("sequence",)

    sequence: int

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, _Timer):
            return NotImplemented
        mine, theirs = self._when, other._when  # type: ignore[attr-defined]
        return bool(mine < theirs or (mine == theirs and self.sequence < other.sequence))


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits, and tells the loop when it would have.

    Nothing is polled: the only descriptor there can be is the loop's own, with which threads and signals
    wake it, and what they bring is in the loop's queue already. A poll is a system call, five a tick.
    """

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self.loop.idle(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module docstring. ``time()`` starts at 0."""

    def __init__(self) -> None:
        self._virtual_now = 0.0
        self._sequence = 0
        self._outside: deque[tuple[concurrent.futures.Future[Any] | Callable[[], Any], asyncio.Future[Any]]]
        self._outside = deque()
        selector = _JumpingSelector()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = RESOLUTION

    def time(self) -> float:
        return self._virtual_now

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> events.TimerHandle:
        """As the base class, but first in, first out among equal deadlines."""
        timer = _Timer(when, callback, args, self, context)
        self._sequence += 1
        timer.sequence = self._sequence
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    def _add_reader(self, fd: Any, callback: Any, *args: Any) -> Any:
        if len(self._selector.get_map()):  # type: ignore[attr-defined]
            raise self._refuse("a socket")
        return super()._add_reader(fd, callback, *args)  # type: ignore[misc]

    def _add_writer(self, fd: Any, callback: Any, *args: Any) -> Any:
        raise self._refuse("a socket")

    def idle(self, timeout: float | None) -> None:
        """Nothing is ready: deliver one result from outside, or jump to the next deadline."""
        if self._outside:
            self._deliver_outside()
        elif timeout is None:
            raise VirtualTimeError(
                "virtual time stands still: every task waits, and no timer is set that could wake one"
            )
        else:
            scheduled = self._scheduled  # type: ignore[attr-defined]
            self._virtual_now = max(self._virtual_now, scheduled[0].when())

    def horizon(self) -> float | None:
        """Until when nothing runs but what runs now, as far as is known: the next deadline (infinity without
        one); None where something else is ready or under way already."""
        if self._ready or self._outside:  # type: ignore[attr-defined]
            return None
        scheduled: list[_Timer] = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0].cancelled():
            heapq.heappop(scheduled)._scheduled = False  # type: ignore[attr-defined]
            self._timer_cancelled_count -= 1  # type: ignore[attr-defined]
        return scheduled[0].when() if scheduled else float("inf")

    def advance(self, when: float) -> None:
        """Set the clock; for who has looked at the ``horizon``."""
        self._virtual_now = max(self._virtual_now, when)

    def _deliver_outside(self) -> None:
        work, waiter = self._outside.popleft()
        try:
            result = work.result() if isinstance(work, concurrent.futures.Future) else work()
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            if not waiter.cancelled():
                waiter.set_exception(error)
        else:
            if not waiter.cancelled():
                waiter.set_result(result)

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Run ``func`` in ``executor``; without one right here, when its result is due: a thread would save
        nothing, for nobody does anything meanwhile. Time stands still until it is done."""
        waiter: asyncio.Future[T] = self.create_future()
        work = partial(func, *args) if executor is None else executor.submit(func, *args)
        self._outside.append((work, waiter))
        return waiter

    def _refuse(self, what: str) -> VirtualTimeError:
        return VirtualTimeError(
            f"{what} is the real network, and this call runs in virtual time: "
            "give the scenario a stub, or run the script with --real-time"
        )

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse(f"a connection to {_address(args, kwargs)}")

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse(f"a server on {_address(args, kwargs)}")

    async def create_datagram_endpoint(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse("a UDP socket")

    async def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse(f"looking up {_address(args, kwargs)}")

    async def sock_connect(self, sock: Any, address: Any) -> None:
        raise self._refuse(f"a connection to {address}")

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError("a child process has its own clock and cannot take part in virtual time")

    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError("a child process has its own clock and cannot take part in virtual time")


def _address(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    named = [kwargs.get("host"), kwargs.get("port")]
    values = [value for value in (*named, *args) if isinstance(value, str | bytes | int)]
    texts = [value.decode("ascii", "replace") if isinstance(value, bytes) else str(value) for value in values]
    return ":".join(texts[:2]) or "a socket"


def run_virtual(main: Callable[[LoopClock], Coroutine[Any, Any, T]], start_ms: int = DEFAULT_START_MS) -> T:
    """Run ``main(clock)`` in a virtual loop of its own and return its result.

    ``start_ms`` is the date at the start, Unix milliseconds.
    """

    async def body() -> T:
        return await main(LoopClock(start_ms))

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(body())
