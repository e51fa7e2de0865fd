"""What the world of a call script has in common, in virtual (``stage``) and in real time (``live.stage``)."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from voxrun.connectors.transport import Door
from voxrun.errors import ScriptError
from voxrun.legs.base import DialRequest
from voxrun.patterns import EndlessPattern
from voxrun.realm.port import Listening, Script
from voxrun.replay.away import Whereabouts
from voxrun.replay.hearing import Hearing
from voxrun.replay.outcome import Ear
from voxrun.replay.people import Party
from voxrun.replay.resources import Resources
from voxrun.replay.script import Callee, CallScript, Incoming
from voxrun.replay.sightings import Sightings
from voxrun.replay.socket_party import Around
from voxrun.replay.socket_script import Visit
from voxrun.replay.sockets import StubSockets
from voxrun.replay.spoken import RememberingSpeech
from voxrun.replay.stored import ScriptStorage
from voxrun.replay.stubs import StubNet
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Moment, Stream, Timeline
from voxrun.secret_values import CLOUD_KEY
from voxrun.services.access import AccessReply
from voxrun.services.storage import Item
from voxrun.session.clock import Clock
from voxrun.session.conferences import ConferenceRule
from voxrun.session.limits import Limits
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, World
from voxrun.yamldoc import suggestion

if TYPE_CHECKING:
    from voxrun.replay.cassette import Cassette
    from voxrun.replay.tape import Tape

LOCAL_KEY = "local-ultravox-takes-any-key"
NOBODY = Callee("nobody", rings_ms=None, fails_code=404, fails_ms=0)
ELSEWHERE = "neither in the script nor on the cassette any more"


class Scene(ABC):
    """One call's world. ``trouble(text)`` is told of what fails a script whatever it expects."""

    clock: Clock

    def __init__(self, script: CallScript, resources: Resources, trouble: Callable[[str], None]) -> None:
        self.script = script
        self.timeline = Timeline()
        self.records: list[JsonObject] = []
        self.speech = RememberingSpeech(resources.speech)
        self.people: dict[str, Party] = {}
        self.on_dialled: Callable[[Callee, Party], None] = lambda callee, person: None
        self.listeners: list[Listening] = []
        """Those of the scenario, once its sessions are over."""
        self.vocabulary = resources.transcriber(script)
        """What the scenario's ASR understands."""
        self._trouble = trouble
        self.tape = self._tape(script.cassette) if script.cassette is not None else None
        found = self.tape.stored if self.tape is not None else ()
        if self.tape is not None and script.agent is None:
            for text, pcm in self.tape.voice():
                self.speech.know(text, pcm)
        self.storage = ScriptStorage(lambda: self.timeline.touch("storage"), found)
        self._net = StubNet(script.stubs, self.speech, self._requested, self._unmatched, self.tape, trouble)
        around = Around(self.timeline, self.speech, lambda: self.now, trouble)
        self.sockets = StubSockets(script.sockets, around, self._unmatched_socket, self.tape)
        self._sightings: dict[str, Sightings] = {}
        self.whereabouts = Whereabouts(lambda: self.now)

    @property
    @abstractmethod
    def now(self) -> int:
        """Milliseconds on the timeline."""

    @property
    @abstractmethod
    def folder(self) -> Path | None:
        """The session's."""

    @abstractmethod
    async def begin(self) -> None:
        """Let the call come in, or start the session."""

    async def call_in(self, name: str) -> None:
        """Let one more call come in, of a caller or of the first one again. Raises ScriptError."""
        raise ScriptError("more callers than one are for virtual time only")

    @abstractmethod
    async def close(self) -> None:
        """End the session and everything around it."""

    @abstractmethod
    async def notes(self) -> list[str]:
        """Warnings and errors of the local voice AI."""

    @abstractmethod
    async def http(self, method: str, path: str, body: str, headers: dict[str, str]) -> AccessReply:
        """A request to the session's URL. Raises ScriptError where there is no session any more."""

    @property
    def access_path(self) -> str:
        """The path of the session's URL."""
        raise ScriptError("a WebSocket to the session's URL cannot be opened here")

    async def knock(self, door: Door) -> None:
        """Give the session a WebSocket to its URL; returns when that is over. Raises KeyError without one."""
        raise KeyError(door.path)

    async def visit(self, visit: Visit) -> None:
        """Let a client open the session's URL as a WebSocket. Raises PeerError when it is refused."""
        await self.sockets.visit(visit, self.knock, self.access_path)

    def party(self, name: str) -> Party | None:
        """The person or the WebSocket of that name."""
        return self.people.get(name) or self.sockets.parties.get(name)

    def hearing(self, person: Party, stream: Stream) -> Hearing:
        """How somebody understands what is on the line."""
        return Hearing(person.sound, self.speech.spoken, stream)

    def ears(self) -> list[Ear]:
        """What everybody heard and said."""
        everybody = [*self.people.values(), *self.sockets.parties.values()]
        return [Ear(party.name, party.sound, party.voice) for party in everybody]

    def world(self, **parts: Any) -> World:
        """What sessions share: ``parts``, and what is the script's."""
        self.clock = parts["clock"]
        self.storage.fill(self.script.storage, self.clock.unix_ms() // 1000)
        return World(
            speech=self.speech,
            http=self._net,
            transcriber=self.vocabulary,
            storage=self.storage,
            sockets=self.sockets,
            **parts,
        )

    def stored(self) -> list[Item]:
        """What ApplicationStorage holds now."""
        return self.storage.held(self.clock.unix_ms() // 1000)

    def calling(self, name: str) -> Incoming:
        """How somebody calls: the first caller, or one of ``callers``."""
        call = next((caller.call for caller in self.script.callers if caller.name == name), self.script.call)
        return call if isinstance(call, Incoming) else Incoming()

    # -- what comes from the session

    def record(self, session_id: str, record: JsonObject) -> None:
        """Take one journal record."""
        self.records.append(record)
        if record["k"] == "listeners":
            found = listeners_of(record)
            self.listeners = together([*self.listeners, *found]) if self.listeners else found
        if session_id not in self._sightings:
            # A later session counts its time from its own beginning.
            began = self.now if self._sightings else 0
            self._sightings[session_id] = Sightings(self.timeline, began)
        self._sightings[session_id].record(record)

    def callee(self, request: DialRequest) -> Callee:
        """Who is called; that nobody is there is trouble."""
        try:
            found = find_callee(self.script.callees, request.destination)
        except EndlessPattern as endless:
            self._trouble(str(endless))
            return NOBODY
        if found is not None:
            return found
        numbers = [callee.number for callee in self.script.callees]
        self._trouble(
            f"{self._at('call.dial')}the scenario called {request.kind} {request.destination!r}, and nobody "
            f"under 'callees' has that number{suggestion(request.destination, numbers)}"
        )
        return replace(NOBODY, number=request.destination)

    def _tape(self, path: Path) -> Tape:
        from voxrun.replay.cassette_read import read_cassette  # few scripts have one
        from voxrun.replay.tape import Tape

        secrets = {CLOUD_KEY: LOCAL_KEY, **self.script.secrets}
        zero = asyncio.get_running_loop().time()
        return Tape(
            read_cassette(path), secrets, self._token, zero, self.timeline, self._latest, self._trouble
        )

    def _latest(self, kind: str, url: str = "") -> str:
        """The scenario's line of the latest command of a kind; where there are several, of that URL."""
        best = ""
        for record in reversed(self.records):
            if record["k"] == "command" and record["kind"] == kind and record.get("where"):
                best = best or str(record["where"])
                data = record["data"]
                given = str(data.get("url")) if isinstance(data, dict) else ""
                if not url or given.split("?")[0] == url.split("?")[0]:
                    return str(record["where"])
        return best

    @property
    def _token(self) -> str:
        return f"{self.script.seed:032x}"

    def _requested(self, url: str, data: dict[str, Any]) -> None:
        self.timeline.add(Moment(self.now, "http", url, data))

    def _unmatched(self, request: str, near: str = "") -> None:
        if self.script.unmatched == "fail":
            nobody = "no stub under 'http' answers that" if self.tape is None else f"that is {ELSEWHERE}"
            self._trouble(
                f"{self._at('http.request', request.partition(' ')[2])}the scenario sent {request}, and "
                f"{nobody} (http_unmatched: 404 allows it){near and '; '}{near}"
            )

    def _unmatched_socket(self, url: str) -> None:
        if self.script.sockets_unmatched == "fail":
            nobody = "no stub under 'websockets' has that address"
            self._trouble(
                f"{self._at('websocket.open', url)}the scenario opened a WebSocket to {url}, and "
                f"{nobody if self.tape is None else f'that is {ELSEWHERE}'} "
                "(websockets_unmatched: refuse allows it)"
            )

    def _at(self, kind: str, url: str = "") -> str:
        where = self._latest(kind, url)
        return f"{where}: " if where else ""


def listeners_of(record: JsonObject) -> list[Listening]:
    """Those of a journal's record."""
    rows: Any = record["listeners"]
    return [Listening(**row) for row in rows]


def together(listeners: list[Listening]) -> list[Listening]:
    """Those of several sessions: one of the same line is one, which fired as often as all of them."""
    found: dict[tuple[str, str, str], Listening] = {}
    for each in listeners:
        key = (each.label, each.event, each.where)
        found[key] = replace(each, fired=each.fired + found[key].fired) if key in found else each
    return list(found.values())


def find_callee(callees: tuple[Callee, ...], destination: str) -> Callee | None:
    """The first callee whose number fits."""
    return next((each for each in callees if Wanted(each.number, each.where).like(destination)), None)


def application(script: CallScript, folder: Path | None, cassette: Cassette | None = None) -> Application:
    """The rule that is called: everything in it is fixed, so that a run is a function of its script. With a
    ``cassette`` the session has the number and the address of then."""
    base = script.path.parent
    then: dict[str, Any] = {}
    known: dict[str, str] = {}
    if cassette is not None:
        from voxrun.replay.cassette_session import base_url_of, number_of, stand_ins

        known = stand_ins(cassette)
        then = {"base_url": base_url_of(cassette), "first_number": number_of(cassette)}
    return Application(
        scripts=_scripts(script.scenarios, base),
        conferences=tuple(
            ConferenceRule(each.pattern, _scripts(each.scripts, base)) for each in script.conferences
        ),
        secrets={**known, CLOUD_KEY: LOCAL_KEY, **script.secrets},
        limits=replace(Limits(), **script.limits),
        sessions_dir=folder,
        record=folder is not None,
        keep_going=script.keep_going,
        connector_errors=script.connector_errors,
        websocket_encoding=script.websocket_encoding,
        custom_data=script.call.custom_data,
        seed=script.seed,
        **then,
    )


def _scripts(paths: tuple[Path, ...], base: Path) -> tuple[Script, ...]:
    scripts = []
    for path in paths:
        try:
            source = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ScriptError(f"{path}: the scenario cannot be read: {error}") from None
        name = path.relative_to(base) if path.is_relative_to(base) else path
        scripts.append(Script(str(name), source))
    return tuple(scripts)
