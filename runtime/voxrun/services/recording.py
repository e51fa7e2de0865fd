"""One recording: tracks on a time line, drained into a file; and where their audio comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voxrun.media.frames import FRAME_MS
from voxrun.media.graph import Sink, Source
from voxrun.media.recorder import LEFT, RIGHT, TimedRecorder
from voxrun.media.runs import Run
from voxrun.services.call import CallState
from voxrun.services.recording_file import RecordingFile, Writing
from voxrun.services.transcript import Transcript


class Recording:
    """Records into ``file`` from ``begin`` until ``finish``; audio goes there every ``every_s`` seconds."""

    def __init__(
        self, file: RecordingFile, every_s: float = Writing().every_s, transcript: Transcript | None = None
    ) -> None:
        self.file = file
        self._every = every_s
        self.transcript = transcript
        self.duration_ms = 0
        """How long it is, once it is finished."""
        self.over = False
        self.end_ms: Callable[[], int] = lambda: self.now_ms
        """Where it ends for now: recorders stand still while nothing is sent to them."""
        self._loop = asyncio.get_running_loop()
        self._recorder = TimedRecorder(mono=not file.form.stereo, tracks=0)
        self._zero: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def now_ms(self) -> int:
        """Milliseconds since it began."""
        return 0 if self._zero is None else round((self._loop.time() - self._zero) * 1000)

    def begin(self) -> None:
        """Time starts to count; once."""
        if self._zero is None and not self.over:
            self._zero = self._loop.time()
            self._timer = self._loop.call_later(self._every, self._drain)

    def add_track(self, side: int, label: str) -> int:
        """One source more, on a side of a stereo recording."""
        track = self._recorder.add_track(side)
        if self.transcript is not None:
            self.transcript.add_track(track, label, lambda: self.now_ms)
        return track

    def end_track(self, track: int) -> None:
        """The source is gone."""
        self._recorder.end_track(track)
        if self.transcript is not None:
            self.transcript.end_track(track)

    def write(self, track: int, frame: bytes) -> None:
        """One frame of a source."""
        self._recorder.write(track, frame, self.now_ms)
        if self.transcript is not None and not self._recorder.muted:
            self.transcript.write(track, frame)

    def write_run(self, track: int, run: Run) -> None:
        """Many frames of a source at once; only without a transcript, which has to look at each."""
        if self._zero is None:
            return
        times = run.ticks.stamps(self._zero)
        if isinstance(times, range):
            self._recorder.write_frames(track, run.sound(), times[0])
            return
        for at, frame in zip(times, run.frames(), strict=True):
            self._recorder.write(track, frame, at)

    def mute(self, on: bool) -> None:
        """Record silence for a while."""
        self._recorder.muted = on

    def finish(self, then: Callable[[], None]) -> None:
        """Write what is left and close the file, then call ``then``. Idempotent."""
        if self.over:
            return
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        self.duration_ms = self.end_ms() // FRAME_MS * FRAME_MS
        self.file.write(self._recorder.finish(self.duration_ms))
        self.file.finish(then)
        if self.transcript is not None:
            self.transcript.finish()

    def _drain(self) -> None:
        self.file.write(self._recorder.take(self.end_ms()))
        self._timer = self._loop.call_later(self._every, self._drain)


class _Ear(Sink):
    """Hears one side of a call for a recording."""

    def __init__(self, recording: Recording, track: int) -> None:
        super().__init__()
        self._recording = recording
        self._track = track

    def write(self, frame: bytes, source: Source) -> None:
        self._recording.write(self._track, frame)

    def room(self, run: Run, source: Source) -> int:
        return run.count if self._recording.transcript is None else 0

    def write_run(self, run: Run, source: Source) -> None:
        self._recording.write_run(self._track, run)


def record_call(
    call: CallState, recording: Recording, labels: tuple[str, str], side: int = RIGHT
) -> Callable[[], None]:
    """Record a call from now on: its far end on one ``side``, what that hears on the other; ``labels`` name
    them in this order. Gives what ends the listening."""
    tap = _Ear(recording, recording.add_track(LEFT if side == RIGHT else RIGHT, labels[1]))
    ear = _Ear(recording, recording.add_track(side, labels[0]))

    def leave() -> None:
        if tap in call.sink.taps:
            call.sink.taps.remove(tap)
            call.audio.disconnect(ear)

    call.audio.connect(ear)
    call.sink.taps.append(tap)
    recording.begin()
    return leave


class RecorderSink(Sink):
    """The way into a recorder: every source has a track of its own. In stereo the first is on the left, all
    others are on the right. Time begins with the first source and ends with the last."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording
        self._tracks: dict[Source, int] = {}
        self._first: Source | None = None
        self._count = 0
        self._left_ms = 0
        recording.end_ms = lambda: recording.now_ms if self.sources else self._left_ms

    def attached(self, source: Source) -> None:
        if self._recording.over:
            return
        self._first = self._first or source
        self._count += 1
        side = LEFT if source is self._first else RIGHT
        self._recording.begin()
        self._tracks[source] = self._recording.add_track(side, f"Source {self._count}")

    def detached(self, source: Source) -> None:
        self._left_ms = self._recording.now_ms
        track = self._tracks.pop(source, None)
        if track is not None:
            self._recording.end_track(track)

    def write(self, frame: bytes, source: Source) -> None:
        track = self._tracks.get(source)
        if track is not None and not self._recording.over:
            self._recording.write(track, frame)

    def room(self, run: Run, source: Source) -> int:
        return run.count if self._recording.transcript is None else 0

    def write_run(self, run: Run, source: Source) -> None:
        track = self._tracks.get(source)
        if track is not None and not self._recording.over:
            self._recording.write_run(track, run)
