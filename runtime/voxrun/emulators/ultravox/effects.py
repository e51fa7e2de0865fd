"""What a conversation wants done: values, carried out by the call's shell (``live``) in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from voxrun.emulators.ultravox.tools import Tool
from voxrun.session.messages import JsonObject

Severity: TypeAlias = Literal["debug", "info", "warning", "error"]
EndReason: TypeAlias = Literal[
    "unjoined", "hangup", "agent_hangup", "timeout", "connection_error", "system_error"
]


@dataclass(frozen=True, slots=True)
class Send:
    """A data message for the client (its flag was checked)."""

    message: JsonObject


@dataclass(frozen=True, slots=True)
class Render:
    """Turn ``text`` into audio, then tell the conversation (``speech_ready`` with this ``utterance``)."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class StartAudio:
    """Begin sending the audio of ``utterance``."""

    utterance: int


@dataclass(frozen=True, slots=True)
class StopAudio:
    """Send no more audio of the utterance, also none that waits to be sent."""


@dataclass(frozen=True, slots=True)
class CallHttpTool:
    """Make an HTTP tool's request, then tell the conversation (``tool_answered``)."""

    invocation_id: str
    tool: Tool
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class Note:
    """A call event (GET /api/calls/{id}/events)."""

    severity: Severity
    type: str
    text: str
    extras: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class End:
    """The call is over: close the socket normally."""

    reason: EndReason


Effect: TypeAlias = Send | Render | StartAudio | StopAudio | CallHttpTool | Note | End
