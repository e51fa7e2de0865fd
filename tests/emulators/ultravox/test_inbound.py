"""Client messages, old and new, right and wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from voxrun.emulators.ultravox import inbound
from voxrun.emulators.ultravox.inbound import (
    ForcedMessage,
    ForcedToolCall,
    HangUpRequest,
    Ignored,
    Ping,
    SetMedium,
    SpawnThread,
    ToolResult,
    UserText,
)
from voxrun.emulators.ultravox.tools import ToolAnswer


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ({"type": "ping", "timestamp": 1.5}, Ping(1.5)),
        ({"type": "user_text_message", "text": "a"}, UserText("a")),
        ({"type": "user_text_message", "text": "a", "urgency": None}, UserText("a")),
        ({"type": "user_text_message", "text": "a", "urgency": "immediate"}, UserText("a", "immediate")),
        ({"type": "user_text_message", "text": "a", "urgency": "later"}, UserText("a", "later", False)),
        ({"type": "input_text_message", "text": "a"}, UserText("a")),
        ({"type": "input_text_message", "text": "a", "deferResponse": True}, UserText("a", "later", False)),
        ({"type": "input_text_message", "text": "a", "defer_response": True}, UserText("a", "later", False)),
        (
            {"type": "user_text_message", "text": "", "urgency": "immediate", "deferResponse": True},
            UserText("", "immediate", False),
        ),
        ({"type": "set_output_medium", "medium": "text"}, SetMedium("text")),
        ({"type": "set_output_medium", "medium": "MESSAGE_MEDIUM_VOICE"}, SetMedium("voice")),
        ({"type": "hang_up"}, HangUpRequest("")),
        ({"type": "hang_up", "message": "Bye"}, HangUpRequest("Bye")),
        ({"type": "spawn_thread", "newThreadId": "t"}, SpawnThread("t")),
        (
            {"type": "client_tool_result", "invocation_id": "i", "result": {"a": 1}},
            ToolResult("i", ToolAnswer('{"a": 1}')),
        ),
        (
            {"type": "data_connection_tool_result", "invocationId": "i", "errorType": "undefined"},
            ToolResult("i", ToolAnswer(error="undefined")),
        ),
        (
            {
                "type": "forced_agent_message",
                "content": "Hi",
                "toolCalls": [{"id": "1", "name": "t", "arguments": '{"a": 1}'}, {"nameless": 1}, 7],
                "knownToolResults": [{"invocationId": "1", "result": "r"}],
                "urgency": "immediate",
            },
            ForcedMessage("Hi", (ForcedToolCall("1", "t", {"a": 1}, ToolAnswer("r")),), immediate=True),
        ),
    ],
)
def test_messages_are_read(message: dict[str, Any], read: object) -> None:
    assert inbound.parse(json.dumps(message)) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"type": 5}',
        '{"type": "state"}',
        '{"type": "user_text_message"}',
        '{"type": "user_text_message", "text": 5}',
        '{"type": "client_tool_result"}',
        '{"type": "set_output_medium", "medium": "smell"}',
        "[" * 50_000,
        "x" * 70_000,
    ],
)
def test_what_is_no_message_is_ignored_with_a_reason(text: str) -> None:
    read = inbound.parse(text)
    assert isinstance(read, Ignored)
    assert read.reason
