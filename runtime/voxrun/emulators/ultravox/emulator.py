"""All calls of one emulator: creation, joining, looking up, ending."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx
from msgspec import Struct
from msgspec.structs import replace
from starlette.websockets import WebSocket

from voxrun.emulators.ultravox.call_config import CallConfig
from voxrun.emulators.ultravox.conversation import Conversation, Setup
from voxrun.emulators.ultravox.effects import CallHttpTool, EndReason, Note
from voxrun.emulators.ultravox.httptool import call_http_tool
from voxrun.emulators.ultravox.live import LiveCall, Senses
from voxrun.emulators.ultravox.mind import Mind
from voxrun.emulators.ultravox.prompt import agent_from_prompt, greeting_from
from voxrun.emulators.ultravox.record import CallRecord
from voxrun.emulators.ultravox.script import AgentScript, Faults
from voxrun.emulators.ultravox.tools import ToolAnswer
from voxrun.session.clock import DEFAULT_START_MS, Clock, LoopClock
from voxrun.speech.base import Recogniser, Speech, Voice
from voxrun.speech.voices import resolve_voice

log = logging.getLogger("voxrun.emulators.ultravox")

KEEP_CALLS: Final = 1000
"""Calls that are over and can still be looked up."""
MAX_LIVE: Final = 1000


class BrokenOnPurpose(Exception):
    """A fault: leaves the application so that its server cuts the connection without a close frame."""


class Settings(Struct, frozen=True):
    """How an emulator runs."""

    public_url: str = ""
    """http(s)://host:port under which clients reach it; "" for the address they used themselves."""
    seed: int = 0
    """Where ids come from. An entry point passes a random number: who knows a joinUrl may join."""
    faults: Faults | None = None
    """Instead of those of the agent file."""


class Refusal(Struct, frozen=True):
    """A creation that a fault refuses."""

    status: int
    detail: str
    retry_after: int | None


@dataclass(slots=True)
class Emulator:
    """The state behind the API."""

    settings: Settings
    speech: Speech
    recogniser: Recogniser
    agent: AgentScript | None = None
    tool_transport: httpx.AsyncBaseTransport | None = None
    given_clock: Clock | None = None
    calls: dict[str, CallRecord] = field(default_factory=dict)
    created: int = 0
    refused: int = 0
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.settings.seed)

    @property
    def clock(self) -> Clock:
        """The date; without one of its own it starts at the default with the first use."""
        if self.given_clock is None:
            self.given_clock = LoopClock(DEFAULT_START_MS)
        return self.given_clock

    @property
    def faults(self) -> Faults:
        if self.settings.faults is not None:
            return self.settings.faults
        return self.agent.faults if self.agent else Faults()

    def new_id(self) -> str:
        """A fresh UUID."""
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def refusal(self) -> Refusal | None:
        """The answer to a creation that must fail."""
        faults = self.faults
        if not faults.refuse_status or (faults.refuse_times and self.refused >= faults.refuse_times):
            return None
        self.refused += 1
        details = {
            401: "Invalid API key.",
            402: "This account needs a subscription.",
            429: "Too many calls.",
            503: "No capacity at the moment.",
        }
        detail = faults.refuse_detail or details.get(faults.refuse_status, "The call was refused.")
        return Refusal(faults.refuse_status, detail, faults.retry_after)

    def create(self, config: CallConfig, base_url: str, agent_id: str | None = None) -> CallRecord:
        """A new call, joinable for ``joinTimeout``."""
        call_id = self.new_id()
        now = self.clock.unix_ms()
        url = f"{_socket_base(self.settings.public_url or base_url)}/calls/{call_id}/server_web_socket"
        record = CallRecord(
            call_id, config, now, url, agent_id, self.agent.name if self.agent else "local agent"
        )
        self.calls[call_id] = record
        self.created += 1
        for warning in config.warnings:
            self._note(record, Note("warning", "unknown_field", warning))
        asyncio.get_running_loop().call_later(config.join_timeout, self._expire, record)
        self._forget_old()
        return record

    def _expire(self, record: CallRecord) -> None:
        if record.joined is None:
            record.close("unjoined", self.clock.unix_ms())

    def _forget_old(self) -> None:
        over = [call_id for call_id, record in self.calls.items() if record.ended is not None]
        for call_id in over[: max(0, len(over) - KEEP_CALLS)]:
            del self.calls[call_id]

    async def serve(self, record: CallRecord, socket: WebSocket, query: Mapping[str, str]) -> None:
        """Run the call on its accepted socket until it is over."""
        record.joined = self.clock.unix_ms()
        record.client_version = query.get("clientVersion")
        debug = "debug" in query.get("experimentalMessages", "").split(",")
        conversation = Conversation(Setup(record.call_id, record.config, self._mind, self.new_id))
        live = LiveCall(conversation, self._senses(record))
        record.live = live
        reason: EndReason = "system_error"
        try:
            reason = await live.run(socket, debug=debug)
        finally:
            record.messages = conversation.history.messages()
            record.live = None
            record.close(reason, self.clock.unix_ms())
        if live.broken:
            raise BrokenOnPurpose

    def _mind(self, config: CallConfig) -> Mind:
        agent = self.agent
        if agent is None or not (agent.rules or agent.greeting):
            agent = agent_from_prompt(config.system_prompt, config.tools.values(), agent)
        elif not agent.greeting:
            agent = replace(agent, greeting=(greeting_from(config.system_prompt),))
        return Mind(agent, greeting_turn=max(0, self.created - 1))

    def _senses(self, record: CallRecord) -> Senses:
        async def http_tool(effect: CallHttpTool) -> ToolAnswer:
            return await call_http_tool(effect, self.tool_transport)

        return Senses(
            self.speech,
            self.recogniser,
            self._voice(record.config),
            self.faults,
            http_tool,
            lambda note: self._note(record, note),
        )

    def _voice(self, config: CallConfig) -> Voice:
        if self.agent is not None and self.agent.voice is not None:
            return self.agent.voice
        if config.voice:
            return resolve_voice(config.voice)
        return resolve_voice(config.language) if config.language else Voice()

    def _note(self, record: CallRecord, note: Note) -> None:
        record.note(note.severity, note.type, note.text, note.extras, self.clock.unix_ms())
        level = {"error": logging.ERROR, "warning": logging.WARNING}.get(note.severity, logging.DEBUG)
        log.log(level, "call %s: %s: %s", record.call_id[:8], note.type, note.text)


def _socket_base(url: str) -> str:
    return "ws" + url.rstrip("/").removeprefix("http")
