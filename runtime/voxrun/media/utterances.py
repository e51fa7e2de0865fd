"""Cutting a stream of 20 ms frames into utterances: where speech is, and its audio. No clock of its own."""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

from msgspec import Struct

from voxrun.media.frames import FRAME_MS, SILENCE
from voxrun.media.vad import SpeechDetector, Transition, VadSettings

PREROLL_FRAMES: Final = 12
"""Kept from before an utterance (240 ms): soft beginnings are below the detector's threshold."""
TAIL_FRAMES: Final = 8
"""Kept of the quiet after it."""
LONGEST_MS: Final = 30_000
"""An utterance is cut after 30 s: that is noise, music or a monologue."""
FLOOR_DBFS: Final = -45.0
"""Softer frames are nobody speaking. A browser's noise suppression lets a burst of up to 200 ms through when
it starts (measured in Chromium: -49 to -52 dBFS); taken for speech, it would cut a greeting off."""


class Began(Struct, frozen=True):
    """Somebody speaks, since ``at_ms`` of the audio fed."""

    at_ms: int


class Ended(Struct, frozen=True):
    """An utterance: 16 kHz mono s16le, where it ended in the audio fed, and the length of its speech."""

    pcm: bytes
    at_ms: int
    speech_ms: int


UtteranceEvent: TypeAlias = Began | Ended


class Utterances:
    """Feed it every frame. ``settings`` decide what speech is, and how long the quiet after it."""

    def __init__(self, settings: VadSettings, longest_ms: int = LONGEST_MS) -> None:
        self._detector = SpeechDetector(settings)
        self._longest = longest_ms // FRAME_MS
        self._recent: deque[bytes] = deque(maxlen=PREROLL_FRAMES + 100)
        self._open: list[bytes] | None = None

    @property
    def open(self) -> bool:
        """Whether somebody speaks, or has paused for less than an utterance needs to end."""
        return self._open is not None

    @property
    def speech_ms(self) -> int:
        """Length of the speech that goes on, up to its last voiced frame; 0 when nobody speaks."""
        return self._detector.speech_ms

    @property
    def quiet_ms(self) -> int:
        """Time since the last voiced frame."""
        return self._detector.quiet_ms

    @property
    def now_ms(self) -> int:
        """Milliseconds of audio fed."""
        return self._detector.now_ms

    def so_far(self) -> bytes:
        """The audio of the utterance that goes on; b"" when nobody speaks."""
        return b"".join(self._open or ())

    def feed(self, frame: bytes, level: float | None = None) -> UtteranceEvent | None:
        """Take the next frame (640 bytes), its ``level`` in dBFS where it is known; gives what it decided."""
        transition = self._detector.feed(frame, level)
        self._recent.append(frame)
        if self._open is not None:
            self._open.append(frame)
        if transition is not None and transition.kind == "start":
            frames = (transition.decided_ms - transition.at_ms) // FRAME_MS + PREROLL_FRAMES
            self._open = list(self._recent)[-frames:]
            return Began(transition.at_ms)
        if transition is not None:
            return self._close(transition)
        if self._open is not None and len(self._open) >= self._longest:
            return self.finish()
        return None

    def feed_silence(self, count: int) -> None:
        """Take so many silent frames while no utterance is open: nothing can come of them."""
        self._detector.feed_silence(count)
        self._recent.extend([SILENCE] * min(count, PREROLL_FRAMES + 100))

    def finish(self) -> Ended | None:
        """The stream is over, or has to be cut here: the utterance that goes on."""
        end = self._detector.finish()
        return None if end is None else self._close(end)

    def _close(self, end: Transition) -> Ended:
        frames, self._open = self._open or [], None
        quiet = (end.decided_ms - end.at_ms) // FRAME_MS
        keep = len(frames) - max(0, quiet - TAIL_FRAMES)
        return Ended(b"".join(frames[:keep]), end.at_ms, end.speech_ms)
