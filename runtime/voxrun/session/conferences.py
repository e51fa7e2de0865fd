"""Conferences by name: ``callConference`` joins the session that runs one, or starts that session.

The call that goes out of one session is the call that comes into the other: two linked legs.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from voxrun.errors import UserError, VoxrunError
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.legs.linked import LinkedLeg, linked_legs
from voxrun.media.graph import Ticker
from voxrun.patterns import LIVE_LIMIT_S, fullmatch
from voxrun.realm.port import Script

if TYPE_CHECKING:
    from voxrun.session.setup import Opened

log = logging.getLogger(__name__)

UNAVAILABLE = 503
FULL = 403


class ConferenceRule(Struct, frozen=True):
    """Which scripts run a conference: ``pattern`` must match its whole name; the first that does wins."""

    pattern: str
    scripts: tuple[Script, ...]
    where: str = ""
    """The place of the pattern in its file."""

    def matches(self, name: str) -> bool:
        """Raises EndlessPattern."""
        return fullmatch(re.compile(self.pattern), name, self.where, LIVE_LIMIT_S) is not None


def scripts_for(
    name: str, rules: Iterable[ConferenceRule], otherwise: tuple[Script, ...]
) -> tuple[Script, ...]:
    """The scripts of the first rule that matches the name of a conference."""
    return next((rule.scripts for rule in rules if rule.matches(name)), otherwise)


Begin: TypeAlias = Callable[[str, str, bool], Coroutine[Any, Any, "Opened | None"]]
"""(name, custom data, whether StartConference asked for it) -> a session that takes events; None where its
scripts failed at once."""


class Rooms:
    """The conferences that run, by name. ``most`` calls fit into one."""

    def __init__(self, ticker: Ticker, begin: Begin, most: int) -> None:
        self._ticker = ticker
        self._begin = begin
        self._most = most
        self._rooms: dict[str, asyncio.Task[Opened | None]] = {}
        self._calls: set[asyncio.Task[None]] = set()

    def call(self, request: DialRequest) -> Leg:
        """The leg of a call to a conference."""
        near, far = linked_legs(self._ticker)
        task = asyncio.get_running_loop().create_task(self._join(far, request))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return near

    async def session(self, name: str, custom_data: str, started: bool) -> Opened:
        """The session that runs the conference, begun where there is none. Raises VoxrunError."""
        for _ in range(2):  # one may end while it is being asked for
            self._rooms = {known: task for known, task in self._rooms.items() if not _is_over(task)}
            task = self._rooms.get(name)
            if task is None:
                task = asyncio.get_running_loop().create_task(self._begin(name, custom_data, started))
                self._rooms[name] = task
            opened = await asyncio.shield(task)
            if opened is not None and opened.session.takes_calls:
                return opened
        raise VoxrunError(f"the scenario of the conference {name!r} ended at once")

    async def close(self) -> None:
        """No call joins any more."""
        tasks = (*self._calls, *self._rooms.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _join(self, leg: LinkedLeg, request: DialRequest) -> None:
        try:
            opened = await self.session(request.destination, "", started=False)
        except VoxrunError as error:
            note = log.error if isinstance(error, UserError) else log.info
            note("no conference %r: %s", request.destination, error)
            leg.reject(UNAVAILABLE, "Service Unavailable", {})
            return
        except BaseException:
            leg.reject(UNAVAILABLE, "Service Unavailable", {})
            raise
        if leg.over:  # the caller has hung up meanwhile
            return
        if opened.calls.live >= self._most:
            leg.reject(FULL, "Call limit reached", {})
            return
        info = IncomingInfo(
            request.destination, request.callerid, request.display_name, headers=dict(request.headers)
        )
        alerting = opened.calls.incoming(leg, info)
        opened.session.emit(alerting)
        opened.calls.listen(alerting.target)


def _is_over(task: asyncio.Task[Opened | None]) -> bool:
    """Whether a room was and is no more."""
    if not task.done():
        return False
    if task.cancelled() or task.exception() is not None:
        return True
    opened = task.result()
    return opened is None or not opened.session.takes_calls
