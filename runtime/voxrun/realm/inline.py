"""Realms inside this process, for virtual time: a turn is over before anything else happens.

Where the scenario hangs in one of the engine's functions that cannot be interrupted, nothing can save this
process: a watchdog thread says so, with the scenario line, and ends it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from voxrun.realm import probe
from voxrun.realm.port import BootInfo, Listening, TurnResult
from voxrun.realm.realm import Realm, budgets
from voxrun.realm.stack import Runner, runner
from voxrun.session.messages import Event

T = TypeVar("T")

GRACE_SECONDS: Final = 3.0
"""Wall time a turn has beyond its budget of CPU."""

CHECK_SECONDS: Final = 0.5
EXIT_CODE: Final = 70


class InlineRealm:
    """A realm of an ``InlineRealms``."""

    def __init__(self, provider: InlineRealms) -> None:
        self._provider = provider
        self._budget = 1.0
        self._realm: Realm | None = provider.run(None, 60.0, Realm)

    async def boot(self, info: BootInfo) -> TurnResult:
        realm = self.realm
        self._budget = budgets(info)[0]
        return self._provider.run(realm, self._budget, lambda: realm.boot(info))

    async def turn(self, event: Event, now_ms: int) -> TurnResult:
        realm = self.realm
        return self._provider.run(realm, self._budget, lambda: realm.turn(event, now_ms))

    async def listeners(self) -> tuple[Listening, ...]:
        realm = self.realm
        return self._provider.run(realm, self._budget, realm.listeners)

    async def close(self) -> None:
        realm, self._realm = self._realm, None
        if realm is not None:
            self._provider.run(None, 60.0, realm.close)
            self._provider.forget(self)

    @property
    def realm(self) -> Realm:
        """The realm itself, for tests and benchmarks; use it through ``on_thread``."""
        if self._realm is None:
            raise RuntimeError("the realm is closed")
        return self._realm

    def on_thread(self, work: Callable[[], T]) -> T:
        """Run something on the realms' thread."""
        return self._provider.run(None, 60.0, work)


class InlineRealms:
    """Makes realms in this process. ``tell`` is the file descriptor for the watchdog's last words."""

    def __init__(self, tell: int = 2) -> None:
        self._runner: Runner | None = None
        self._watchdog: Watchdog | None = None
        self._realms: set[InlineRealm] = set()
        self._tell = tell

    async def open(self, session_id: str) -> InlineRealm:
        """A realm for one session."""
        if self._runner is None:
            self._runner = runner("voxrun-realms")
            self._watchdog = Watchdog(self._runner.ident, self._tell)
        realm = InlineRealm(self)
        self._realms.add(realm)
        return realm

    async def clear(self) -> None:
        """Close every realm; others may follow."""
        for realm in list(self._realms):
            await realm.close()

    async def close(self) -> None:
        """Close every realm, and what watches them. Idempotent."""
        await self.clear()
        if self._watchdog is not None:
            self._watchdog.stop()
            self._watchdog = None
        if self._runner is not None:
            self._runner.stop()
            self._runner = None

    # -- for realms

    def run(self, realm: Realm | None, budget: float, work: Callable[[], T]) -> T:
        """Run work of a realm under the watchdog."""
        if self._runner is None or self._watchdog is None:
            raise RuntimeError("the realms are closed")
        watchdog = self._watchdog
        watchdog.begin(realm, budget)
        try:
            return self._runner.call(work)
        finally:
            watchdog.end()

    def forget(self, realm: InlineRealm) -> None:
        self._realms.discard(realm)


class Watchdog:
    """Looks twice a second whether a turn still makes sense."""

    def __init__(self, ident: int, tell: int) -> None:
        self._ident = ident
        self._tell = tell
        self._realm: Realm | None = None
        self._budget = 0.0
        self._turn = 0
        self._stopped = threading.Event()
        _told_by_signal.setdefault("installed", _install)()
        threading.Thread(target=self._run, name="voxrun-watchdog", daemon=True).start()

    def begin(self, realm: Realm | None, budget: float) -> None:
        """A turn begins."""
        self._realm = realm
        self._budget = budget
        self._turn += 1

    def end(self) -> None:
        """The turn is over."""
        self._realm = None

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        seen, since, cpu = -1, 0.0, 0.0
        clock = time.pthread_getcpuclockid(self._ident)
        while not self._stopped.wait(CHECK_SECONDS):
            if self._realm is None:
                continue
            if self._turn != seen:
                seen, since, cpu = self._turn, time.monotonic(), time.clock_gettime(clock)
                continue
            waited = time.monotonic() - since + CHECK_SECONDS
            if waited > self._budget + GRACE_SECONDS and time.clock_gettime(clock) - cpu > self._budget:
                self._bite()
                return

    def _bite(self) -> None:
        _told_by_signal["hung"] = self._last_words
        signal.pthread_kill(self._ident, probe.SIGNAL)
        if not self._stopped.wait(2 * CHECK_SECONDS):
            self._last_words("")

    def _last_words(self, stack: str | None = None) -> None:
        """Say what happened and end the process; on the hung thread, which knows where it is."""
        realm = self._realm
        if realm is None:
            return
        text = realm.explain.hung(realm.raw_position() if stack is None else stack).message
        os.write(self._tell, f"\nvoxrun: {text}\nvoxrun: this process cannot go on and ends here.\n".encode())
        os._exit(EXIT_CODE)


_told_by_signal: dict[str, Callable[[], None]] = {}


def _install() -> None:
    """Once a process."""
    _told_by_signal["installed"] = lambda: None
    probe.install(lambda: _told_by_signal["hung"]())
