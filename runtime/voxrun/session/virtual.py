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


SWEEP_EVERY = 1000
"""Timers after which those are thrown away that were cancelled."""


class VirtualTimeError(VoxrunError):
    """Something that cannot be done in virtual time."""


class _BlindSelector(selectors.DefaultSelector):
    """Never polled: the only descriptor there can be is the loop's own, with which threads and signals wake
    it, and what they bring is in the loop's queue already."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module docstring. ``time()`` starts at 0."""

    def __init__(self) -> None:
        self._virtual_now = 0.0
        self._timers: list[tuple[float, int, events.TimerHandle]] = []
        """A heap by deadline and, among equals, in the order in which they were set."""
        self._set = 0
        self._outside: deque[tuple[concurrent.futures.Future[Any] | Callable[[], Any], asyncio.Future[Any]]]
        self._outside = deque()
        super().__init__(_BlindSelector())

    def time(self) -> float:
        return self._virtual_now

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> events.TimerHandle:
        """As the base class, but first in, first out among equal deadlines."""
        timer = events.TimerHandle(when, callback, args, self, context)
        self._set += 1
        if self._set % SWEEP_EVERY == 0:
            self._timers[:] = [entry for entry in self._timers if not entry[2].cancelled()]
            heapq.heapify(self._timers)
        heapq.heappush(self._timers, (when, self._set, timer))
        return timer

    def _run_once(self) -> None:
        """One turn of the loop, as the base class does it, without what nobody needs here: that is most of
        the time of a turn."""
        ready: deque[events.Handle] = self._ready  # type: ignore[attr-defined]
        if not ready and not self._stopping:  # type: ignore[attr-defined]
            when = self._next_deadline()
            if when is None or when > self._virtual_now:
                self._idle(when)
        end = self._virtual_now + RESOLUTION
        while self._timers and self._timers[0][0] < end:
            ready.append(heapq.heappop(self._timers)[2])
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _next_deadline(self) -> float | None:
        """That of the next timer which was not cancelled."""
        timers = self._timers
        while timers and timers[0][2].cancelled():
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def _add_reader(self, fd: Any, callback: Any, *args: Any) -> Any:
        if len(self._selector.get_map()):  # type: ignore[attr-defined]
            raise self._refuse("a socket")
        return super()._add_reader(fd, callback, *args)  # type: ignore[misc]

    def _add_writer(self, fd: Any, callback: Any, *args: Any) -> Any:
        raise self._refuse("a socket")

    def _idle(self, when: float | None) -> None:
        """Nothing is ready: deliver one result from outside, or jump to the next deadline."""
        if self._outside:
            self._deliver_outside()
        elif when is None:
            raise VirtualTimeError(
                "virtual time stands still: every task waits, and no timer is set that could wake one"
            )
        else:
            self._virtual_now = when

    def horizon(self) -> float | None:
        """Until when nothing runs but what runs now, as far as is known: the next deadline (infinity without
        one); None where something else is ready or under way already."""
        if self._ready or self._outside:  # type: ignore[attr-defined]
            return None
        when = self._next_deadline()
        return float("inf") if when is None else when

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
