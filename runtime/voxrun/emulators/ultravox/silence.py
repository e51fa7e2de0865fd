"""How long nobody has done anything, and what is said about it (inactivityMessages). Pure."""

from __future__ import annotations

from voxrun.emulators.ultravox.call_config import TimedMessage


class Silence:
    """Counts from the moment the agent listens; each message's time begins after the one before it."""

    def __init__(self, messages: tuple[TimedMessage, ...]) -> None:
        self._messages = messages
        self._said = 0
        self._since: float | None = None

    @property
    def deadline(self) -> float | None:
        """When the next message is due; None while no silence is counted or none is left."""
        if self._since is None or self._said >= len(self._messages):
            return None
        return self._since + self._messages[self._said].after

    def began(self, now: float) -> None:
        """The agent listens and nobody speaks."""
        if self._since is None:
            self._since = now

    def interrupted(self) -> None:
        """The agent does something: no silence for now."""
        self._since = None

    def broken(self, now: float) -> None:
        """The caller gave a sign of life: all messages may come again."""
        self._said = 0
        self._since = None if self._since is None else now

    def next(self) -> TimedMessage:
        """The message that is due."""
        self._said += 1
        return self._messages[self._said - 1]
