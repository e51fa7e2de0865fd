"""Recordings: the session's own (one stereo file a call) and call.record().

Stereo files hold what the caller hears on the left channel and the caller on the right: from the endpoint
to the cloud is right in the typings (newer notes say left: docs/fidelity.md). ``call.record()`` follows the
scenario's wishes; its events are Call.RecordStarted{url} and, after Disconnected, Call.RecordStopped{url,
cost, duration s}.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from voxrun.errors import ScenarioError, VoxrunError
from voxrun.media.frames import FRAME_MS
from voxrun.media.graph import Sink, Source
from voxrun.media.recorder import LEFT, RIGHT, TimedRecorder
from voxrun.media.writers import AudioFileWriter
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import CallService
from voxrun.services.ports import Surroundings
from voxrun.session.messages import Command, Event

DRAIN_MS = 500
"""How often recorded audio goes to the file."""

Format = Literal["wav", "mp3", "flac"]


class _Ear(Sink):
    """Hears the far end for a recording."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__()
        self._take = take

    def write(self, frame: bytes, source: Source) -> None:
        self._take(frame)


@dataclass(frozen=True, slots=True)
class Form:
    """How a recording is written."""

    path: Path
    stereo: bool
    format: Format
    sample_rate: int


class CallRecording:
    """One file that records one call from now until it is over."""

    def __init__(self, call: CallState, form: Form, failed: Callable[[str], None]) -> None:
        self._call = call
        self._form = form
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._recorder = TimedRecorder(mono=not form.stereo)
        self._drained_ms = 0
        self._writer: AudioFileWriter | None = AudioFileWriter(
            form.path, 2 if form.stereo else 1, form.format, form.sample_rate
        )
        self._ear = _Ear(lambda frame: self._take(RIGHT, frame))
        self._tap = lambda frame: self._take(LEFT, frame)
        self.duration_ms = 0
        call.leg.audio.connect(self._ear)
        call.sink.taps.append(self._tap)

    def _now_ms(self) -> int:
        return round((self._loop.time() - self._zero) * 1000)

    def _take(self, channel: int, frame: bytes) -> None:
        now = self._now_ms()
        self._recorder.write(channel, frame, now)
        if now - self._drained_ms >= DRAIN_MS:
            self._drained_ms = now
            self._drain(self._recorder.take(now))

    def _drain(self, pcm: bytes) -> None:
        if self._writer is None or not pcm:
            return
        try:
            self._writer.write(pcm)
        except (OSError, VoxrunError) as error:
            # A full disk must not end the call: what is written stays, the scenario is told.
            self._writer = None
            self._failed(f"recording {self._form.path.name} stopped: {error}")

    def finish(self) -> None:
        """Write what is left and close the file. Idempotent."""
        if self._tap in self._call.sink.taps:
            self._call.sink.taps.remove(self._tap)
            self._call.leg.audio.disconnect(self._ear)
            self.duration_ms = self._now_ms() // FRAME_MS * FRAME_MS
            self._drain(self._recorder.finish(self.duration_ms))
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except (OSError, VoxrunError) as error:
                self._failed(f"recording {self._form.path.name} could not be finished: {error}")


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
        recording = self._start(call, form, lambda message: self._complain(message))
        if recording is not None:
            call.on_over.append(recording.finish)
            self.context.journal.note("media", {"recording": name, "call": call.id})

    def execute(self, command: Command) -> None:
        call = self._calls.get(command.target)
        if call is None:
            raise ScenarioError("call.record: no such call")
        if call.over:
            return
        if self._around.folder is None:
            self._emit("Call.RecordError", call, error="this run keeps no recordings")
            return
        form = self._form(dict(command.data))
        url = self._around.file_url(form.path.name)
        recording = self._start(
            call, form, lambda message: self._emit("Call.RecordError", call, error=message)
        )
        if recording is None:
            return
        self._emit("Call.RecordStarted", call, url=url)
        call.on_over.append(lambda: self._stopped(call, recording, url))

    def _form(self, wish: dict[str, Any]) -> Form:
        assert self._around.folder is not None
        self._asked += 1
        kind: Format = "flac" if wish.get("lossless") else "mp3"
        # The platform records 8 kHz by default and 48 kHz with hd_audio; the graph's own 16 kHz is the
        # most that there is to record.
        rate = 16_000 if wish.get("hd") or wish.get("lossless") else 8_000
        wanted = str(wish.get("name") or wish.get("prefix") or "record")
        safe = "".join(c if c.isalnum() or c in "-_" else "-" for c in wanted)[:60]
        return Form(
            self._around.folder / f"{safe}-{self._asked}.{kind}", bool(wish.get("stereo")), kind, rate
        )

    def _start(self, call: CallState, form: Form, failed: Callable[[str], None]) -> CallRecording | None:
        try:
            recording = CallRecording(call, form, failed)
        except VoxrunError as error:
            failed(str(error))
            return None
        self._running.append(recording)
        return recording

    def _stopped(self, call: CallState, recording: CallRecording, url: str) -> None:
        recording.finish()
        # RecordStopped comes after Disconnected, which is emitted when the listeners of `over` are done.
        loop = asyncio.get_running_loop()
        seconds = (recording.duration_ms + 500) // 1000
        loop.call_soon(lambda: self._emit("Call.RecordStopped", call, url=url, cost=0, duration=seconds))

    def _emit(self, kind: str, call: CallState, **fields: Any) -> None:
        self.context.emit(Event(kind, call.id, fields))

    def _complain(self, message: str) -> None:
        self.context.journal.note("error", {"message": message, "own": True})

    async def close(self) -> None:
        for recording in self._running:
            recording.finish()
