"""Recordings: the session's own (one stereo file a call), call.record(), and Recorder objects.

Stereo files of calls hold what the caller hears on the left channel and the caller on the right: from the
endpoint to the cloud is right in the typings. Newer notes say left, and so it is in call.record() where
``Surroundings.stereo_endpoint`` says so (docs/fidelity.md). What was asked for follows the scenario's wishes;
its events are Call.RecordStarted{url}, Call.RecordStopped{url, cost, duration s} after Disconnected,
Call.RecordError{error}, or Recorder.Started, .Stopped and .Error with the same fields. Call.Record* carry
the id of the recorder that call.record() gave, for the realm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from msgspec import Struct

from voxrun.errors import ScenarioError, VoxrunError
from voxrun.media.recorder import LEFT, RIGHT
from voxrun.media.writers import create_private
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.ports import Surroundings
from voxrun.services.record_wish import Names, RecordWish, read_wish
from voxrun.services.recording import RecorderSink, Recording, record_call
from voxrun.services.recording_file import Form, RecordingFile
from voxrun.services.transcript import Transcript, as_json, as_text
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event

MOST_RECORDINGS: Final = 100
"""At a time."""
FREE: Final = "0"
"""What a recording costs here, in the platform's type."""
NO_RECOGNISER: Final = "there is no recogniser in this run"
TRANSCRIPT_SECONDS: Final = 60
"""How long the end of a session waits for what was said last to be understood."""


class _Running(Struct):
    """A recording under way: ``tell`` tells its events, ``leave`` ends its listening."""

    recording: Recording
    wish: RecordWish | None = None
    tell: Callable[..., None] = lambda *name, **fields: None
    leave: Callable[[], None] = lambda: None

    @property
    def path(self) -> Path:
        return self.recording.file.form.path

    def finish(self, then: Callable[[], None]) -> None:
        self.leave()
        self.recording.finish(then)


class RecordingService(Service):
    """Records calls and whatever is sent to recorders."""

    handles: ClassVar[frozenset[str]] = frozenset(
        {"call.record", "recorder.create", "recorder.mute", "recorder.stop"}
    )

    def __init__(
        self, context: ServiceContext, units: Units, calls: CallService, around: Surroundings
    ) -> None:
        super().__init__(context)
        self._units = units
        self._calls = calls
        self._around = around
        self._running: dict[str, _Running] = {}
        self._transcripts: set[asyncio.Task[None]] = set()
        self._names = Names()
        self._own = 0
        self._closing = False
        if around.record and around.folder is not None:
            calls.on_call.append(lambda call: call.on_connected.append(lambda: self._record_own(call)))

    # -- the session's own --------------------------------------------------------------------------

    def _record_own(self, call: CallState) -> None:
        assert self._around.folder is not None
        self._own += 1
        name = "recording.wav" if self._own == 1 else f"recording-{self._own}.wav"
        file = RecordingFile(
            self._around.disk,
            Form(self._around.folder / name, True, "wav", 16_000),
            lambda: self.context.journal.note("media", {"recording": name, "call": call.id}),
            lambda message: self.context.journal.note("error", {"message": message, "own": True}),
            self._around.writing.open,
        )
        running = _Running(Recording(file, self._around.writing.every_s))
        running.leave = record_call(call, running.recording, ("", ""))
        key = f"own {call.id}"
        self._running[key] = running
        call.on_over.append(lambda: self._finish(key))

    # -- what the scenario asks for -----------------------------------------------------------------

    def execute(self, command: Command) -> None:
        match command.kind:
            case "call.record":
                self._record_call(command.target, Arguments(command))
            case "recorder.create":
                self._create(command.target, Arguments(command))
            case "recorder.mute":
                running = self._running.get(command.target)
                if running is not None:  # else it is over: closing races are normal
                    running.recording.mute(Arguments(command).flag("on"))
            case "recorder.stop":
                self._finish(command.target)

    def _record_call(self, call_id: str, data: Arguments) -> None:
        call = self._calls.get(call_id)
        if call is None:
            raise ScenarioError("call.record: no such call")
        recorder, wish = data.needed("recorder", 100), read_wish(data)
        if call.over:
            return

        def tell(name: str, **fields: Any) -> None:
            self.context.emit(Event(f"Call.Record{name}", call.id, {**fields, "recorder": recorder}))

        running = self._open(recorder, wish, tell)
        if running is None:
            return
        labels = wish.transcript.labels if wish.transcript else ()
        named = (*labels, *("Caller" if call.incoming else "Callee", "Scenario")[len(labels) :])
        side = LEFT if self._around.stereo_endpoint == "left" else RIGHT
        running.leave = record_call(call, running.recording, (named[0], named[1]), side)
        # RecordStopped comes after Disconnected: the file is closed in a later turn of the loop.
        call.on_over.append(lambda: self._finish(recorder))

    def _create(self, recorder: str, data: Arguments) -> None:
        wish = read_wish(data)
        if self._units.get(recorder) is not None:
            raise ScenarioError("recorder.create: there is a unit of that id")

        def tell(name: str, **fields: Any) -> None:
            self.context.emit(Event(f"Recorder.{name}", recorder, fields))

        running = self._open(recorder, wish, tell)
        if running is not None:
            self._units.add(Unit(recorder, sink=RecorderSink(running.recording)))
            running.leave = lambda: self._units.remove(recorder)

    def _open(self, recorder: str, wish: RecordWish, tell: Callable[..., None]) -> _Running | None:
        """A recording that tells its events; None where there can be none, which is told."""
        folder = self._around.folder
        if recorder in self._running:
            raise ScenarioError("there is a recorder of that id")
        if folder is None:
            tell("Error", error="this run keeps no recordings")
            return None
        if len(self._running) >= MOST_RECORDINGS:
            tell("Error", error=f"there are {MOST_RECORDINGS} recordings already, no more at a time")
            return None
        form = wish.form(folder / self._names.take(wish.name, wish.format))
        url = self._around.file_url(form.path.name)
        writing = self._around.writing
        file = RecordingFile(
            self._around.disk,
            form,
            lambda: tell("Started", url=url),
            lambda why: tell("Error", error=why),
            writing.open,
        )
        recording = Recording(file, writing.every_s, self._transcript(wish, form.path.name))
        running = _Running(recording, wish, tell)
        self._running[recorder] = running
        return running

    def _transcript(self, wish: RecordWish, name: str) -> Transcript | None:
        if wish.transcript is None:
            return None
        transcriber, wishes = self._around.transcriber, wish.transcript.wishes
        problem = transcriber.missing(wishes.hints, wishes.language) if transcriber else NO_RECOGNISER
        if transcriber is None or problem:
            self._say(f"there will be no transcript of {name}: {problem}")
            return None
        return Transcript(self._around.ticker, transcriber, wishes)

    # -- the end ------------------------------------------------------------------------------------

    def _finish(self, key: str) -> None:
        running = self._running.get(key)
        if running is not None:
            running.finish(lambda: self._complete(key))

    def _complete(self, key: str) -> None:
        """The file is whole."""
        running = self._running.pop(key)
        recording = running.recording
        if not recording.file.broken and not self._closing:
            seconds = (recording.duration_ms + 500) // 1000
            url = self._around.file_url(running.path.name)
            running.tell("Stopped", url=url, cost=FREE, duration=seconds)
        if recording.transcript is not None:
            task = asyncio.get_running_loop().create_task(self._transcribe(running, recording.transcript))
            self._transcripts.add(task)
            task.add_done_callback(self._transcripts.discard)

    async def _transcribe(self, running: _Running, transcript: Transcript) -> None:
        """Write the transcript beside its recording, once all was understood or there is no more time."""
        assert running.wish is not None
        assert running.wish.transcript is not None
        try:
            await transcript.complete()
        except asyncio.CancelledError:
            transcript.stop()
            self._say(f"the transcript of {running.path.name} ends before what was said last")
        json = running.wish.transcript.json
        path = running.path.with_suffix(f".transcript.{'json' if json else 'txt'}")
        text = (as_json if json else as_text)(transcript.lines)
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._around.disk, partial(write_private, path, text))
        except VoxrunError as error:
            self._say(str(error))
            return
        if transcript.problem:
            self._say(f"recognition failed in a part of {running.path.name}: {transcript.problem}")
        self._say(f"transcript of {running.path.name}: {self._around.file_url(path.name)}")

    def _say(self, text: str) -> None:
        """A line for the session's log."""
        self.context.journal.note("log", {"level": "system", "text": text, "own": True})

    async def close(self) -> None:
        """Every file is complete when this returns."""
        self._closing = True
        for key in tuple(self._running):
            self._finish(key)
        for running in tuple(self._running.values()):
            await running.recording.file.closed()
        await asyncio.sleep(0)  # what completes with the files
        if self._transcripts:
            _, late = await asyncio.wait(self._transcripts, timeout=TRANSCRIPT_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)


def write_private(path: Path, text: str) -> None:
    """A text file that only its owner can read. Raises ConfigError."""
    with create_private(path) as file:
        file.write(text.encode("utf-8", "replace"))
