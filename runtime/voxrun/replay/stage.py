"""The world of a call script in virtual time: realm, session, voice AI and network in one process.

Audio and protocol messages are the real ones; only what would leave the process is replaced: legs are
scripted, HTTP ends in the script's stubs, the connector's HTTP and WebSocket end in the emulator's ASGI
application.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from voxrun.connectors.memory import memory_transports
from voxrun.emulators.ultravox.app import create_app
from voxrun.emulators.ultravox.emulator import Emulator, Settings
from voxrun.errors import ScriptError
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import Listening, Script
from voxrun.replay.faults import faulty
from voxrun.replay.outcome import Ear
from voxrun.replay.people import Person
from voxrun.replay.resources import Resources
from voxrun.replay.script import Callee, CallScript, Incoming
from voxrun.replay.sightings import Sightings
from voxrun.replay.spoken import RememberingSpeech
from voxrun.replay.stubs import StubNet
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Moment, Timeline
from voxrun.secret_values import CLOUD_KEY
from voxrun.services.access import AccessReply
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.limits import Limits
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, Runtime, World

LOCAL_KEY = "local-ultravox-takes-any-key"
EMULATOR_URL = "http://127.0.0.1:8090/api"


class Stage:
    """One call's world. ``trouble(text)`` is told of what fails a script whatever it expects."""

    def __init__(
        self,
        script: CallScript,
        resources: Resources,
        clock: LoopClock,
        folder: Path | None,
        trouble: Callable[[str], None],
    ) -> None:
        self.script = script
        self.clock = clock
        self.zero = clock.now()
        self.timeline = Timeline()
        self.records: list[JsonObject] = []
        self.speech = RememberingSpeech(resources.speech)
        self.people: dict[str, Person] = {}
        self.on_dialled: Callable[[Callee, Person], None] = lambda callee, person: None
        self._trouble = trouble
        self._ticker = LoopTicker()
        self.listeners: list[Listening] = []
        """Those of the scenario, once its session is over."""
        self._realms = InlineRealms()
        self._net = StubNet(script.stubs, self.speech, self._requested, self._unmatched)
        self.vocabulary = resources.transcriber(script)
        """What the scenario's ASR understands."""
        app = create_app(
            Settings(seed=script.seed),
            self.speech,
            resources.matcher(script),
            agent=script.agent,
            clock=clock,
            tool_transport=self._net,
        )
        self.emulator: Emulator = app.state.emulator
        self._transports = memory_transports(app)
        self._sightings = Sightings(self.timeline)
        self._runtime = Runtime(
            application(script, folder),
            World(
                clock=clock,
                ticker=self._ticker,
                speech=self.speech,
                dialer=self._dial,
                realms=self._realms,
                transports=faulty(self._transports, script.faults, script.seed),
                http=self._net,
                provider_urls={"ultravox": EMULATOR_URL},
                disk=resources.disk,
                transcriber=self.vocabulary,
            ),
        )
        self._runtime.subscribe(self._record)
        self._session_id = ""

    @property
    def now(self) -> int:
        """Milliseconds on the timeline."""
        return round((self.clock.now() - self.zero) * 1000)

    # -- life

    async def begin(self) -> None:
        """Let the call come in, or start the session."""
        call = self.script.call
        if isinstance(call, Incoming):
            person = self._person("caller", True, call.client)
            info = IncomingInfo(
                call.destination,
                call.caller,
                call.display_name,
                headers=call.headers,
                custom_data=call.custom_data,
                client_type=call.client,
            )
            self._session_id = await self._runtime.incoming(person, info)
        else:
            self._session_id = await self._runtime.start_session(call.custom_data)

    async def close(self) -> None:
        """End the session and everything around it."""
        await self._runtime.close()
        self._ticker.close()
        await self._realms.close()
        await self._transports.connect.aclose()  # type: ignore[attr-defined]

    @property
    def folder(self) -> Path | None:
        sessions = self._runtime.sessions()
        return sessions[0].folder if sessions else None

    def ears(self) -> list[Ear]:
        return [Ear(person.name, person.sound, person.voice) for person in self.people.values()]

    def notes(self) -> list[str]:
        """Warnings and errors of the local voice AI."""
        return [
            str(event["text"])
            for record in self.emulator.calls.values()
            for event in record.events
            if event["severity"] in ("warning", "error")
        ]

    async def http(self, method: str, path: str, body: str, headers: dict[str, str]) -> AccessReply:
        """A request to the session's URL. Raises ScriptError where there is no session any more."""
        token = f"{self.script.seed:032x}"
        try:
            return await self._runtime.http_request(
                self._session_id, token, method, path, body, list(headers.items())
            )
        except KeyError:
            raise ScriptError("the session is over: its URL answers no more") from None

    # -- what comes from the session

    def _record(self, session_id: str, record: JsonObject) -> None:
        self.records.append(record)
        if record["k"] == "listeners":
            self.listeners = listeners_of(record)
        self._sightings.record(record)

    def _requested(self, url: str, data: dict[str, Any]) -> None:
        self.timeline.add(Moment(self.now, "http", url, data))

    def _unmatched(self, request: str) -> None:
        if self.script.unmatched == "fail":
            self._trouble(
                f"the scenario sent {request}, and no stub under 'http' answers that "
                "(http_unmatched: 404 allows it)"
            )

    def _person(self, name: str, incoming: bool, client: str) -> Person:
        person = Person(name, self._ticker, incoming, self.timeline, self.zero, client)
        self.people[name] = person
        return person

    def _dial(self, request: DialRequest) -> Leg:
        callee = find_callee(self.script.callees, request.destination)
        person = self._person(callee.number if callee else request.destination, False, request.kind)
        person.request = request
        if callee is None:
            self._trouble(
                f"the scenario called {request.kind} {request.destination!r}, and nobody under 'callees' "
                "has that number"
            )
            callee = Callee(request.destination, rings_ms=None, fails_code=404, fails_ms=0)
        self.on_dialled(callee, person)
        return person


def listeners_of(record: JsonObject) -> list[Listening]:
    """Those of a journal's record."""
    rows: Any = record["listeners"]
    return [Listening(**row) for row in rows]


def find_callee(callees: tuple[Callee, ...], destination: str) -> Callee | None:
    """The first callee whose number fits."""
    return next((callee for callee in callees if Wanted(callee.number).like(destination)), None)


def application(script: CallScript, folder: Path | None) -> Application:
    """The rule that is called: everything in it is fixed, so that a run is a function of its script."""
    base = script.path.parent
    scripts = []
    for path in script.scenarios:
        try:
            source = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ScriptError(f"{path}: the scenario cannot be read: {error}") from None
        name = path.relative_to(base) if path.is_relative_to(base) else path
        scripts.append(Script(str(name), source))
    return Application(
        scripts=tuple(scripts),
        secrets={CLOUD_KEY: LOCAL_KEY, **script.secrets},
        limits=replace(Limits(), **script.limits),
        sessions_dir=folder,
        record=folder is not None,
        keep_going=script.keep_going,
        connector_errors=script.connector_errors,
        custom_data=script.call.custom_data,
        seed=script.seed,
    )
