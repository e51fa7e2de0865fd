"""Recordings: the session's own (one stereo file a call) and call.record().

Stereo files hold what the caller hears on the left channel and the caller on the right: from the endpoint
to the cloud is right in the typings (newer notes say left: docs/fidelity.md). ``call.record()`` follows the
scenario's wishes; its events are Call.RecordStarted{url} and, after Disconnected, Call.RecordStopped{url,
cost, duration s}.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from voxrun.errors import ScenarioError
from voxrun.media.frames import FRAME_MS
from voxrun.media.graph import Sink, Source
from voxrun.media.recorder import LEFT, RIGHT, TimedRecorder
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.ports import Surroundings
from voxrun.services.recording_file import Form, RecordingFile
from voxrun.session.messages import Command, Event

DRAIN_SECONDS = 0.5
"""How often recorded audio goes to the file. The recorder holds back 0.5 s and the writer up to 1 s, so a
process that is killed loses at most 2 s."""

LONGEST_NAME = 60


class _Ear(Sink):
    """Hears the far end for a recording."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__()
        self._take = take

    def write(self, frame: bytes, source: Source) -> None:
        self._take(frame)


class CallRecording:
    """Records one call into one file, from now until ``finish``."""

    def __init__(self, call: CallState, file: RecordingFile) -> None:
        self.file = file
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._recorder = TimedRecorder(mono=not file.form.stereo)
        self._ear = _Ear(lambda frame: self._recorder.write(RIGHT, frame, self._now_ms()))
        self._tap: Callable[[bytes], None] = lambda frame: self._recorder.write(LEFT, frame, self._now_ms())
        self.duration_ms = 0
        call.audio.connect(self._ear)
        call.sink.taps.append(self._tap)
        self._timer = self._loop.call_later(DRAIN_SECONDS, self._drain)

    def finish(self, then: Callable[[], None] = lambda: None) -> None:
        """Write what is left and close the file; ``then`` when it is complete. Idempotent."""
        if self._tap not in self._call.sink.taps:
            return
        self._timer.cancel()
        self._call.sink.taps.remove(self._tap)
        self._call.audio.disconnect(self._ear)
        self.duration_ms = self._now_ms() // FRAME_MS * FRAME_MS
        self.file.write(self._recorder.finish(self.duration_ms))
        self.file.finish(then)

    def _now_ms(self) -> int:
        return round((self._loop.time() - self._zero) * 1000)

    def _drain(self) -> None:
        self.file.write(self._recorder.take(self._now_ms()))
        self._timer = self._loop.call_later(DRAIN_SECONDS, self._drain)


class RecordingService(Service):
    """Records calls."""

    handles: ClassVar[frozenset[str]] = frozenset({"call.record"})

    def __init__(self, context: ServiceContext, calls: CallService, around: Surroundings) -> None:
        super().__init__(context)
        self._calls = calls
        self._around = around
        self._running: list[CallRecording] = []
        self._own = 0
        self._asked = 0
        if around.record and around.folder is not None:
            calls.on_call.append(lambda call: call.on_connected.append(lambda: self._record_own(call)))

    def _record_own(self, call: CallState) -> None:
        assert self._around.folder is not None
        self._own += 1
        name = "recording.wav" if self._own == 1 else f"recording-{self._own}.wav"
        form = Form(self._around.folder / name, True, "wav", 16_000)
        recording = self._start(
            call,
            form,
            lambda: self.context.journal.note("media", {"recording": name, "call": call.id}),
            lambda message: self.context.journal.note("error", {"message": message, "own": True}),
        )
        call.on_over.append(lambda: recording.finish(lambda: self._running.remove(recording)))

    def execute(self, command: Command) -> None:
        call = self._calls.get(command.target)
        if call is None:
            raise ScenarioError("call.record: no such call")
        wish = Arguments(command)
        if call.over:
            return
        if self._around.folder is None:
            self._emit("Call.RecordError", call, error="this run keeps no recordings")
            return
        form = self._form(wish)
        url = self._around.file_url(form.path.name)
        recording = self._start(
            call,
            form,
            lambda: self._emit("Call.RecordStarted", call, url=url),
            lambda message: self._emit("Call.RecordError", call, error=message),
        )
        # RecordStopped comes after Disconnected: the file is closed in a later turn of the loop.
        call.on_over.append(lambda: recording.finish(lambda: self._stopped(call, recording, url)))

    def _form(self, wish: Arguments) -> Form:
        assert self._around.folder is not None
        self._asked += 1
        lossless, hd = wish.flag("lossless"), wish.flag("hd")
        # The platform records 8 kHz by default and 48 kHz with hd_audio; the graph's own 16 kHz is the
        # most that there is to record.
        rate = 16_000 if hd or lossless else 8_000
        wanted = wish.text("name") or wish.text("prefix") or "record"
        safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in wanted)[:LONGEST_NAME]
        path = self._around.folder / f"{safe}-{self._asked}.{'flac' if lossless else 'mp3'}"
        return Form(path, wish.flag("stereo"), "flac" if lossless else "mp3", rate, None if hd else 32_000)

    def _start(
        self, call: CallState, form: Form, opened: Callable[[], None], failed: Callable[[str], None]
    ) -> CallRecording:
        recording = CallRecording(call, RecordingFile(self._around.disk, form, opened, failed))
        self._running.append(recording)
        return recording

    def _stopped(self, call: CallState, recording: CallRecording, url: str) -> None:
        self._running.remove(recording)
        if not recording.file.broken:
            seconds = (recording.duration_ms + 500) // 1000
            self._emit("Call.RecordStopped", call, url=url, cost=0, duration=seconds)

    def _emit(self, kind: str, call: CallState, **fields: Any) -> None:
        self.context.emit(Event(kind, call.id, fields))

    async def close(self) -> None:
        """Every file is complete when this returns."""
        for recording in tuple(self._running):
            recording.finish()
        for recording in tuple(self._running):
            await recording.file.closed()
