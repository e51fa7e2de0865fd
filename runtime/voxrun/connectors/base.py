"""What every voice-AI client of VoxEngine shares (facts of the platform: docs/fidelity.md).

A connector is a media unit: ``source`` is the provider's audio, paced to 20 ms; ``sink`` takes the audio
that units send to it. It talks to its owner through ``ConnectorHost`` only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

from voxrun.connectors.transport import Transports
from voxrun.media.graph import Sink, Source, Ticker
from voxrun.session.messages import Json, JsonObject


class ConnectorHost(Protocol):
    """What a connector is given by the service that owns it."""

    @property
    def transports(self) -> Transports: ...

    @property
    def ticker(self) -> Ticker: ...

    def new_id(self, kind: str) -> str:
        """A fresh id of this session, 32 hex digits."""
        ...

    def event(self, name: str, data: JsonObject) -> None:
        """Raise ``name`` on the client: the whole name of the event, "Ultravox.WebSocketAPI.Transcript" or
        "Ultravox.Events.WebSocketMediaStarted".

        ``data`` becomes fields of the event object beside ``name`` and ``client``.
        """
        ...

    def closed(self, code: int, reason: str, was_clean: bool) -> None:
        """The socket is over: calls the scenario's onWebSocketClose. Once."""
        ...

    def wire(self, direction: str, what: str, payload: Json) -> None:
        """Note protocol traffic for the journal ("in"/"out", "http"/"ws", the message). Never audio."""
        ...


class Connector(ABC):
    """One client object of a scenario."""

    def __init__(self, client_id: str, params: Mapping[str, Json], host: ConnectorHost) -> None:
        self.id = client_id
        self.params = params
        self.host = host
        self.source = Source()

    @property
    @abstractmethod
    def sink(self) -> Sink:
        """Audio for the provider."""

    @abstractmethod
    async def open(self) -> None:
        """Open the client; the scenario's promise resolves when this returns, rejects when it raises
        ``PeerError`` (only under ``connector_errors = "reject"``) or ``ScenarioError`` (bad params)."""

    @abstractmethod
    def call(self, method: str, argument: JsonObject) -> None:
        """A pass-through method of the client ("userTextMessage", "clientToolResult", ...)."""

    @abstractmethod
    def clear_media_buffer(self) -> None:
        """Drop the provider's audio that was not played yet, within one tick."""

    @abstractmethod
    async def close(self) -> None:
        """End the client (the scenario's ``close()``, or the session's end). Idempotent."""
