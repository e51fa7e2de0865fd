"""Data messages from the client, read tolerantly into typed values. Pure.

Old names and spellings are understood (``input_text_message``, ``deferResponse``, ``defer_response``,
``invocation_id``); null counts as unset; whatever cannot be understood becomes ``Ignored`` with a reason.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from voxrun.emulators.ultravox.tools import ToolAnswer, answer_from_message
from voxrun.emulators.ultravox.values import read_json
from voxrun.session.messages import Json, JsonObject

Urgency: TypeAlias = Literal["immediate", "soon", "later"]

MAX_TEXT: Final = 64_000
"""Characters of one message; the platform times out at 15 to 16 KB already."""


class Ping(Struct, frozen=True):
    """Answered with the same ``timestamp``."""

    timestamp: Json


class UserText(Struct, frozen=True):
    """Text as if the user had said it. ``replies`` False: it is only to be remembered."""

    text: str
    urgency: Urgency = "soon"
    replies: bool = True


class SetMedium(Struct, frozen=True):
    """The agent answers by voice or text from its next utterance on."""

    medium: Literal["voice", "text"]


class ToolResult(Struct, frozen=True):
    """The answer to an invocation."""

    invocation_id: str
    answer: ToolAnswer


class ForcedToolCall(Struct, frozen=True):
    """A tool the agent has to call; ``answer`` when the client knows the result already."""

    invocation_id: str
    name: str
    args: JsonObject
    answer: ToolAnswer | None = None


class ForcedMessage(Struct, frozen=True):
    """Words put into the agent's mouth."""

    content: str
    calls: tuple[ForcedToolCall, ...] = ()
    uninterruptible: bool = False
    immediate: bool = False


class HangUpRequest(Struct, frozen=True):
    """End the call after a farewell."""

    message: str = ""


class SpawnThread(Struct, frozen=True):
    """A side conversation (not emulated)."""

    thread_id: str


class Ignored(Struct, frozen=True):
    """Nothing we can act on."""

    reason: str


ClientMessage: TypeAlias = (
    Ping | UserText | SetMedium | ToolResult | ForcedMessage | HangUpRequest | SpawnThread | Ignored
)


def parse(text: str) -> ClientMessage:
    """A text frame of the WebSocket."""
    if len(text) > MAX_TEXT:
        return Ignored(f"a message of {len(text)} characters is too long")
    try:
        value = read_json(text)
    except ValueError:
        return Ignored(f"not JSON: {text[:60]!r}")
    return read(value)


def read(value: Json) -> ClientMessage:
    """A message that is JSON already (also from POST .../send_data_message)."""
    if not isinstance(value, dict):
        return Ignored("a data message must be a JSON object")
    message: JsonObject = {key: each for key, each in value.items() if each is not None}
    match message.get("type"):
        case "ping":
            return Ping(message.get("timestamp"))
        case "user_text_message" | "input_text_message":
            return _user_text(message)
        case "set_output_medium":
            return _medium(message)
        case "client_tool_result" | "data_connection_tool_result":
            return _tool_result(message)
        case "forced_agent_message":
            return _forced(message)
        case "hang_up":
            return HangUpRequest(_text(message, "message"))
        case "spawn_thread":
            return SpawnThread(_text(message, "newThreadId"))
        case None:
            return Ignored("a data message without 'type'")
        case other:
            return Ignored(f"unknown message type {str(other)[:60]!r}")


def _text(message: JsonObject, *keys: str) -> str:
    for key in keys:
        value = message.get(key)
        if isinstance(value, str):
            return value
    return ""


def _user_text(message: JsonObject) -> ClientMessage:
    if not isinstance(message.get("text"), str):
        return Ignored(f"{message['type']} without 'text'")
    deferred = message.get("deferResponse", message.get("defer_response")) is True
    urgency: Urgency = "soon"
    if message.get("urgency") == "immediate":
        urgency = "immediate"
    elif message.get("urgency") == "later" or deferred:
        urgency = "later"
    return UserText(_text(message, "text"), urgency, not deferred and urgency != "later")


def _medium(message: JsonObject) -> ClientMessage:
    medium = _text(message, "medium").lower().removeprefix("message_medium_")
    if medium == "text":
        return SetMedium("text")
    return SetMedium("voice") if medium == "voice" else Ignored("set_output_medium wants voice or text")


def _tool_result(message: JsonObject) -> ClientMessage:
    invocation = _text(message, "invocationId", "invocation_id")
    if not invocation:
        return Ignored(f"{message['type']} without 'invocationId'")
    return ToolResult(invocation, answer_from_message(message))


def _forced(message: JsonObject) -> ClientMessage:
    results = message.get("knownToolResults")
    known: dict[str, ToolAnswer] = {}
    for entry in results if isinstance(results, list) else []:
        if isinstance(entry, dict):
            known[_text(entry, "invocationId", "invocation_id")] = answer_from_message(entry)
    calls = message.get("toolCalls")
    found: list[ForcedToolCall] = []
    for entry in calls if isinstance(calls, list) else []:
        if isinstance(entry, dict) and _text(entry, "name", "toolName"):
            invocation = _text(entry, "id", "invocationId", "invocation_id")
            name = _text(entry, "name", "toolName")
            found.append(ForcedToolCall(invocation, name, _arguments(entry), known.get(invocation)))
    return ForcedMessage(
        _text(message, "content"),
        tuple(found),
        message.get("uninterruptible") is True,
        message.get("urgency") == "immediate",
    )


def _arguments(entry: JsonObject) -> JsonObject:
    value = entry.get("arguments", entry.get("parameters"))
    if isinstance(value, str):
        try:
            value = read_json(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
