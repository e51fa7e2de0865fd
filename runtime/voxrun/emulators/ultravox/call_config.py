"""What a call is like, once its request was checked (``request``): plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct, field

from voxrun.emulators.ultravox.tools import Tool
from voxrun.session.messages import JsonObject

Medium: TypeAlias = Literal["voice", "text"]
DEFAULT_FLAGS: Final = frozenset(
    {"callStarted", "state", "transcript", "clientToolInvocation", "pong", "playbackClearBuffer"}
)
ALL_FLAGS: Final = DEFAULT_FLAGS | {
    "dataConnectionToolInvocation",
    "debug",
    "callEvent",
    "toolUsed",
    "userStartedSpeaking",
    "userStoppedSpeaking",
    "invokingTool",
}


class TimedMessage(Struct, frozen=True):
    """Something the agent says after ``after`` seconds of silence; ``end`` "", "soft" or "strict"."""

    after: float
    text: str
    end: Literal["", "soft", "strict"] = ""


class FirstSpeaker(Struct, frozen=True):
    """Who begins. For the user, ``delay``/``text`` are the fallback (delay None: wait for ever)."""

    agent: bool = True
    uninterruptible: bool = False
    text: str = ""
    delay: float | None = None


class Vad(Struct, frozen=True):
    """Turn taking, in seconds."""

    turn_endpoint_delay: float = 0.384
    minimum_turn: float = 0.0
    minimum_interruption: float = 0.09
    activation: float = 0.1


class SocketMedium(Struct, frozen=True):
    """The serverWebSocket medium."""

    input_rate: int
    output_rate: int
    buffer_ms: int = 60
    idle_timeout: float | None = None
    flags: frozenset[str] = DEFAULT_FLAGS


class CallConfig(Struct, frozen=True):
    """A valid request. ``echo`` holds the fields as they appear in the Call object."""

    system_prompt: str = ""
    voice: str = ""
    language: str = ""
    tools: Mapping[str, Tool] = field(default_factory=dict)
    medium: SocketMedium = SocketMedium(16_000, 16_000)
    first: FirstSpeaker = FirstSpeaker()
    greets: bool = True
    join_timeout: float = 30.0
    max_duration: float = 3600.0
    time_exceeded_message: str = ""
    inactivity: tuple[TimedMessage, ...] = ()
    vad: Vad = Vad()
    output: Medium = "voice"
    messages: tuple[JsonObject, ...] = ()
    state: JsonObject = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    echo: JsonObject = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
