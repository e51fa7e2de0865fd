"""The caller's audio on its way in: bytes of any rate and cut, turned into turns. No clock of its own.

Turns are found in the audio that really arrives: a stream of zeros holds none. Times are counted in audio;
where a client stops sending in mid-word, ``idle`` fills in silence so that the turn still ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from voxrun.emulators.ultravox.request import Vad
from voxrun.media.frames import FRAME_BYTES, FRAME_MS, SAMPLE_RATE, SILENCE
from voxrun.media.resample import Resampler
from voxrun.media.utterances import FLOOR_DBFS, Began, Ended, Utterances
from voxrun.media.vad import VadSettings

STARVED: Final = 0.5
"""Seconds without a message after which silence is assumed (messages may be large, so not sooner)."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller has spoken for long enough to interrupt."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """A turn: 16 kHz mono s16le, and the length of the speech in it."""

    pcm: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class TurnDropped:
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

    def _frames(self, pcm: bytes) -> list[EarEvent]:
        self._buffer += pcm
        events: list[EarEvent] = []
        whole = len(self._buffer) // FRAME_BYTES * FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            self._frame(self._buffer[start : start + FRAME_BYTES], events)
        self._buffer = self._buffer[whole:]
        return events

    def _frame(self, frame: bytes, events: list[EarEvent]) -> None:
        found = self._utterances.feed(frame)
        if isinstance(found, Began):
            self._announced = False
        speaking = self._utterances.open
        if speaking and not self._announced and self._utterances.speech_ms >= self._onset_ms:
            self._announced = True
            events.append(SpeechStarted())
        if isinstance(found, Ended):
            self._close(found, events)

    def _close(self, end: Ended, events: list[EarEvent]) -> None:
        seconds = end.speech_ms / 1000
        if seconds >= self._minimum_turn:
            events.append(TurnEnded(end.pcm, seconds))
        elif self._announced:
            events.append(TurnDropped())
