"""Realms in processes of their own, for live sessions: the parent's side.

``HostedRealms`` gives each session a realm in one of a few hosts. A host that does not answer in time is
killed, one that died is noticed; either way the session whose turn it was gets a ``RealmError``, and the
others of that host get new realms in another one, made by replaying their events. Their callers see a turn
that takes longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any, Final

from voxrun.realm import wire
from voxrun.realm.failures import Explainer
from voxrun.realm.link import GRACE_SECONDS, HostLink, Loss, Request
from voxrun.realm.port import NOTHING, BootInfo, Listening, RealmError, TurnResult
from voxrun.realm.positions import ScriptMap
from voxrun.realm.realm import CPU_SECONDS, budgets
from voxrun.realm.turntext import clean_result, event_text
from voxrun.session.messages import Event

SESSIONS_A_HOST: Final = 8
WARM_HOSTS: Final = 2
"""Hosts that stay when their sessions are over: the next wave of calls finds them."""
RESERVE_SECONDS: Final = 0.25
"""From the call that took the last empty host to the start of the next: that call has its answer first."""
REPLAY_SECONDS_AN_EVENT: Final = 0.02


class HostedRealm:
    """One session's realm; which host it lives in may change."""

    def __init__(self, pool: HostedRealms, session_id: str) -> None:
        self._pool = pool
        self.session_id = session_id
        self.link: HostLink | None = None
        self._info: BootInfo | None = None
        self._event: tuple[str, str] | None = None
        self._events: list[tuple[str, str]] = []
        self._digests: list[int] = []
        self._budget = CPU_SECONDS
        self._waiting: asyncio.Future[TurnResult] | None = None
        self._current: dict[str, Any] | None = None
        self._ended: RealmError | None = None
        self._query_answer: asyncio.Future[dict[str, Any]] | None = None
        self._map = ScriptMap(())
        self._explain = Explainer(self._map)

    # -- RealmPort

    async def boot(self, info: BootInfo) -> TurnResult:
        """Make the realm and run the scripts."""
        self._info = info
        self._budget, heap = budgets(info)
        self._map = ScriptMap(info.scripts)
        self._explain = Explainer(self._map)
        self._explain.limits(self._budget, heap)
        return await self._ask({"op": "boot", "s": self.session_id, "info": wire.boot_to_json(info)})

    async def turn(self, event: Event, now_ms: int) -> TurnResult:
        """Deliver one event."""
        if self._ended is not None:
            return TurnResult(error=self._ended)
        self._explain.event = event.kind
        self._event = (event.kind, event_text(event, now_ms))
        return await self._ask({"op": "turn", "s": self.session_id, "k": event.kind, "raw": self._event[1]})

    async def close(self) -> None:
        """Free the realm. Idempotent."""
        if self._ended is None:
            self._ended = RealmError("internal", "the session is over")
        link, self.link = self.link, None
        if link is not None:
            self._pool.leave(self, link)

    async def listeners(self) -> tuple[Listening, ...]:
        """What was listened to; () when the realm was lost with its host."""
        rows = (await self._query("listeners")).get("rows", ())
        return tuple(Listening(*row) for row in rows)

    async def memory_used(self) -> int:
        """Bytes of JavaScript heap in use; 0 when the realm was lost with its host."""
        return int((await self._query("memory")).get("bytes", 0))

    # -- for the pool

    def lost(self, loss: Loss, guilty: bool) -> None:
        """The host is gone. The guilty one's turn fails; another's goes on in a new host."""
        self.link = None
        if self._query_answer is not None and not self._query_answer.done():
            self._query_answer.set_result({})
        if guilty and loss.hung:
            self._end(self._explain.hung(loss.stack), loss.salvaged)
        elif guilty:
            self._end(
                self._explain.killed(f"{loss.how} while it ran this session", loss.stack), loss.salvaged
            )
        elif self._ended is None and self._info is not None and (self._digests or self._waiting):
            self._rebuild()

    # -- inside

    async def _ask(self, message: dict[str, Any]) -> TurnResult:
        self._waiting = asyncio.get_running_loop().create_future()
        self._current = message
        self._send(message)
        return await self._waiting

    async def _query(self, what: str) -> dict[str, Any]:
        """Ask about the realm, between turns."""
        link = self.link
        if link is None:
            return {}
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._query_answer = answer

        def take(data: dict[str, Any]) -> None:
            if not answer.done():
                answer.set_result(data)

        link.send(Request({"op": what, "s": self.session_id}, self, self._budget, take))
        return await answer

    def _place(self) -> HostLink:
        if self.link is None:
            self.link = self._pool.join(self)
        return self.link

    def _send(self, message: dict[str, Any]) -> None:
        self._place().send(Request(message, self, self._budget, self._answered))

    def _answered(self, data: dict[str, Any]) -> None:
        self._digests.append(data.get("d", 0))
        if self._event is not None:
            self._events.append(self._event)
        raw = data.get("raw")
        result = wire.result_from_json(data) if raw is None else clean_result(raw, self._map)
        self._ended = self._ended or result.error  # a turn that was cut off cannot be replayed
        self._finish(result)

    def _finish(self, result: TurnResult) -> None:
        waiting, self._waiting, self._current = self._waiting, None, None
        if waiting is not None and not waiting.done():
            waiting.set_result(result)

    def _end(self, error: RealmError, salvaged: TurnResult = NOTHING) -> None:
        self._ended = error
        self._finish(TurnResult(salvaged.commands, error, salvaged.survived))

    def _rebuild(self) -> None:
        info = self._info
        assert info is not None
        if self._digests:
            message = {
                "op": "rebuild",
                "s": self.session_id,
                "info": wire.boot_to_json(info),
                "events": self._events,
            }
            budget = self._budget + REPLAY_SECONDS_AN_EVENT * len(self._events)
            self._place().send(Request(message, self, budget, self._rebuilt))
        if self._current is not None:
            self._send(self._current)

    def _rebuilt(self, data: dict[str, Any]) -> None:
        digests = data.get("digests", [])
        if digests == self._digests:
            return
        pairs = zip(digests, self._digests, strict=False)
        at = next((i for i, (new, old) in enumerate(pairs) if new != old), len(digests))
        what = self._events[at - 1][0] if 0 < at <= len(self._events) else "its scripts"
        self._end(
            RealmError(
                "internal",
                "the realm of this session was lost with its host, and replaying its events gave other "
                f"commands, first at {what}. Please report this.",
            )
        )


class HostedRealms:
    """The hosts and who lives where. One host is there from the start; while there are calls, another stands
    by empty, for no call should wait until a process is up."""

    def __init__(
        self,
        most_hosts: int | None = None,
        sessions_a_host: int = SESSIONS_A_HOST,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._grace = grace
        self._most = most_hosts or max(2, os.cpu_count() or 1)
        self._sessions_a_host = sessions_a_host
        self._links: list[HostLink] = []
        self._members: dict[HostLink, set[HostedRealm]] = {}
        self._closed = False
        self._reserving: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Have a host with a realm made ahead; optional, the first session waits for it otherwise."""
        link = self._emptiest() or self._spawn()
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def answered(_: dict[str, Any]) -> None:
            if not ready.done():  # a start that failed elsewhere waits no more
                ready.set_result(None)

        link.send(Request({"op": "ready"}, None, 5.0, answered))
        await ready

    async def open(self, session_id: str) -> HostedRealm:
        """A realm for one session."""
        realm = HostedRealm(self, session_id)
        realm.link = self.join(realm)
        return realm

    async def close(self) -> None:
        """End every host. Idempotent."""
        self._closed = True
        if self._reserving is not None:
            self._reserving.cancel()
        links, self._links = self._links, []
        for link in links:
            link.kill()
        self._members.clear()

    @property
    def pids(self) -> list[int]:
        """The process ids of the hosts, for doctor and benchmarks."""
        return [link.pid for link in self._links]

    # -- for realms

    def join(self, realm: HostedRealm) -> HostLink:
        """Find the realm a host: the fullest that has room, a new one, or the emptiest."""
        if self._closed:
            raise RuntimeError("the realm hosts are closed")
        room = [link for link in self._links if len(self._members[link]) < self._sessions_a_host]
        link = max(room, key=lambda each: len(self._members[each])) if room else None
        if link is None:
            link = self._spawn() if len(self._links) < self._most else self._emptiest()
        assert link is not None
        self._members[link].add(realm)
        if self._wants_reserve() and self._reserving is None:
            self._reserving = asyncio.get_running_loop().call_later(RESERVE_SECONDS, self._reserve)
        return link

    def leave(self, realm: HostedRealm, link: HostLink) -> None:
        """The realm's session is over."""
        members = self._members.get(link)
        if members is None or realm not in members:
            return
        members.discard(realm)
        link.send(Request({"op": "close", "s": realm.session_id}, None, 1.0, lambda _: None))
        if not members and len(self._links) > WARM_HOSTS:
            self._links.remove(link)
            del self._members[link]
            link.retire()

    # -- inside

    def _wants_reserve(self) -> bool:
        return len(self._links) < self._most and all(self._members.values())

    def _reserve(self) -> None:
        """Start the next host ahead."""
        self._reserving = None
        if self._wants_reserve():
            self._spawn(gently=True)

    def _emptiest(self) -> HostLink | None:
        return min(self._links, key=lambda each: len(self._members[each]), default=None)

    def _spawn(self, *, gently: bool = False) -> HostLink:
        link = HostLink(self._lost, self._grace, gently=gently)
        self._links.append(link)
        self._members[link] = set()
        return link

    def _lost(self, link: HostLink, loss: Loss) -> None:
        with contextlib.suppress(ValueError):
            self._links.remove(link)
        members = self._members.pop(link, set())
        if self._closed:
            return
        for realm in members:
            realm.lost(loss, realm is loss.guilty)
