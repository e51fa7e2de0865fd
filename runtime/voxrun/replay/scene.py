"""What the world of a call script has in common, in virtual (``stage``) and in real time (``live.stage``)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from voxrun.errors import ScriptError
from voxrun.legs.base import DialRequest
from voxrun.realm.port import Listening, Script
from voxrun.replay.outcome import Ear
from voxrun.replay.people import Party
from voxrun.replay.resources import Resources
from voxrun.replay.script import Callee, CallScript
from voxrun.replay.sightings import Sightings
from voxrun.replay.spoken import RememberingSpeech
from voxrun.replay.stubs import StubNet
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Moment, Timeline
from voxrun.secret_values import CLOUD_KEY
from voxrun.services.access import AccessReply
from voxrun.session.limits import Limits
from voxrun.session.messages import JsonObject
from voxrun.session.runtime import Application, World

LOCAL_KEY = "local-ultravox-takes-any-key"


class Scene(ABC):
    """One call's world. ``trouble(text)`` is told of what fails a script whatever it expects."""

    def __init__(self, script: CallScript, resources: Resources, trouble: Callable[[str], None]) -> None:
        self.script = script
        self.timeline = Timeline()
        self.records: list[JsonObject] = []
        self.speech = RememberingSpeech(resources.speech)
        self.people: dict[str, Party] = {}
        self.on_dialled: Callable[[Callee, Party], None] = lambda callee, person: None
        self.listeners: list[Listening] = []
        """Those of the scenario, once its session is over."""
        self.vocabulary = resources.transcriber(script)
        """What the scenario's ASR understands."""
        self._trouble = trouble
        self._net = StubNet(script.stubs, self.speech, self._requested, self._unmatched)
        self._sightings = Sightings(self.timeline)

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

    @abstractmethod
    async def close(self) -> None:
        """End the session and everything around it."""

    @abstractmethod
    async def notes(self) -> list[str]:
        """Warnings and errors of the local voice AI."""

    @abstractmethod
    async def http(self, method: str, path: str, body: str, headers: dict[str, str]) -> AccessReply:
        """A request to the session's URL. Raises ScriptError where there is no session any more."""

    def ears(self) -> list[Ear]:
        """What everybody heard and said."""
        return [Ear(person.name, person.sound, person.voice) for person in self.people.values()]

    def world(self, **parts: Any) -> World:
        """What sessions share: ``parts``, and what is the script's."""
        return World(speech=self.speech, http=self._net, transcriber=self.vocabulary, **parts)

    # -- what comes from the session

    def record(self, session_id: str, record: JsonObject) -> None:
        """Take one journal record."""
        self.records.append(record)
        if record["k"] == "listeners":
            self.listeners = listeners_of(record)
        self._sightings.record(record)

    def callee(self, request: DialRequest) -> Callee:
        """Who is called; that nobody is there is trouble."""
        found = find_callee(self.script.callees, request.destination)
        if found is not None:
            return found
        self._trouble(
            f"the scenario called {request.kind} {request.destination!r}, and nobody under 'callees' "
            "has that number"
        )
        return Callee(request.destination, rings_ms=None, fails_code=404, fails_ms=0)

    def _requested(self, url: str, data: dict[str, Any]) -> None:
        self.timeline.add(Moment(self.now, "http", url, data))

    def _unmatched(self, request: str) -> None:
        if self.script.unmatched == "fail":
            self._trouble(
                f"the scenario sent {request}, and no stub under 'http' answers that "
                "(http_unmatched: 404 allows it)"
            )


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
