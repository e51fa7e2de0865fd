"""The short way between the two ends of a connection within one process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from voxrun.media.runs import AudioDoor

PASSAGE: Final = "voxrun.passage"
"""Its name among the extensions of an ASGI scope."""


class Passage:
    """What one end gives, the other takes in the same instant. Each end says what takes: ``app`` the client's
    audio, ``client`` the app's messages. ``up_is_free`` and ``down_is_free`` tell whether nothing that was
    given before waits in that direction."""

    def __init__(self, up_is_free: Callable[[], bool], down_is_free: Callable[[], bool]) -> None:
        self.app: AudioDoor | None = None
        self.client: Callable[[str | bytes], None] | None = None
        self._up_is_free = up_is_free
        self._down_is_free = down_is_free

    @property
    def to_app(self) -> AudioDoor | None:
        """Takes audio of the client; None where it has to go as messages."""
        return self.app if self.app is not None and self._up_is_free() else None

    @property
    def to_client(self) -> Callable[[str | bytes], None] | None:
        """Takes messages of the app; None where they have to be sent."""
        return self.client if self.client is not None and self._down_is_free() else None
