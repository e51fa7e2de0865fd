"""Conferences: media units that give each of their parties the sum of all others.

``sendMediaBetween(call, conference)`` connects by the media service alone; ``conference.add`` does the same
and makes an endpoint of it, which has events and ends with its call. Video is not here.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from msgspec import Struct

from voxrun.errors import ScenarioError
from voxrun.media.bridge import Bridge
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.calls import CallService
from voxrun.services.ports import Surroundings
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event

MOST_CONFERENCES: Final = 100
"""Of one session, stopped ones not counted."""
LONGEST_NAME: Final = 1024
TOO_MANY: Final = 403
"""Code of ConferenceError for an endpoint beyond the limit; the platform's own is not published."""
CALL_IS_OVER: Final = 404


class _Endpoint(Struct):
    """A call that ``conference.add`` has put into a conference."""

    id: str
    call: str
    direction: str
    mode: str

    @property
    def fields(self) -> dict[str, Any]:
        """Of its events."""
        return {
            "endpoint": {"$ref": self.id},
            "endpointId": self.id,
            "direction": self.direction,
            "mode": self.mode,
        }


class _Conference:
    """One conference: its bridge and its endpoints."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.endpoints: dict[str, _Endpoint] = {}


class ConferenceService(Service):
    """Owns the conferences of a session."""

    handles: ClassVar[frozenset[str]] = frozenset(
        f"conference.{name}" for name in ("create", "add", "name", "manage", "stop")
    )

    def __init__(
        self, context: ServiceContext, units: Units, calls: CallService, around: Surroundings
    ) -> None:
        super().__init__(context)
        self._units = units
        self._calls = calls
        self._around = around
        self._conferences: dict[str, _Conference] = {}
        calls.on_call.append(lambda call: call.on_over.append(lambda: self._soon_over(call.id)))

    def execute(self, command: Command) -> None:
        if command.kind == "conference.create":
            self._create(command.target)
            return
        conference = self._conferences.get(command.target)
        if conference is None:
            return  # stopped: closing races are normal
        data = Arguments(command)
        match command.kind:
            case "conference.add":
                self._add(command.target, conference, data)
            case "conference.stop":
                self._stop(command.target)
            case _:
                self._change(command, conference, data)

    def _create(self, conference_id: str) -> None:
        if len(self._conferences) >= MOST_CONFERENCES or self._units.get(conference_id) is not None:
            raise ScenarioError(
                f"conference.create: a session may have {MOST_CONFERENCES} conferences at a time, "
                "each with an id of its own"
            )
        bridge = Bridge(self._around.ticker)
        self._conferences[conference_id] = _Conference(bridge)
        self._units.add(Unit(conference_id, bridge.source, bridge.sink))
        self._emit("Started", conference_id)

    def _add(self, conference_id: str, conference: _Conference, data: Arguments) -> None:
        endpoint = _Endpoint(
            data.needed("endpoint", LONGEST_NAME),
            data.needed("call", LONGEST_NAME),
            data.needed("direction", 10),
            data.needed("mode", 10),
        )
        call, most = self._calls.get(endpoint.call), self._around.limits.conference_endpoints
        if call is None:
            raise ScenarioError("conference.add: no such call")
        if len(conference.endpoints) >= most:
            why = f"a conference may have {most} endpoints (the platform's figure is 100)"
            self._refuse(conference_id, endpoint, TOO_MANY, why)
            return
        if call.over:
            self._refuse(conference_id, endpoint, CALL_IS_OVER, "the call is over")
            return
        conference.endpoints[endpoint.id] = endpoint
        if endpoint.direction != "RECEIVE":
            call.audio.connect(conference.bridge.sink)
        if endpoint.direction != "SEND":
            conference.bridge.source.connect(call.sink)
        self._emit("EndpointAdded", conference_id, **endpoint.fields)

    def _refuse(self, conference_id: str, endpoint: _Endpoint, code: int, why: str) -> None:
        self._emit("Error", conference_id, code=code, error=why, endpointId=endpoint.id)

    def _change(self, command: Command, conference: _Conference, data: Arguments) -> None:
        """A new name, or a choice of streams; there is nothing to choose where there is only audio."""
        endpoint = conference.endpoints.get(data.needed("endpoint", LONGEST_NAME))
        managed = command.kind == "conference.manage"
        if endpoint is not None:
            data.text("name", LONGEST_NAME)
            kind = "EndpointManaged" if managed else "EndpointUpdated"
            self._emit(kind, command.target, **endpoint.fields)
        if managed:
            promise = data.needed("promise", LONGEST_NAME)
            self.context.emit(Event("@resolve", promise, {"value": None}))

    def _soon_over(self, call_id: str) -> None:
        """EndpointRemoved comes after Disconnected."""
        asyncio.get_running_loop().call_soon(self._call_is_over, call_id)

    def _call_is_over(self, call_id: str) -> None:
        for conference_id, conference in self._conferences.items():
            for endpoint in tuple(conference.endpoints.values()):
                if endpoint.call == call_id:
                    del conference.endpoints[endpoint.id]
                    self._emit("EndpointRemoved", conference_id, **endpoint.fields)

    def _stop(self, conference_id: str) -> None:
        self._conferences.pop(conference_id).bridge.close()
        self._units.remove(conference_id)
        self._emit("Stopped", conference_id)

    def _emit(self, kind: str, conference_id: str, **fields: Any) -> None:
        self.context.emit(Event(f"Conference.{kind}", conference_id, fields))

    async def close(self) -> None:
        for conference in self._conferences.values():
            conference.bridge.close()
        self._conferences.clear()
