"""Where engines may run: on a stack that is deep enough."""

from __future__ import annotations

import queue
import resource
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

from voxrun.realm.engine import THREAD_STACK

T = TypeVar("T")

STACK_BYTES: Final = 64 << 20
"""Asked for; only what is used of it takes memory."""

_starting = threading.Lock()


class Runner(Protocol):
    """Runs work on one thread with a deep stack, always the same one, and waits for it."""

    ident: int
    """The thread, as ``threading`` counts them."""

    def call(self, work: Callable[[], T]) -> T: ...

    def stop(self) -> None: ...


def runner(name: str) -> Runner:
    """This thread itself where its stack is deep enough, else a thread made for it.

    Calling the other thread costs some 60 us a turn, which is more than the turn itself.
    """
    if threading.current_thread() is threading.main_thread() and deepen_main_stack():
        return Here()
    return DeepThread(name)


def deepen_main_stack() -> bool:
    """Let the main thread's stack grow far enough; False where the system does not allow it.

    Linux looks at the soft limit each time that stack grows and keeps 128 MB of addresses free below it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if soft == resource.RLIM_INFINITY or soft >= STACK_BYTES:
        return True
    wanted = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    if wanted < THREAD_STACK:
        return False
    resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
    return True


def start_deep(thread: threading.Thread) -> None:
    """Start a thread with a deep stack. The size is a setting of the process: put back afterwards."""
    with _starting:
        before = threading.stack_size(STACK_BYTES)
        try:
            thread.start()
        finally:
            threading.stack_size(before)


class Here:
    """Runs work on the calling thread."""

    def __init__(self) -> None:
        self.ident = threading.get_ident()

    def call(self, work: Callable[[], T]) -> T:
        return work()

    def stop(self) -> None:
        pass


class DeepThread:
    """Runs work on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._answer: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        start_deep(self._thread)
        self.ident = self._thread.ident or 0

    def call(self, work: Callable[[], T]) -> T:
        self._work.put(work)
        good, value = self._answer.get()
        if not good:
            raise value
        result: T = value
        return result

    def stop(self) -> None:
        """End the thread after what it has."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                self._answer.put((True, work()))
            except BaseException as error:
                self._answer.put((False, error))
            del work
