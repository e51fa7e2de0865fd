"""The contract of a service: it carries commands out and brings what happens back as events."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import ClassVar, Protocol

from msgspec import Struct

from voxrun.session.clock import Clock
from voxrun.session.messages import Command, Event, JsonObject


async def _no_wait() -> None:
    pass


class JournalWriter(Protocol):
    """Where a service notes what it saw (the session's journal)."""

    def note(self, kind: str, data: JsonObject) -> None:
        """Append one record of ``kind`` ("http", "ws", "media", ...)."""
        ...


class ServiceContext(Struct, frozen=True):
    """All a service gets; nothing else."""

    session_id: str
    clock: Clock
    rng: random.Random
    journal: JournalWriter
    emit: Callable[[Event], None]
    new_id: Callable[[str], str]
    room: Callable[[], Awaitable[None]] = _no_wait
    """Waits while the scenario does not keep up: for services whose peers can be made to wait."""


class Service(ABC):
    """One VoxEngine capability."""

    handles: ClassVar[frozenset[str]]
    """Kinds of the commands it carries out."""

    def __init__(self, context: ServiceContext) -> None:
        self.context = context

    @abstractmethod
    def execute(self, command: Command) -> None:
        """Start carrying out ``command``; returns at once. Raises ScenarioError for arguments that the
        realm should not have let through (the session ends with it)."""

    async def close(self) -> None:  # noqa: B027  (most services hold nothing)
        """Stop everything and free it; no event follows."""
