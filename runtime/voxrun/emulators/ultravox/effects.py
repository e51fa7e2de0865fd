"""What a conversation wants done: values, carried out by the call's shell (``live``) in order."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct, field

from voxrun.emulators.ultravox.tools import Tool
from voxrun.session.messages import JsonObject

Severity: TypeAlias = Literal["debug", "info", "warning", "error"]
EndReason: TypeAlias = Literal[
    "unjoined", "hangup", "agent_hangup", "timeout", "connection_error", "system_error"
]


class Send(Struct, frozen=True):
    """A data message for the client (its flag was checked)."""

    message: JsonObject


class Render(Struct, frozen=True):
    """Turn ``text`` into audio, then tell the conversation (``speech_ready`` with this ``utterance``)."""

    utterance: int
    text: str


class StartAudio(Struct, frozen=True):
    """Begin sending the audio of ``utterance``."""

    utterance: int


class StopAudio(Struct, frozen=True):
    """Send no more audio of the utterance, also none that waits to be sent."""


class CallHttpTool(Struct, frozen=True):
    """Make an HTTP tool's request, then tell the conversation (``tool_answered``)."""

    invocation_id: str
    tool: Tool
    parameters: JsonObject


class Note(Struct, frozen=True):
    """A call event (GET /api/calls/{id}/events)."""

    severity: Severity
    type: str
    text: str
    extras: JsonObject = field(default_factory=dict)


class End(Struct, frozen=True):
    """The call is over: close the socket normally."""

    reason: EndReason


Effect: TypeAlias = Send | Render | StartAudio | StopAudio | CallHttpTool | Note | End
