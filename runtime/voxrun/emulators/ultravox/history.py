"""The messages of a call in order, and their ordinals. Pure."""

from __future__ import annotations

from voxrun.emulators.ultravox.values import format_duration
from voxrun.session.messages import JsonObject


class History:
    """What GET /api/calls/{id}/messages shows. Every message takes an ordinal, tool messages too."""

    def __init__(self, stage_id: str) -> None:
        self.stage_id = stage_id
        self._messages: list[JsonObject] = []
        self._by_ordinal: dict[int, JsonObject] = {}
        self._ordinal = 0

    def next_ordinal(self) -> int:
        """A fresh ordinal."""
        self._ordinal += 1
        return self._ordinal - 1

    def add(
        self, role: str, text: str, *, medium: str = "", start: float = 0.0, end: float = 0.0, **extra: str
    ) -> int:
        """Append a message (``role`` USER, AGENT, TOOL_CALL, TOOL_RESULT); times are call seconds."""
        ordinal = self.next_ordinal()
        message: JsonObject = {
            "role": f"MESSAGE_ROLE_{role}",
            "text": text,
            "callStageMessageIndex": len(self._messages),
            "callStageId": self.stage_id,
            "timespan": {"start": format_duration(start), "end": format_duration(max(start, end))},
        }
        if medium:
            message["medium"] = f"MESSAGE_MEDIUM_{medium.upper()}"
        message.update({key: value for key, value in extra.items() if value})
        self._messages.append(message)
        self._by_ordinal[ordinal] = message
        return ordinal

    def revise(self, ordinal: int, text: str, end: float) -> None:
        """The text of a message turned out shorter: it was cut."""
        message = self._by_ordinal[ordinal]
        message["text"] = text
        span = message["timespan"]
        if isinstance(span, dict):
            span["end"] = format_duration(end)

    def messages(self) -> list[JsonObject]:
        """All messages, oldest first."""
        return list(self._messages)
