"""Realms inside this process, for virtual time: a turn is over before anything else happens.

Engines need a thread with a big stack and must stay on it, so one thread runs every realm of a provider
while the loop's thread waits for it: seen from the loop a turn takes no time.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from voxrun.realm.port import BootInfo, TurnResult
from voxrun.realm.realm import Realm
from voxrun.session.messages import Event

T = TypeVar("T")
STACK_BYTES = 64 << 20
_start_lock = threading.Lock()


class DeepThread:
    """One thread with a big stack that runs what it is given, one thing after another."""

    def __init__(self, name: str) -> None:
        self._work: queue.SimpleQueue[Callable[[], Any] | None] = queue.SimpleQueue()
        self._answer: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        with _start_lock:
            before = threading.stack_size(STACK_BYTES)
            try:
                self._thread.start()
            finally:
                threading.stack_size(before)

    def call(self, work: Callable[[], T]) -> T:
        """Run ``work`` there and wait; its exception is raised here."""
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


class InlineRealm:
    """A realm of an ``InlineRealms``."""

    def __init__(self, thread: DeepThread) -> None:
        self._thread = thread
        self._realm: Realm | None = thread.call(Realm)

    async def boot(self, info: BootInfo) -> TurnResult:
        realm = self._open()
        return self._thread.call(lambda: realm.boot(info))

    async def turn(self, event: Event, now_ms: int) -> TurnResult:
        realm = self._open()
        return self._thread.call(lambda: realm.turn(event, now_ms))

    async def close(self) -> None:
        realm, self._realm = self._realm, None
        if realm is not None:
            self._thread.call(realm.close)

    @property
    def realm(self) -> Realm:
        """The realm itself, for tests and benchmarks; use it through ``on_thread``."""
        return self._open()

    def on_thread(self, work: Callable[[], T]) -> T:
        """Run something on the realms' thread."""
        return self._thread.call(work)

    def _open(self) -> Realm:
        if self._realm is None:
            raise RuntimeError("the realm is closed")
        return self._realm


class InlineRealms:
    """Makes realms in this process."""

    def __init__(self) -> None:
        self._thread: DeepThread | None = None
        self._realms: list[InlineRealm] = []

    async def open(self, session_id: str) -> InlineRealm:
        """A realm for one session."""
        if self._thread is None:
            self._thread = DeepThread("voxrun-realms")
        realm = InlineRealm(self._thread)
        self._realms.append(realm)
        return realm

    async def close(self) -> None:
        """Close every realm and end the thread. Idempotent."""
        for realm in self._realms:
            await realm.close()
        self._realms.clear()
        if self._thread is not None:
            self._thread.stop()
            self._thread = None
