"""What waits to be sent on one WebSocket, in order, with a limit for clients that do not read. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

from msgspec import Struct

MAX_BYTES: Final = 64_000_000


class Pause(Struct, frozen=True):
    """Send nothing for so many seconds (a fault)."""

    seconds: float


class Abort(Struct, frozen=True):
    """Break the connection without a close frame (a fault)."""


class Close(Struct, frozen=True):
    """Close the socket."""

    code: int
    reason: str


Outgoing: TypeAlias = str | bytes | Pause | Abort | Close


class Outbox:
    """First in, first out."""

    def __init__(self) -> None:
        self._items: deque[Outgoing] = deque()
        self._size = 0

    def __len__(self) -> int:
        """Items that wait."""
        return len(self._items)

    def put(self, item: Outgoing) -> bool:
        """Append; False when the client is so far behind that the item was not taken."""
        size = len(item) if isinstance(item, str | bytes) else 0
        if self._size + size > MAX_BYTES:
            return False
        self._items.append(item)
        self._size += size
        return True

    def take(self) -> Outgoing | None:
        """The next item, or None."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._size -= len(item) if isinstance(item, str | bytes) else 0
        return item

    def drop_audio(self) -> None:
        """Forget the audio that was not sent yet."""
        self._items = deque(item for item in self._items if not isinstance(item, bytes))
        self._size = sum(len(item) for item in self._items if isinstance(item, str))
