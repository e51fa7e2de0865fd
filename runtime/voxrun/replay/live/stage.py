"""The world of a call script in real time: the scenario is served as it is to people, and everybody in the
call has a phone of their own that reaches it over loopback (signalling, ICE, DTLS, SRTP, Opus).

The script's stubs, secrets, faults and seed are the same as in virtual time, and so is the date at which it
begins; only time passes as it does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx
from msgspec import Struct
from msgspec.structs import replace

from voxrun.connectors.transport import Door, Transports
from voxrun.errors import PeerError, ScriptError, VoxrunError
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.replay.away import Absence
from voxrun.replay.faults import faulty
from voxrun.replay.hearing import Hearing
from voxrun.replay.live import house
from voxrun.replay.live.deadline import within
from voxrun.replay.live.hearing import LiveHearing
from voxrun.replay.live.person import LivePerson
from voxrun.replay.live.phone import Message, Phone
from voxrun.replay.live.plan import LivePlan
from voxrun.replay.live.pulse import Pulse
from voxrun.replay.live.telephone import Telephone
from voxrun.replay.people import Party
from voxrun.replay.resources import Resources
from voxrun.replay.scene import LOCAL_KEY, Scene, application
from voxrun.replay.script import Callee, CallScript, Incoming
from voxrun.replay.telephone import mind
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Moment, Stream
from voxrun.services.access import AccessReply
from voxrun.services.recording_file import disk_thread
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import DEFAULT_START_MS, LoopClock, real_clock
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World

CALLER: Final = "caller"
USUAL: Final = ("underflow",)
"""Complaints of the emulator that say nothing here: a call's audio comes up later than the voice AI."""
BEGIN_S: Final = 60.0
"""For each part of what comes before the first step."""
END_S: Final = 10.0
"""For each part of what comes after the last one."""
REQUEST_S: Final = 40.0
"""Longer than a scenario may think about a request to its session's URL."""


class CalleeRoute(Struct, frozen=True):
    """Rings the phone of one callee."""

    callee: Callee
    address: str
    leg: str = "webrtc"

    def matches(self, kind: str, destination: str) -> bool:
        return Wanted(self.callee.number, self.callee.where).like(destination)


class AnsweringRuntime(Runtime):
    """``arrives`` makes the leg that a session gets of one that comes in."""

    def __init__(
        self, application: Application, world: World, arrives: Callable[[Leg, IncomingInfo], Leg]
    ) -> None:
        super().__init__(application, world)
        self._arrives = arrives

    async def incoming(self, leg: Leg, info: IncomingInfo) -> str:
        return await super().incoming(self._arrives(leg, info), info)


class LiveStage(Scene):
    """``Scene`` in real time. Made within the running loop."""

    def __init__(
        self,
        script: CallScript,
        resources: Resources,
        plan: LivePlan,
        folder: Path | None,
        trouble: Callable[[str], None],
    ) -> None:
        super().__init__(script, resources, trouble)
        self._plan = plan
        self._matcher = resources.matcher(script)
        self._folder = folder
        self._stack = AsyncExitStack()
        self._loop = asyncio.get_running_loop()
        self._ticker = LoopTicker()
        self._zero: float | None = None
        """The loop's time at the beginning of the session."""
        self._routes = (
            *(CalleeRoute(callee, f"callee-{number}") for number, callee in enumerate(script.callees)),
            CalleeRoute(Callee("*"), "nobody"),
        )
        self._runtime: Runtime | None = None
        self._phones: list[Phone] = []
        self._url = self._emulator = self._session_id = ""
        self._notes: list[str] = []
        self.pulse = Pulse()
        self._telephones: dict[str, deque[Telephone]] = {}
        """By address: calls to a callee whose phone has not rung yet."""
        self._expected = False
        """Whether the call that is being placed is to somebody who is away."""
        self._coming: set[str] = set()
        """Addresses of those whom a push notification has reached."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._calling: list[LivePerson] = []
        """Callers whose calls have not reached the server."""
        self._alerting: list[LivePerson] = []
        """Callers whose calls the scenario does not know yet."""
        self._calls: dict[str, LivePerson] = {}
        """By the scenario's id: callers that it has not answered."""

    @property
    def now(self) -> int:
        return round((self._loop.time() - self._zero) * 1000) if self._zero is not None else 0

    @property
    def folder(self) -> Path | None:
        sessions = self._runtime.sessions() if self._runtime is not None else []
        return sessions[0].folder if sessions else None

    # -- life

    async def begin(self) -> None:
        async with within(BEGIN_S, "serving the scenario"):
            await self._open()
        async with within(BEGIN_S, "connecting the phones of the callees"):
            for route in self._routes[:-1]:
                if not route.callee.away:
                    await self._callee_phone(route)
        async with within(BEGIN_S, "calling the scenario, or starting it"):
            await self._begin_call()

    async def _begin_call(self) -> None:
        call = self.script.call
        if isinstance(call, Incoming):
            await self._call(CALLER)
        elif call.conference:
            assert self._runtime is not None
            await self._runtime.start_conference(call.conference, call.custom_data)
        else:
            phone = await self._phone()
            await phone.ask("started", type="start", customData=call.custom_data)
        if not isinstance(call, Incoming):
            # In virtual time whoever comes next comes after the moment of the start; so it is here.
            assert self._runtime is not None
            for session in self._runtime.sessions():
                await self._runtime.begun(session.id)

    async def call_in(self, name: str) -> None:
        person = self.people.get(name)
        if person is not None and not person.over:
            raise ScriptError(f"{name} is in a call already")
        await self._call(name)

    async def _call(self, name: str) -> None:
        phone = await self._phone()
        person = self._person(name, phone, f"call-{len(self._phones)}")
        self._alerting.append(person)
        self._calling.append(person)
        await person.call(self.calling(name))

    async def close(self) -> None:
        late: list[PeerError] = []
        for what, close in (
            ("ending the session", self._close_sessions),
            ("closing everybody's line", self._close_people),
            ("closing the WebSockets", self.sockets.aclose),
            ("asking the local voice AI what it complained about", self._take_notes),
            ("closing the phones", self._close_phones),
            ("stopping the server", self._stack.aclose),
        ):
            try:
                async with within(END_S, what):
                    await close()
            except PeerError as error:  # the others are closed as well
                late.append(error)
        self._ticker.close()
        self.pulse.stop()
        if late:
            raise late[0]

    async def _close_sessions(self) -> None:
        if self._runtime is not None:
            await self._runtime.close()

    async def _close_people(self) -> None:
        for person in self.people.values():
            assert isinstance(person, LivePerson)
            await person.close()

    async def _close_phones(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for phone in self._phones:
            await phone.close()

    async def notes(self) -> list[str]:
        return self._notes

    @property
    def _token(self) -> str:
        return f"{self.script.seed:032x}"

    @property
    def access_path(self) -> str:
        return f"/request/{self._session_id}/{self._token}"

    async def knock(self, door: Door) -> None:
        if self._runtime is None:
            raise KeyError(door.path)
        await self._runtime.websocket(self._session_id, self._token, door)

    async def http(self, method: str, path: str, body: str, headers: dict[str, str]) -> AccessReply:
        url = self._url + self.access_path + (path if path != "/" else "")
        async with httpx.AsyncClient(timeout=REQUEST_S, trust_env=False) as client:
            reply = await client.request(method, url, content=body.encode() or None, headers=headers)
        if reply.status_code in (404, 410):
            raise ScriptError("the session is over: its URL answers no more")
        return AccessReply(reply.status_code, reply.content, reply.headers.get("content-type", ""))

    def hearing(self, person: Party, stream: Stream) -> Hearing:
        return LiveHearing(person.sound, self.speech.spoken, stream, self.timeline.touch)

    # -- the house

    async def _open(self) -> None:
        plan, script, stack = self._plan, self.script, self._stack
        realms = await house.open_realms(stack)
        transports, urls = await self._voice_ai()
        phones = house.phones(self._routes, self._advice)
        self._dialer = phones.dial
        disk = disk_thread()
        stack.callback(disk.shutdown)
        options = house.server_options(tuple(path.name for path in script.scenarios), plan.secret)
        world = self.world(
            clock=self._clock(),
            ticker=self._ticker,
            dialer=self._dial,
            realms=realms,
            transports=faulty(transports, script.faults, script.seed),
            provider_urls=urls,
            disk=disk,
        )
        rule = replace(application(script, self._folder), file_path=options.file_path)
        self._runtime = AnsweringRuntime(rule, world, self._arrives)
        self._runtime.subscribe(self.record)
        self._url = await house.open_server(stack, self._runtime, phones, options)

    def _clock(self) -> LoopClock:
        if self._plan.ai == "cloud" and self.script.start_ms == DEFAULT_START_MS:
            return real_clock()  # a provider has the date of today
        return LoopClock(self.script.start_ms)

    async def _voice_ai(self) -> tuple[Transports, dict[str, str]]:
        """The way to it, and its address."""
        if self._plan.ai == "cloud":
            url = self._plan.base_url
            return house.cloud_transports(self._stack), {"ultravox": url} if url else {}
        self._emulator = await house.open_emulator(
            self._stack,
            speech=self.speech,
            recogniser=self._matcher,
            agent=self.script.agent,
            tool_transport=self._net,
        )
        url = f"{self._emulator}/api"
        return house.local_transports(self._stack, url), {"ultravox": url}

    async def _take_notes(self) -> None:
        """What the emulator complained about, from its own API."""
        if not self._emulator:
            return
        base, headers = f"{self._emulator}/api", {"X-API-Key": LOCAL_KEY}
        async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False) as client:
            with contextlib.suppress(httpx.HTTPError):
                for call in (await client.get("calls")).json()["results"]:
                    events = (await client.get(f"calls/{call['callId']}/events")).json()["results"]
                    self._notes += [
                        event["text"]
                        for event in events
                        if event["severity"] in ("warning", "error") and event["type"] not in USUAL
                    ]

    # -- people

    def _dial(self, request: DialRequest) -> Leg:
        callee = self.callee(request)  # nobody there is trouble; the call rings nowhere then
        absence = self.whereabouts.absence(callee, request)
        self._expected = absence is not None
        telephone = Telephone(self._dialer(request), callee.number)
        self._expected = False
        mind(telephone, callee.manners)
        for route in self._routes:
            if route.callee is callee:
                self._telephones.setdefault(route.address, deque()).append(telephone)
                if absence is not None:
                    self._fetch(route, absence)
        return telephone

    def _fetch(self, route: CalleeRoute, absence: Absence) -> None:
        """A push notification goes out, where one does, and who comes of it opens a phone."""
        if absence.pushed:
            self.timeline.add(Moment(self.now, "pushed", who=route.callee.number))
        if absence.comes_ms is None:
            self._telephones[route.address].pop()
        elif route.address not in self._coming:
            self._coming.add(route.address)
            task = self._loop.create_task(self._come(route, absence.comes_ms))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _come(self, route: CalleeRoute, ms: int) -> None:
        await asyncio.sleep(ms / 1000)
        try:
            await self._callee_phone(route)
        except VoxrunError as error:
            self._trouble(f"{route.callee.number} has no phone: {error}")
            self.timeline.touch()

    def _advice(self, text: str) -> None:
        """What the server says of a call that nobody can take: the script may want it so."""
        if not self._expected:
            self._trouble(text)

    def _arrives(self, leg: Leg, info: IncomingInfo) -> Leg:
        """A call reaches the server: the scenario's end of it becomes a telephone's."""
        calls = [person for person in self._calling if self.calling(person.name).caller == info.callerid]
        person = next(iter(calls), self._calling[0])
        self._calling.remove(person)
        telephone = Telephone(leg, person.name)
        mind(telephone, self.calling(person.name).manners)
        person.takes(telephone)
        return telephone

    async def _phone(self) -> Phone:
        phone = Phone(self._trouble)
        await phone.connect(self._url)
        self._phones.append(phone)
        return phone

    async def _callee_phone(self, route: CalleeRoute) -> None:
        phone = await self._phone()

        def rung(message: Message) -> None:
            person = self._person(route.callee.number, phone, message["id"])
            person.takes(self._telephones[route.address].popleft())
            self.on_dialled(route.callee, person)

        phone.on_incoming = rung
        await phone.ask("registered", type="register", user=route.address, ringing=False)

    def _person(self, name: str, phone: Phone, call_id: str) -> LivePerson:
        person = LivePerson(
            name, self.timeline, lambda: self.now, self._ticker, phone, call_id, self._trouble
        )
        self.people[name] = person
        return person

    def record(self, session_id: str, record: JsonObject) -> None:
        if self._zero is None:
            self._session_id = session_id
            self._zero = self._loop.time() - int(str(record["t"])) / 1000
        super().record(session_id, record)
        self._answered(record)

    def _answered(self, record: JsonObject) -> None:
        """What the scenario does counts, whether or not the phone lives to see it."""
        if record.get("kind") == "Application.CallAlerting":
            if self._alerting:  # a call of another session has none
                self._calls[str(record["id"])] = self._alerting.pop(0)
        elif record.get("kind") == "call.answer" and record["k"] == "command":
            person = self._calls.pop(str(record["id"]), None)
            if person is not None:
                person.tell_moment("answered")
