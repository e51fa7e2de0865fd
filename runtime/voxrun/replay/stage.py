"""The world of a call script in virtual time: realm, session, voice AI and network in one process.

Audio and protocol messages are the real ones; only what would leave the process is replaced: legs are
scripted, HTTP ends in the script's stubs, the connector's HTTP and WebSocket end in the emulator's ASGI
application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxrun.connectors.memory import memory_transports
from voxrun.connectors.transport import Door
from voxrun.errors import ScriptError
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.replay.deeds import Manners
from voxrun.replay.faults import faulty
from voxrun.replay.leaps import LeapingTicker
from voxrun.replay.people import Person
from voxrun.replay.resources import Resources
from voxrun.replay.scene import Scene, application
from voxrun.replay.script import CallScript, Incoming
from voxrun.replay.shelf import Shelf
from voxrun.replay.telephone import mind
from voxrun.services.access import AccessReply
from voxrun.services.recording_file import Writing
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.runtime import Runtime
from voxrun.session.virtual import VirtualLoop

if TYPE_CHECKING:
    from starlette.applications import Starlette

DRAIN_S = 10.0
"""How often recordings go to their files: nothing is lost between two ticks here."""
EMULATOR_URL = "http://127.0.0.1:8090/api"


class Stage(Scene):
    """``Scene`` in virtual time. Without ``leaps`` tick by tick, which gives the same and takes longer."""

    def __init__(
        self,
        script: CallScript,
        resources: Resources,
        clock: LoopClock,
        folder: Path | None,
        trouble: Callable[[str], None],
        leaps: bool = True,
    ) -> None:
        super().__init__(script, resources, trouble)
        self.zero = clock.now()
        loop = asyncio.get_running_loop()
        self._ticker = LeapingTicker(loop) if leaps and isinstance(loop, VirtualLoop) else LoopTicker()
        self._realms = resources.realms
        self.shelf = Shelf()
        self._resources = resources
        self._provider: Starlette | None = None
        self._transports = memory_transports(self._ask_provider)
        recorded = self.tape is not None and self.tape.speaks and script.agent is None
        provider = self.tape.transports if self.tape and recorded else self._transports
        urls = self.tape.provider_urls if self.tape and recorded else {"ultravox": EMULATOR_URL}
        world = self.world(
            clock=clock,
            ticker=self._ticker,
            dialer=self._dial,
            realms=self._realms,
            transports=faulty(provider, script.faults, script.seed),
            provider_urls=urls,
            disk=resources.disk,
            writing=Writing(self.shelf.open, DRAIN_S),
        )
        self._runtime = Runtime(application(script, folder, self.tape.cassette if self.tape else None), world)
        self._runtime.subscribe(self.record)
        self._session_id = ""

    @property
    def now(self) -> int:
        return round((self.clock.now() - self.zero) * 1000)

    @property
    def folder(self) -> Path | None:
        sessions = self._runtime.sessions()
        return sessions[0].folder if sessions else None

    async def begin(self) -> None:
        call = self.script.call
        if isinstance(call, Incoming):
            self._session_id = await self._call("caller")
        elif call.conference:
            self._session_id = await self._runtime.start_conference(call.conference, call.custom_data)
        else:
            self._session_id = await self._runtime.start_session(call.custom_data)

    async def call_in(self, name: str) -> None:
        person = self.people.get(name)
        if person is not None and not person.over:
            raise ScriptError(f"{name} is in a call already")
        await self._call(name)

    async def _call(self, name: str) -> str:
        call = self.calling(name)
        person = self._person(name, True, call.client, call.manners)
        info = IncomingInfo(
            call.destination,
            call.caller,
            call.display_name,
            headers=call.headers,
            custom_data=call.custom_data,
            client_type=call.client,
        )
        return await self._runtime.incoming(person, info)

    async def _ask_provider(self, scope: Any, receive: Any, send: Any) -> None:
        """The local Ultravox. Calls of a menu have none: it is there, and imported, once it is asked."""
        if self._provider is None:
            from voxrun.emulators.ultravox.app import create_app
            from voxrun.emulators.ultravox.emulator import Settings

            self._provider = create_app(
                Settings(seed=self.script.seed),
                self.speech,
                self._resources.matcher(self.script),
                agent=self.script.agent,
                clock=self.clock,
                tool_transport=self._net,
            )
        await self._provider(scope, receive, send)

    async def close(self) -> None:
        await self._runtime.close()
        self._ticker.close()
        await self.sockets.aclose()
        await self._realms.clear()
        await self._transports.connect.aclose()  # type: ignore[attr-defined]

    async def notes(self) -> list[str]:
        if self._provider is None:
            return []
        return [
            str(event["text"])
            for record in self._provider.state.emulator.calls.values()
            for event in record.events
            if event["severity"] in ("warning", "error")
        ]

    @property
    def access_path(self) -> str:
        return f"/request/{self._session_id}/{self._token}"

    async def knock(self, door: Door) -> None:
        await self._runtime.websocket(self._session_id, self._token, door)

    async def http(self, method: str, path: str, body: str, headers: dict[str, str]) -> AccessReply:
        shown = [(name.lower(), value) for name, value in headers.items()]  # as a web server has them
        whole = self.access_path + (path if path != "/" else "")
        try:
            return await self._runtime.http_request(self._session_id, self._token, method, whole, body, shown)
        except KeyError:
            raise ScriptError("the session is over: its URL answers no more") from None

    def _person(self, name: str, incoming: bool, client: str, manners: Manners) -> Person:
        person = Person(name, self._ticker, incoming, self.timeline, self.zero, client)
        mind(person, manners)
        self.people[name] = person
        return person

    def _dial(self, request: DialRequest) -> Leg:
        callee = self.callee(request)
        person = self._person(callee.number, False, request.kind, callee.manners)
        absence = self.whereabouts.absence(callee, request)
        if absence is not None:
            callee = absence.delayed(callee)
            if absence.pushed:
                asyncio.get_running_loop().call_soon(person.pushed)
        self.on_dialled(callee, person)
        return person
