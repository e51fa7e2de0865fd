"""What the web server needs of the rest of voxrun, and what it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from voxrun.connectors.transport import Door
from voxrun.legs.base import IncomingInfo, Leg
from voxrun.services.access import AccessReply
from voxrun.session.messages import JsonObject

__all__ = ["AccessReply", "Observer", "Runtime", "SessionInfo"]

Observer: TypeAlias = Callable[[str, JsonObject], None]
"""Called with a session id and one journal record."""


class SessionInfo(Protocol):
    """A session in the list of sessions."""

    @property
    def id(self) -> str: ...

    @property
    def state(self) -> str:
        """ "started", "terminating" or "ended"."""
        ...

    @property
    def folder(self) -> Path | None:
        """Where its journal, log and recordings are; None where nothing is kept."""
        ...


class Runtime(Protocol):
    """Sessions, as the server sees them."""

    async def incoming(self, leg: Leg, info: IncomingInfo) -> str:
        """Offer ``leg`` to a new session; returns its id. Raises VoxrunError when there can be none."""
        ...

    async def start_session(self, custom_data: str) -> str:
        """A session without a call, as StartScenarios makes; returns its id."""
        ...

    async def http_request(
        self,
        session_id: str,
        token: str,
        method: str,
        path: str,
        content: str,
        headers: list[tuple[str, str]],
    ) -> AccessReply:
        """AppEvents.HttpRequest. Raises KeyError for an unknown session or a wrong token."""
        ...

    async def websocket(self, session_id: str, token: str, door: Door) -> None:
        """AppEvents.WebSocket; returns when that WebSocket is over. Raises KeyError as above."""
        ...

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell ``observer`` every record of every session; returns what ends it."""
        ...

    def sessions(self) -> Sequence[SessionInfo]:
        """Sessions of this server, oldest first."""
        ...

    def file(self, session_id: str, name: str) -> Path:
        """A file of a session's folder. Raises KeyError for an unknown session or name."""
        ...
