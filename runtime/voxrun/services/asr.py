"""VoxEngine.createASR: recognisers that units send their media to.

Events: ASR.Started once it is there, or ASR.Error{error} where nothing can be recognised; then for each
utterance CaptureStarted, InterimResult{text} (where asked for), SpeechCaptured and Result{text, confidence
0 to 100, resultEndTime s, languageCode? where a language was asked for, channelTag? (1, 2, ... by source)
where channels were to be recognised separately}; ASR.Stopped{cost, duration s} after stop(), and nothing
after it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, ClassVar, Final

from voxrun.errors import ScenarioError, VoxrunError
from voxrun.media.graph import Sink, Source
from voxrun.media.runs import Run
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.listening import Listener, Wishes
from voxrun.services.ports import Surroundings
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event
from voxrun.speech.base import Transcriber
from voxrun.speech.languages import language_code

MOST_HINTS: Final = 5000
"""Google's limit for the phrases of one request."""
LONGEST_HINT: Final = 1000
LONGEST_NAME: Final = 1000
NO_RECOGNISER: Final = "there is no recogniser in this run"
FREE: Final = "0"
"""What recognition costs here, in the platform's type."""


class AsrSink(Sink):
    """The way into an ASR: every source is listened to by itself."""

    def __init__(self, listen: Callable[[int, int], Listener | None]) -> None:
        """``listen(audio of sources before in ms, number of the source)``."""
        super().__init__()
        self._channels: dict[Source, int] = {}
        self._listen = listen
        self._listeners: dict[Source, Listener] = {}
        self._before = 0
        """Audio of sources that are gone, ms."""

    @property
    def heard_ms(self) -> int:
        """Audio of all sources."""
        return self._before + sum(listener.heard_ms for listener in self._listeners.values())

    def attached(self, source: Source) -> None:
        channel = self._channels.setdefault(source, len(self._channels) + 1)
        listener = self._listen(self._before, channel)
        if listener is not None:
            self._listeners[source] = listener

    def detached(self, source: Source) -> None:
        listener = self._listeners.pop(source, None)
        if listener is not None:
            self._before += listener.heard_ms
            listener.finish()

    def write(self, frame: bytes, source: Source) -> None:
        listener = self._listeners.get(source)
        if listener is not None:
            listener.write(frame)

    def room(self, run: Run, source: Source) -> int:
        listener = self._listeners.get(source)
        return run.count if listener is None else listener.room(run)

    def write_run(self, run: Run, source: Source) -> None:
        listener = self._listeners.get(source)
        if listener is not None:
            listener.write_run(run)


class Recognition:
    """One ASR."""

    def __init__(
        self, asr_id: str, wishes: Wishes, around: Surroundings, emit: Callable[[Event], None]
    ) -> None:
        self.id = asr_id
        self.over = False
        self.sink = AsrSink(self._listen)
        self._wishes = wishes
        self._around = around
        self._emit = emit
        self._transcriber: Transcriber | None = None
        """None: nothing can be recognised, and nothing is listened to."""
        self._listeners: list[Listener] = []
        self._preparing: asyncio.Task[None] | None = None

    def start(self) -> str:
        """Begin; gives what to tell people where nothing can be recognised, else ""."""
        transcriber, wishes = self._around.transcriber, self._wishes
        problem = transcriber.missing(wishes.hints, wishes.language) if transcriber else NO_RECOGNISER
        if transcriber is None or problem:
            self._tell("Error", {"error": problem})
            return problem
        self._transcriber = transcriber
        self._tell("Started", {})
        preparing = _prepare(transcriber, wishes)
        self._preparing = asyncio.get_running_loop().create_task(preparing)
        return ""

    def stop(self) -> None:
        """Stop for good, with the event that says so."""
        if self.over:
            return
        duration = (self.sink.heard_ms + 500) // 1000
        self.close()
        self._emit(Event("ASR.Stopped", self.id, {"cost": FREE, "duration": duration}))

    def close(self) -> None:
        """Stop without an event."""
        self.over = True
        if self._preparing is not None:
            self._preparing.cancel()
        for listener in self._listeners:
            listener.stop()

    def _listen(self, begin_ms: int, channel: int) -> Listener | None:
        if self._transcriber is None:
            return None
        ticker, wishes = self._around.ticker, self._wishes
        listener = Listener(ticker, self._transcriber, wishes, self._tell, begin_ms, channel)
        self._listeners.append(listener)
        return listener

    def _tell(self, name: str, fields: dict[str, Any]) -> None:
        if "confidence" in fields and self._around.asr_confidence == "fraction":
            fields = {**fields, "confidence": fields["confidence"] / 100}
        if not self.over:
            self._emit(Event(f"ASR.{name}", self.id, fields))


async def _prepare(transcriber: Transcriber, wishes: Wishes) -> None:
    with contextlib.suppress(VoxrunError):  # recognition will say so
        await transcriber.prepare(wishes.hints, wishes.language)


class AsrService(Service):
    """Owns the ASRs of a session."""

    handles: ClassVar[frozenset[str]] = frozenset({"asr.create", "asr.stop"})

    def __init__(self, context: ServiceContext, units: Units, around: Surroundings) -> None:
        super().__init__(context)
        self._units = units
        self._around = around
        self._asrs: dict[str, Recognition] = {}

    def execute(self, command: Command) -> None:
        if command.kind == "asr.create":
            self._create(command)
            return
        asr = self._asrs.get(command.target)
        if asr is None:
            raise ScenarioError("asr.stop: no such ASR")
        asr.stop()
        self._units.remove(asr.id)

    def _create(self, command: Command) -> None:
        if command.target in self._asrs:
            raise ScenarioError("asr.create: there is an ASR of that id")
        data = Arguments(command)
        wishes = Wishes(
            hints=tuple(data.texts("hints", MOST_HINTS, LONGEST_HINT)),
            language=language_code(data.text("language", LONGEST_NAME)),
            interim=data.flag("interim"),
            single=data.flag("single"),
            separate=data.flag("separate"),
        )
        asr = Recognition(command.target, wishes, self._around, self.context.emit)
        self._asrs[asr.id] = asr
        self._units.add(Unit(asr.id, sink=asr.sink))
        problem = asr.start()
        if problem:
            text = f"speech is not recognised in this session: {problem}"
            self.context.journal.note("log", {"level": "system", "text": text, "own": True})

    async def close(self) -> None:
        for asr in self._asrs.values():
            asr.close()
