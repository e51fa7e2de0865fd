"""What the session sees of a realm, wherever it lives (inline or in a realm host)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from voxrun.session.messages import Command, Event


class Script(Struct, frozen=True):
    """One scenario file: the name that people see in messages, and its text."""

    name: str
    source: str


class BootInfo(Struct, frozen=True):
    """All a realm is given at boot; with the events it decides every command (same in, same out).

    ``limits`` are the figures of ``voxrun.session.limits`` by name. ``session`` holds what the scenario
    may read at once: session id, access URLs, account and application ids.
    """

    scripts: tuple[Script, ...]
    seed: int
    start_ms: int
    custom_data: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    session: Mapping[str, Any] = field(default_factory=dict)
    keep_going: bool = False


class RealmError(Struct, frozen=True):
    """Why a turn failed. ``message`` is for people: what, where (code frame), what to do.

    ``kind``: "syntax", "exception", "rejection", "cpu", "memory", "stack", "limit", "killed", "internal".
    """

    kind: Literal["syntax", "exception", "rejection", "cpu", "memory", "stack", "limit", "killed", "internal"]
    message: str
    where: str = ""
    """"file:line:column" in the scenario, "" when unknown."""


class TurnResult(Struct, frozen=True):
    """What one turn gave. Commands issued before a failure are always there, log lines above all."""

    commands: tuple[Command, ...] = ()
    error: RealmError | None = None
    """Set when the session must end ("JS session error")."""
    survived: tuple[RealmError, ...] = ()
    """With ``keep_going``: errors in handlers that were reported and survived."""


class Listening(Struct, frozen=True):
    """A line of the scenario that adds listeners: what they are on ("Call"), their event, how often they were
    called."""

    label: str
    event: str
    where: str
    fired: int


NOTHING = TurnResult()
"""What most turns give."""


class RealmPort(Protocol):
    """A realm. Turns of one realm never overlap."""

    async def boot(self, info: BootInfo) -> TurnResult:
        """Make the realm, evaluate the scripts top to bottom: the first turn."""
        ...

    async def turn(self, event: Event, now_ms: int) -> TurnResult:
        """Deliver one event at ``now_ms`` (Unix ms; Date and timers see it standing still)."""
        ...

    async def listeners(self) -> tuple[Listening, ...]:
        """All that were added, before ``close``; () where the realm is lost."""
        ...

    async def close(self) -> None:
        """Free the realm. Idempotent."""
        ...


class RealmProvider(Protocol):
    """Where sessions get their realms: inline (virtual time) or a pool of realm hosts (live)."""

    async def open(self, session_id: str) -> RealmPort:
        """A realm for one session."""
        ...

    async def close(self) -> None: ...
