"""Recording several sources on one time line, however unevenly their frames arrive.

Frames come with the session time at which they came in (``at_ms``). Written one after another they would
drift apart: a network stalls and catches up, a player stops for two seconds. Placed at their arrival times
they would be torn by every jitter. So each ``Track`` keeps a run of frames whole and puts it at the latest
start that lets no frame of it begin after it came in; a frame more than ``SLACK_MS`` later than where its
run ends begins a new run, and silence fills the hole. A run may still move while it is in the last
``HOLD_BACK_MS``: that much is held back before PCM is given out, which also bounds what is in memory.

A stall is thus told from a pause: after 400 ms of stall the burst that follows slides back into the hole.
Runs of one track keep its rhythm of 20 ms: senders go on counting through a pause, so a hole is a whole
number of frames, and what the network did to the first frames after it does not show.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from msgspec import Struct, field

from voxrun.media.frames import BYTES_PER_SECOND, FRAME_BYTES, FRAME_MS, SAMPLE_RATE
from voxrun.media.levels import is_silence
from voxrun.media.mix import mix

LEFT: Final = 0
RIGHT: Final = 1
SLACK_MS: Final = 120
"""Jitter that is absorbed."""
HOLD_BACK_MS: Final = 500
"""How far behind the clock ``TimedRecorder.take`` stays."""
MAX_AHEAD_MS: Final = 30_000
"""Audio that came this much faster than real time is dropped (and counted)."""
QUIET_DBFS: Final = -50.0
"""What may be left out to catch up with the clock."""


class _Run(Struct):
    """Frames that follow each other without a hole. Positions count bytes of the track."""

    latest: int
    """Where it begins at the latest, by the arrivals so far."""
    start: int
    """Where it begins: on the track's rhythm, and not inside the run before it."""
    size: int = 0
    """Bytes of it."""
    pieces: list[bytes] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.start + self.size

    def add(self, pcm: bytes) -> None:
        self.pieces.append(pcm)
        self.size += len(pcm)

    def take(self, size: int) -> memoryview:
        """The first ``size`` bytes, which are its no more."""
        pcm = b"".join(self.pieces)
        self.pieces = [pcm[size:]]
        self.size -= size
        self.start += size
        return memoryview(pcm)[:size]


class Track:
    """One source on the time line. Positions are bytes of 16 kHz mono s16le since the beginning."""

    def __init__(self, begin: int = 0) -> None:
        """``begin``: nothing of it comes before this position."""
        self.dropped_bytes = 0
        self._runs: deque[_Run] = deque()
        self._given = begin  # everything before this position was taken
        self._beat: int | None = None  # position in a frame at which earlier runs ended

    @property
    def end(self) -> int:
        """Position after the last audio."""
        return self._runs[-1].end if self._runs else self._given

    def write(self, pcm: bytes, at_ms: float) -> None:
        """Add audio that came in at ``at_ms``, milliseconds since the beginning."""
        pcm = pcm[: len(pcm) & ~1]
        at = _position(at_ms)
        if self._goes_on(at):
            self._runs[-1].add(pcm)
            return
        ahead = self.end - at
        if ahead > _position(MAX_AHEAD_MS) or (ahead > _position(SLACK_MS) and is_silence(pcm, QUIET_DBFS)):
            # Sources are paced, so one that is ahead has a fast clock or caught up after a long stall: a
            # pause is the place to get back in step.
            self.dropped_bytes += len(pcm) if ahead > _position(MAX_AHEAD_MS) else 0
            return
        if not self._runs or -ahead > _position(SLACK_MS):
            self._begin(at)
        run = self._runs[-1]
        run.latest = min(run.latest, at - run.size)
        run.start = max(self._earliest(), self._on_beat(run.latest))
        run.add(pcm)

    def write_frames(self, pcm: bytes, at_ms: float) -> None:
        """The same for whole frames that came in 20 ms after each other, the first at ``at_ms``."""
        while pcm:
            if self._goes_on(_position(at_ms)):
                self._runs[-1].add(pcm)  # each is where the one before ended
                return
            self.write(pcm[:FRAME_BYTES], at_ms)
            pcm, at_ms = pcm[FRAME_BYTES:], at_ms + FRAME_MS
            if self._stays(_position(at_ms)):
                self._runs[-1].add(pcm)
                return

    def _goes_on(self, at: int) -> bool:
        """Whether audio that came in at that position is in step with the run, as it nearly always is."""
        if not self._runs:
            return False
        run = self._runs[-1]
        return run.end == at and run.latest <= run.start

    def _stays(self, at: int) -> bool:
        """Whether what comes in at that position, and every 20 ms after it, just goes on with the run."""
        if not self._runs:
            return False
        run = self._runs[-1]
        if run.latest > at - run.size or abs(run.end - at) > _position(SLACK_MS):
            return False
        return run.start == max(self._earliest(), self._on_beat(run.latest))

    def _begin(self, at: int) -> None:
        """Start a run; the one before it does not move any more."""
        if self._runs:
            self._beat = self.end % FRAME_BYTES
        self._runs.append(_Run(at, at))

    def _earliest(self) -> int:
        """Where the last run may begin."""
        return self._runs[-2].end if len(self._runs) > 1 else self._given

    def _on_beat(self, position: int) -> int:
        """The nearest position in the rhythm of the runs before."""
        if self._beat is None:
            return position
        return self._beat + round((position - self._beat) / FRAME_BYTES) * FRAME_BYTES

    def take(self, until: int) -> bytes:
        """The audio from where the last ``take`` ended up to position ``until``, holes filled."""
        parts: list[bytes | memoryview] = []
        at = self._given
        while self._runs and self._runs[0].start < until:
            run = self._runs[0]
            parts.append(bytes(run.start - at))
            at = min(run.end, until)
            parts.append(run.take(at - run.start))
            if run.size:
                break
            self._beat = at % FRAME_BYTES
            self._runs.popleft()
        parts.append(bytes(max(0, until - at)))
        self._given = max(self._given, until)
        return b"".join(parts)


class TimedRecorder:
    """Joins tracks: interleaved stereo (left, right) or mono, the tracks of one channel mixed.

    Call ``take`` now and then (each second, say) and ``finish`` at the end, and write what they give to a
    file; nothing is lost in between, and nothing is given twice.
    """

    def __init__(self, *, start_ms: float = 0.0, mono: bool = False, tracks: int = 2) -> None:
        """``start_ms`` is the session time at which the recording begins. There are two tracks, LEFT and
        RIGHT, or of a mono recording any number, to begin with."""
        if tracks < 0 or (tracks not in (0, 2) and not mono):
            raise ValueError("a recording that is not mono has 2 tracks")
        self._start_ms = start_ms
        self._mono = mono
        self._given = 0
        self._dropped = 0  # bytes, by tracks that are gone
        self._tracks: dict[int, Track] = {}
        self._channel: dict[int, int] = {}  # of each track
        self._ending: set[int] = set()
        self._made = 0
        self.muted = False
        """While True silence is recorded whatever comes in; time goes on."""
        for number in range(tracks):
            self.add_track(0 if mono else number)

    @property
    def channels(self) -> int:
        """Channels of the PCM that it gives."""
        return 1 if self._mono else 2

    @property
    def recorded_ms(self) -> int:
        """Milliseconds given out so far."""
        return self._given * 1000 // BYTES_PER_SECOND

    @property
    def dropped_ms(self) -> int:
        """Milliseconds dropped because a source ran too far ahead of the clock."""
        dropped = self._dropped + sum(track.dropped_bytes for track in self._tracks.values())
        return dropped * 1000 // BYTES_PER_SECOND

    def add_track(self, channel: int = LEFT) -> int:
        """One source more, on a channel (LEFT of a mono recording); gives its number."""
        number, self._made = self._made, self._made + 1
        self._tracks[number] = Track(self._given)
        self._channel[number] = LEFT if self._mono else channel
        return number

    def end_track(self, track: int) -> None:
        """Nothing more comes for this one; what has come is still given."""
        self._ending.add(track)

    def write(self, track: int, pcm: bytes, at_ms: float) -> None:
        """Add a frame of ``track`` (LEFT, RIGHT, or the number it was given) that came in at ``at_ms``."""
        if not self.muted:
            self._tracks[track].write(pcm, max(0.0, at_ms - self._start_ms))

    def write_frames(self, track: int, pcm: bytes, at_ms: float) -> None:
        """Add whole frames of ``track`` that came in 20 ms after each other, the first at ``at_ms``."""
        if not self.muted:
            self._tracks[track].write_frames(pcm, max(0.0, at_ms - self._start_ms))

    def take(self, now_ms: float) -> bytes:
        """The PCM up to ``HOLD_BACK_MS`` before ``now_ms``; b"" when there is none yet."""
        return self._until(_position(now_ms - self._start_ms - HOLD_BACK_MS))

    def finish(self, now_ms: float) -> bytes:
        """The rest: up to ``now_ms``, and audio that is still ahead of it."""
        ends = [track.end for track in self._tracks.values()]
        return self._until(max(_position(now_ms - self._start_ms), *ends, 0))

    def _until(self, until: int) -> bytes:
        if until <= self._given:
            return b""
        length, self._given = until - self._given, until
        parts: list[list[bytes]] = [[] for _ in range(self.channels)]
        for number, track in self._tracks.items():
            parts[self._channel[number]].append(track.take(until))
        self._forget_ended()
        mixed = [mix(channel) if channel else bytes(length) for channel in parts]
        if self._mono:
            return mixed[0]
        left, right = (np.frombuffer(part, "<u2") for part in mixed)
        pairs = right.astype("<u4")  # two samples as one word: numpy is slow with columns
        pairs <<= 16
        pairs |= left
        return pairs.tobytes()

    def _forget_ended(self) -> None:
        for number in tuple(self._ending):
            if self._tracks[number].end <= self._given:
                self._ending.discard(number)
                self._dropped += self._tracks.pop(number).dropped_bytes
                del self._channel[number]


def _position(ms: float) -> int:
    """Milliseconds as bytes of a track, on a sample."""
    return 2 * round(ms * SAMPLE_RATE / 1000)
