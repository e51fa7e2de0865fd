"""Realms in the hands of a test: what they give is decided by a function, and they may be slow or fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from voxrun.realm.port import NOTHING, BootInfo, Listening, RealmPort, TurnResult
from voxrun.session.messages import Command, Event

Answer = Callable[[Event], Iterable[Command]]


class Puppet:
    """A realm that answers each event with the commands that ``answer`` gives."""

    def __init__(self, provider: Puppets) -> None:
        self._provider = provider
        self.events: list[Event] = []
        self.closed = 0

    async def boot(self, info: BootInfo) -> TurnResult:
        await asyncio.sleep(self._provider.boot_seconds)
        if self._provider.boot_error is not None:
            raise self._provider.boot_error
        return NOTHING

    async def listeners(self) -> tuple[Listening, ...]:
        return ()

    async def turn(self, event: Event, now_ms: int) -> TurnResult:
        self.events.append(event)
        if self._provider.turn_error is not None:
            raise self._provider.turn_error
        return TurnResult(tuple(self._provider.answer(event)))

    async def close(self) -> None:
        self.closed += 1


class Puppets:
    """Where sessions get them. ``others`` makes realms for sessions after the first ``count``."""

    def __init__(self, answer: Answer = lambda event: ()) -> None:
        self.answer = answer
        self.open_seconds = 0.0
        self.boot_seconds = 0.0
        self.open_error: Exception | None = None
        self.boot_error: Exception | None = None
        self.turn_error: Exception | None = None
        self.made: list[Puppet] = []

    async def open(self, session_id: str) -> RealmPort:
        await asyncio.sleep(self.open_seconds)
        if self.open_error is not None:
            raise self.open_error
        self.made.append(Puppet(self))
        return self.made[-1]

    async def close(self) -> None: ...


def command(kind: Any, target: Any = "", data: Any = None) -> Command:
    """A command that no proper realm would give, if need be."""
    return Command(kind, target, {} if data is None else data, "a.js:1:1")


def on_alerting(commands: Callable[[str], Iterable[Command]]) -> Answer:
    """Answers CallAlerting, given the call's id."""
    return lambda event: commands(event.target) if event.kind == "Application.CallAlerting" else ()


Data = Mapping[str, Any]
