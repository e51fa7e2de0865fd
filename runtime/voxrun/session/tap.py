"""The seam through which somebody listens in on a session (cassettes): its traffic, its legs, its journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

import httpx
from msgspec import Struct

from voxrun.connectors.transport import Door, SocketConnector, Transports
from voxrun.legs.base import Leg
from voxrun.realm.port import Script
from voxrun.session.clock import Clock
from voxrun.session.messages import JsonObject
from voxrun.speech.base import Transcriber


class TapInfo(Struct, frozen=True):
    """The session that is listened to. ``name`` is that of its folder, ``start_ms`` its start (Unix ms).

    ``secrets`` (name -> value) are what must not be written. ``trouble`` takes a message for the journal when
    the listener can go on no more; the session goes on without it.
    """

    name: str
    start_ms: int
    clock: Clock
    scripts: tuple[Script, ...]
    secrets: Mapping[str, str]
    provider_urls: Mapping[str, str]
    connector_errors: str
    trouble: Callable[[str], None]


class SessionTap(Protocol):
    """One session's listener. Nothing it does may keep the session from going on."""

    def transports(self, transports: Transports) -> Transports:
        """The connectors' way to their providers, listened to."""
        ...

    def http(self, transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """The scenario's own way to the network (Net, URL players), listened to."""
        ...

    def sockets(self, connect: SocketConnector) -> SocketConnector:
        """The scenario's own WebSockets, listened to."""
        ...

    def transcriber(self, transcriber: Transcriber) -> Transcriber:
        """What understands speech for the scenario's own ASR, listened to."""
        ...

    def door(self, door: Door) -> Door:
        """A WebSocket that comes to the session's URL, listened to once it is let in."""
        ...

    def call(self, call_id: str, leg: Leg, incoming: bool) -> None:
        """A call begins."""
        ...

    def record(self, record: JsonObject) -> None:
        """One journal record, the header first and the end of the session last."""
        ...


TapMaker: TypeAlias = Callable[[TapInfo], SessionTap]
"""Raises ConfigError when there can be no listener: then there is no session either."""
