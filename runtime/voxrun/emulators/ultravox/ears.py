"""The caller's audio on its way in: bytes of any rate and cut, turned into turns. No clock of its own.

Turns are found in the audio that really arrives: a stream of zeros holds none. Times are counted in audio;
where a client stops sending in mid-word, ``idle`` fills in silence so that the turn still ends.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

from voxrun.emulators.ultravox.call_config import Vad
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE
from voxrun.media.resample import Resampler
from voxrun.media.runs import Run
from voxrun.media.utterances import FLOOR_DBFS, Began, Ended, Utterances
from voxrun.media.vad import VadSettings

STARVED: Final = 0.5
"""Seconds without a message after which silence is assumed (messages may be large, so not sooner)."""


class SpeechStarted(Struct, frozen=True):
    """The caller has spoken for long enough to interrupt."""


class TurnEnded(Struct, frozen=True):
    """A turn: 16 kHz mono s16le, and the length of the speech in it."""

    pcm: bytes
    seconds: float


class TurnDropped(Struct, frozen=True):
    """Speech that was shorter than a turn has to be."""


EarEvent: TypeAlias = SpeechStarted | TurnEnded | TurnDropped


class Ears:
    """One call's input."""

    def __init__(self, rate: int, vad: Vad) -> None:
        self._resampler = Resampler(rate, SAMPLE_RATE)
        self._half = b""
        self._buffer = b""
        self._utterances = Utterances(
            VadSettings(
                end_delay_ms=max(FRAME_MS, round(vad.turn_endpoint_delay * 1000)),
                activation=0.5 + (vad.activation - 0.1) / 0.9 * 0.5,
                floor_dbfs=FLOOR_DBFS,
            )
        )
        self._minimum_turn = vad.minimum_turn
        self._onset_ms = round(max(vad.minimum_interruption, vad.minimum_turn) * 1000)
        self._announced = False
        self._last = 0.0
        self._found: list[EarEvent] = []

    def feed(self, pcm: bytes, now: float) -> list[EarEvent]:
        """Take one message's audio; half a sample at its end waits for the next message."""
        self._last = now
        data = self._half + pcm
        self._half = data[len(data) & ~1 :]
        return self._frames(self._resampler.process(data[: len(data) & ~1]))

    @property
    def deadline(self) -> float | None:
        """When ``idle`` is due: only while a turn is open."""
        return self._last + STARVED if self._utterances.open else None

    def idle(self, now: float) -> list[EarEvent]:
        """Nothing has come for ``STARVED`` seconds: go on as if silence had."""
        if not self._utterances.open or now < self._last + STARVED:
            return []
        missing = round((now - self._last) * 1000 / FRAME_MS)
        self._last = now
        return self._frames(SILENCE * missing)

    def room(self, run: Run) -> int:
        """How many frames of a run can be taken before something comes of it, found by taking them:
        ``take_run`` gives what came of the last. 0 where nothing was taken."""
        if self._half or self._buffer or self._resampler.from_rate != SAMPLE_RATE:
            return 0
        self._found = []
        if run.pcm is None and not self._utterances.open:
            self._utterances.feed_silence(run.count)
            return run.count
        for count, (frame, level) in enumerate(zip(run.frames(), run.levels, strict=True), start=1):
            if self._frame(frame, self._found, level) or self._found:
                return count
        return run.count

    def take_run(self, now: float) -> list[EarEvent]:
        """The run that ``room`` has tried, as far as it gave; the last frame came at ``now``."""
        self._last = now
        found, self._found = self._found, []
        return found

    def _frames(self, pcm: bytes) -> list[EarEvent]:
        self._buffer += pcm
        events: list[EarEvent] = []
        whole = len(self._buffer) // FRAME_BYTES * FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            self._frame(self._buffer[start : start + FRAME_BYTES], events)
        self._buffer = self._buffer[whole:]
        return events

    def _frame(self, frame: bytes, events: list[EarEvent], level: float | None = None) -> bool:
        """Take one frame; True where an utterance began or ended with it."""
        found = self._utterances.feed(frame, level)
        if isinstance(found, Began):
            self._announced = False
        speaking = self._utterances.open
        if speaking and not self._announced and self._utterances.speech_ms >= self._onset_ms:
            self._announced = True
            events.append(SpeechStarted())
        if isinstance(found, Ended):
            self._close(found, events)
        return found is not None

    def _close(self, end: Ended, events: list[EarEvent]) -> None:
        seconds = end.speech_ms / 1000
        if seconds >= self._minimum_turn:
            events.append(TurnEnded(end.pcm, seconds))
        elif self._announced:
            events.append(TurnDropped())
