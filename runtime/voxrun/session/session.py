"""One session: takes the next event, runs the turn, hands each command to its service.

Life cycle (facts: docs/fidelity.md)::

    boot (scripts evaluated) -> Started -> CallAlerting -> ... -> [terminate | idle | error | closed]
    -> HTTP requests under way are awaited (90 s at most) -> Terminating (timers dead, one HTTP request
    allowed) -> Terminated -> over

After an uncaught error the realm is not entered again: the session ends as "JS session error".
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct
from msgspec.structs import asdict

from voxrun.errors import InternalError, VoxrunError
from voxrun.realm.port import BootInfo, RealmError, RealmPort, TurnResult
from voxrun.session.clock import Clock
from voxrun.session.journal import Journal
from voxrun.session.limits import Limits
from voxrun.session.messages import Command, Event

log = logging.getLogger(__name__)

NORMAL = "Normal termination"
JS_ERROR = "JS session error"

LAST = frozenset({"http.request", "calllist.report"})
"""Requests, of which Terminating may make one."""

NOTED = frozenset({"session.customdata", "log.tones"})
"""Commands that only the journal takes."""

LAST_EVENTS = frozenset({"@http", "@storage"})
"""Answers that reach the scenario although the session is terminating."""

CROWDED = 50
"""Events that wait before peers are made to wait, where that is possible (``room``)."""
MOST_EVENTS = 10_000
"""Events that may wait for the scenario; a peer that floods it ends its own call, not the process."""


class Executor(Protocol):
    """A service as the session sees it."""

    @property
    def handles(self) -> frozenset[str]: ...

    def execute(self, command: Command) -> None: ...

    async def close(self) -> None: ...


class Draining(Executor, Protocol):
    """What must come to rest before the end: HTTP requests, storage."""

    @property
    def active(self) -> int: ...

    def drop_waiting(self) -> None: ...

    async def wait_idle(self) -> None: ...

    async def give_up(self) -> None: ...


class Ending(Struct, frozen=True):
    """How a session ended. ``error`` is set for "JS session error"."""

    reason: str
    error: RealmError | None = None


class Session:
    """The turn loop. ``run()`` lasts as long as the session; ``emit`` may be called from the start."""

    def __init__(
        self, session_id: str, realm: RealmPort, clock: Clock, journal: Journal, limits: Limits
    ) -> None:
        self.id = session_id
        self.journal = journal
        self.limits = limits
        self._realm = realm
        self._clock = clock
        self._queue: deque[Event] = deque()
        self._taken = asyncio.Event()
        self._services: dict[str, Executor] = {}
        self._order: list[Executor] = []
        self._draining: tuple[Draining, ...] = ()
        self._kill_timers: Callable[[], None] = lambda: None
        self._closers: tuple[Callable[[], Awaitable[None]], ...] = ()
        self._stop = False
        self._something = asyncio.Event()
        self.begun = asyncio.Event()
        """Set once the scenario has taken the events the session began with, and has ended or waits."""
        """An event waits, or the session is to stop."""
        self._stop_reason = NORMAL
        self._terminating = False
        self._closing = False
        self._last_requests = 0
        self._error: RealmError | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self.ending: Ending | None = None

    @property
    def state(self) -> str:
        """ "started", "terminating" or "ended"."""
        if self.ending is not None:
            return "ended"
        return "terminating" if self._terminating else "started"

    @property
    def takes_calls(self) -> bool:
        """Whether an event that is emitted now will still reach the scenario."""
        return not (self._stop or self._terminating or self._closing or self._error)

    # -- wiring -------------------------------------------------------------------------------------

    def attach(
        self,
        services: Iterable[Executor],
        draining: Iterable[Draining],
        kill_timers: Callable[[], None],
        closers: Iterable[Callable[[], Awaitable[None]]] = (),
    ) -> None:
        """Give the session its services. Those of ``draining`` (among ``services``) live to the very end;
        ``closers`` are called after all are closed."""
        self._closers = tuple(closers)
        for service in services:
            self._order.append(service)
            for kind in service.handles:
                self._services[kind] = service
        self._draining = tuple(draining)
        self._kill_timers = kill_timers

    def emit(self, event: Event) -> None:
        """Queue an event; each is a turn of its own. Events after the end are dropped."""
        if self._closing:
            return
        if len(self._queue) >= MOST_EVENTS:
            message = (
                f"the scenario does not keep up: {MOST_EVENTS} events wait for it, {event.kind} among them"
            )
            self._fail(RealmError("limit", message), own=True)
            self._stop = True
        else:
            self._queue.append(event)
        self._something.set()

    async def room(self) -> None:
        """Wait while many events wait for the scenario."""
        while len(self._queue) >= CROWDED and not self._terminating:
            self._taken.clear()
            await self._taken.wait()

    def calls_changed(self, live: int) -> None:
        """The number of live calls changed: without any, the session ends after ``idle_ms``."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if live == 0 and not self._terminating:
            loop = asyncio.get_running_loop()
            self._idle_timer = loop.call_later(self.limits.idle_ms / 1000, self._idle)

    def stop(self, reason: str) -> None:
        """End the session from outside, with Terminating and Terminated."""
        if not self._stop:
            self._stop_reason = reason
            self._stop = True
            self._something.set()

    def _idle(self) -> None:
        seconds = self.limits.idle_ms // 1000
        self.journal.say(f"no calls for {seconds} s: the session ends, as on the platform")
        self.stop(NORMAL)

    # -- the loop -----------------------------------------------------------------------------------

    async def run(
        self, boot: BootInfo, first: Iterable[Event], then: Callable[[], None] = lambda: None
    ) -> Ending:
        """Boot the realm, deliver ``first``, then whatever comes; returns when everything is closed.

        ``then`` is called once ``first`` is queued: what it lets through comes after it.
        """
        self.journal.note("session", {"state": "started", "id": self.id})
        try:
            await self._live(boot, first, then)
        except Exception as error:
            # Whatever failed below us (a realm's host, a service) ends this session in the proper way.
            if not isinstance(error, VoxrunError):
                log.exception("session %s failed", self.id)
            message = str(error) if isinstance(error, VoxrunError) else f"a fault of voxrun itself: {error!r}"
            self._fail(RealmError("internal", message), own=True)
        finally:
            self.begun.set()
            ending = await self._close()
        return ending

    async def _live(self, boot: BootInfo, first: Iterable[Event], then: Callable[[], None]) -> None:
        self._take(await self._realm.boot(boot))
        if self._error is None:
            for event in first:
                self.emit(event)
            then()
            await self._turns()
        if self._error is None:
            await self._wind_down()

    async def _turns(self) -> None:
        while self._error is None and not self._stop:
            if self._queue:
                self._taken.set()
                await self._turn(self._queue.popleft())
            else:
                self.begun.set()
                self._something.clear()
                await self._something.wait()

    async def _turn(self, event: Event) -> None:
        now_ms = self._clock.unix_ms()
        self.journal.event(event, now_ms)
        self._take(await self._realm.turn(event, now_ms))

    def _take(self, result: TurnResult) -> None:
        """Carry out what a turn gave, in order; then its error, if any."""
        for command in result.commands:
            self._perform(command)
        for survived in result.survived:
            self.journal.error(survived.message, survived.where)
        if result.error is not None:
            self._fail(result.error)

    def _perform(self, command: Command) -> None:
        """Carry out one command. The realm is untrusted: what makes no sense ends its session, no more."""
        try:
            self._carry_out(command)
        except VoxrunError as error:
            self._fail(RealmError("exception", str(error), command.where), own=True)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            message = f"malformed command {command.kind!s:.100}: {error!r:.300}"
            self._fail(RealmError("exception", message, command.where), own=True)
        except Exception as error:
            log.exception("session %s: the command %s failed", self.id, command.kind)
            message = f"{command.kind}: a fault of voxrun itself: {error!r}"
            self._fail(RealmError("internal", message, command.where), own=True)

    def _carry_out(self, command: Command) -> None:
        self.journal.command(command)
        if not isinstance(command.data, Mapping):
            raise TypeError(f"its data is no object: {command.data!r:.100}")
        if command.kind == "log":
            _ = command.data["level"], command.data["text"]
            return
        service = self._services.get(command.kind)
        if self._error is not None:
            pass  # the journal has what the turn gave, but nothing is done any more
        elif command.kind == "session.terminate":
            self.stop(NORMAL)
        elif service is None:
            if command.kind not in NOTED:
                raise InternalError(f"no service carries out '{command.kind!s:.100}'")
        elif not self._terminating or self._allowed_at_the_end(command):
            service.execute(command)

    def _allowed_at_the_end(self, command: Command) -> bool:
        """What is stored, and one HTTP request made in Terminating."""
        if command.kind.startswith("storage."):
            return True
        if command.kind not in LAST:
            return False
        self._last_requests -= 1
        if self._last_requests < 0:
            self.journal.say(
                f"Terminating may make one HTTP request, Terminated none; dropped: {command.where}"
            )
        return self._last_requests >= 0

    def _fail(self, error: RealmError, own: bool = False) -> None:
        if self._error is None:
            self._error = error
            self.journal.error(error.message, error.where, own)

    # -- the end ------------------------------------------------------------------------------------

    async def _wind_down(self) -> None:
        self._terminating = True
        self._taken.set()
        self._kill_timers()
        await self._close_all_but_draining()
        await self._drain()
        self._last_requests = 1
        self.journal.note("session", {"state": "terminating"})
        await self._last_event("Application.Terminating")
        await self._drain()
        self._last_requests = 0
        await self._last_event("Application.Terminated")

    async def _close_all_but_draining(self) -> None:
        for service in self._order:
            if service not in self._draining:
                await self._quietly(service.close)

    async def _drain(self) -> None:
        """Wait for what is under way and run its callbacks; queued HTTP requests are dropped."""
        if self._error is not None:
            return
        deadline = asyncio.get_running_loop().time() + self.limits.pending_http_ms / 1000
        for service in self._draining:
            service.drop_waiting()
        while busy := [service for service in self._draining if service.active]:
            for service in busy:
                await self._drain_one(service, deadline)
            await self._run_last_callbacks()
        await self._run_last_callbacks()

    async def _drain_one(self, service: Draining, deadline: float) -> None:
        try:
            async with asyncio.timeout_at(deadline):  # the wait alone: a turn must not be cut off
                await service.wait_idle()
        except TimeoutError:
            self.journal.say("HTTP requests under way were given up at the end of the session")
            await service.give_up()

    async def _run_last_callbacks(self) -> None:
        while self._queue and self._error is None:
            event = self._queue.popleft()
            if event.kind in LAST_EVENTS:
                await self._turn(event)

    async def _last_event(self, kind: str) -> None:
        if self._error is None:
            system = (
                self._stop and self._stop_reason != NORMAL
            )  # neither the scenario's wish nor its calls' end
            await self._turn(Event(kind, data={"systemError": True} if system else {}))

    async def abandon(self, reason: str) -> None:
        """Close a session that was never run."""
        self._stop_reason = reason
        await self._close()

    async def _close(self) -> Ending:
        """Close everything, whatever fails on the way; the files are complete before the end is noted."""
        self._terminating = self._closing = True
        self._taken.set()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        for service in self._order:
            await self._quietly(service.close)
        for closer in (*self._closers, self._note_listeners, self._realm.close):
            await self._quietly(closer)
        self.ending = Ending(JS_ERROR, self._error) if self._error else Ending(self._stop_reason)
        self.journal.note("session", {"state": "ended", "reason": self.ending.reason})
        self.journal.close()
        return self.ending

    async def _note_listeners(self) -> None:
        """For people: a listener that never ran is the first thing to look at when a call went wrong."""
        found = await self._realm.listeners()
        if found:
            self.journal.note("listeners", {"listeners": [asdict(row) for row in found]})

    async def _quietly(self, close: Callable[[], Awaitable[None]]) -> None:
        """Close one thing; its failure must not keep the others open."""
        try:
            await close()
        except Exception as error:
            log.exception("session %s: something could not be closed", self.id)
            self.journal.error(f"at the end of the session: {error!r}", own=True)
