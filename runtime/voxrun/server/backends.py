"""Worker processes as the front of a multi-process voxrun sees them: who takes the next call, whose a
session is. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

RESOURCE: Final = "/whip/resource/"
SESSIONS: Final = "/sessions/"
REQUEST: Final = "/request/"


@dataclass(eq=False, slots=True)
class Backend:
    """One worker: a voxrun of its own at ``url``, which wants ``token``."""

    number: int
    url: str
    token: str = field(repr=False)
    live: set[str] = field(default_factory=set)
    """Its sessions that are not over."""
    coming: int = 0
    """Calls that were given to it and have no session yet."""

    @property
    def load(self) -> int:
        return len(self.live) + self.coming

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Backends:
    """The workers that are up, and the owners of sessions."""

    def __init__(self) -> None:
        self._up: dict[int, Backend] = {}
        self._owners: dict[str, Backend] = {}

    def add(self, backend: Backend) -> None:
        self._up[backend.number] = backend

    def remove(self, backend: Backend) -> list[str]:
        """The worker is gone; gives its sessions that were not over."""
        if self._up.get(backend.number) is backend:
            del self._up[backend.number]
        lost = sorted(backend.live)
        backend.live.clear()
        self._owners = {session: owner for session, owner in self._owners.items() if owner is not backend}
        return lost

    @property
    def up(self) -> list[Backend]:
        return [self._up[number] for number in sorted(self._up)]

    @property
    def live(self) -> int:
        """Sessions that are not over, and calls on their way."""
        return sum(backend.load for backend in self._up.values())

    def least(self) -> Backend | None:
        """Who takes the next call; None while no worker is up."""
        return min(self.up, key=lambda backend: backend.load, default=None)

    def began(self, session: str, backend: Backend) -> None:
        self._owners[session] = backend
        backend.live.add(session)

    def ended(self, session: str) -> None:
        """The session is over; its files are still the worker's."""
        owner = self._owners.get(session)
        if owner is not None:
            owner.live.discard(session)

    def owner(self, session: str) -> Backend | None:
        return self._owners.get(session)

    def for_path(self, path: str) -> Backend | None:
        """Whose a request is by its path; None for a session that nobody knows."""
        for prefix in (RESOURCE, SESSIONS, REQUEST):
            if path.startswith(prefix):
                session = path.removeprefix(prefix).partition("/")[0]
                if prefix == RESOURCE:
                    session = session.rpartition("-")[0]
                return self.owner(session)
        return self.least()
