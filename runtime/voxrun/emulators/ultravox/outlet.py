"""What a conversation gives out: effects in order, and data messages by the call's flags. Pure."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from voxrun.emulators.ultravox.call_config import Medium
from voxrun.emulators.ultravox.effects import Effect, Note, Send, Severity
from voxrun.emulators.ultravox.playback import Playback
from voxrun.session.messages import JsonObject

State: TypeAlias = Literal["idle", "listening", "thinking", "speaking"]

FLAGS: Final = {
    "call_started": "callStarted",
    "state": "state",
    "transcript": "transcript",
    "client_tool_invocation": "clientToolInvocation",
    "data_connection_tool_invocation": "dataConnectionToolInvocation",
    "pong": "pong",
    "playback_clear_buffer": "playbackClearBuffer",
    "debug": "debug",
}
"""The flag of each kind of message (EnabledDataMessages)."""


class Outlet:
    """Collects effects until they are taken."""

    def __init__(self, flags: frozenset[str]) -> None:
        self.flags = flags
        self.state: State = "idle"
        self._effects: list[Effect] = []

    def take(self) -> list[Effect]:
        """All effects since the last time."""
        effects, self._effects = self._effects, []
        return effects

    def add(self, effect: Effect) -> None:
        """Something to be done."""
        self._effects.append(effect)

    def send(self, message: JsonObject) -> bool:
        """A data message; False when the call keeps its kind off."""
        if FLAGS[str(message["type"])] not in self.flags:
            return False
        self.add(Send(message))
        return True

    def show(self, state: State) -> None:
        """The agent's state, when it is another."""
        if state != self.state:
            self.state = state
            self.send({"type": "state", "state": state})

    def transcript(self, role: str, medium: Medium, ordinal: int, *, final: bool, **text: str) -> None:
        """A transcript message, with either ``text`` or ``delta``."""
        self.send(
            {"type": "transcript", "role": role, "medium": medium, **text, "final": final, "ordinal": ordinal}
        )

    def parts(self, medium: Medium, ordinal: int, playback: Playback, now: float) -> None:
        """Transcripts of what the agent has spoken since the last time."""
        begun = playback.begun
        for part in playback.due(now):
            self.transcript("agent", medium, ordinal, **{"delta" if begun else "text": part}, final=False)
            begun = True

    def note(self, severity: Severity, kind: str, text: str) -> None:
        """A call event, and a debug message for who asked for them."""
        self.add(Note(severity, kind, text))
        self.send({"type": "debug", "message": f"{kind}: {text}"})
