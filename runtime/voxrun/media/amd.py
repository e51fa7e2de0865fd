"""Who answered: a person or a machine, by how long they speak before they wait for an answer.

A person says a word or a sentence and is quiet; a machine reads a text, and beeps. So there are three signs:

* quiet after speech speaks for a person, the more of it the surer; after a long sentence more is needed;
* speech without such a quiet speaks for a machine, the longer it lasts the surer;
* a beep after speech, or one above 500 Hz without any, is a machine's. (Below it may be ringing: the call is
  being forwarded.)

Each sign has a confidence in whole percent that grows while the sign lasts, and is believed once it reaches
the threshold of its side. Whoever says nothing gives no sign. No word is understood, so that a machine with
a short greeting, or one that pauses like a person, is taken for one, and a person who talks on is taken for a
machine: see docs/fidelity.md for how often.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from voxrun.media.beep import BeepDetector, BeepEvent
from voxrun.media.frames import FRAME_MS, SILENCE
from voxrun.media.vad import SpeechDetector, VadSettings

HUMAN_PERCENT: Final = 75
MACHINE_PERCENT: Final = 65
BEEP_PERCENT: Final = 97
RINGING_HZ: Final = 500
"""A tone below this, before anybody has spoken, may be the ringing of another telephone."""

GREETING_MS: Final = 1000
"""So much speech says nothing about who speaks."""
MACHINE_HALF_MS: Final = 1000
"""So much more of it makes a machine as likely as not."""
HUMAN_HALF_MS: Final = 150
HUMAN_HALF_PERCENT: Final = 12
"""Quiet that makes a person as likely as not: so many ms, and so many percent of the speech before it."""

_SHORTEST_MS: Final = 80
_PAUSE_MS: Final = 200
_FLOOR_DBFS: Final = -45.0

Side = Literal["human", "machine"]


class Verdict(Struct, frozen=True):
    """Who it is, how sure (1 to 100 percent), by which sign, and when that was known (ms of audio fed)."""

    side: Side
    confidence: int
    sign: Literal["quiet", "speech", "beep"]
    at_ms: int


class AnsweringDetector:
    """Feed it every 20 ms frame from the answer on; ``human`` and ``machine`` are thresholds in percent."""

    def __init__(self, human: int = HUMAN_PERCENT, machine: int = MACHINE_PERCENT) -> None:
        self._human = human
        self._machine = machine
        self._beeps = BeepDetector()
        self._speech = SpeechDetector(
            VadSettings(minimum_speech_ms=_SHORTEST_MS, end_delay_ms=_PAUSE_MS, floor_dbfs=_FLOOR_DBFS)
        )
        self._first: int | None = None
        """When speech began, ms."""
        self._last = 0
        """When it was last heard."""
        self.verdict: Verdict | None = None

    @property
    def now_ms(self) -> int:
        """Milliseconds of audio fed."""
        return self._speech.now_ms

    def feed(self, frame: bytes) -> Verdict | None:
        """Take the next frame (640 bytes); gives the verdict once, when this frame decided it."""
        if self.verdict is not None:
            return None
        beep = self._beeps.feed(frame)
        # A tone is no speech, whatever the voice detector thinks of it.
        began = self._speech.feed(SILENCE if self._beeps.suspect else frame)
        if began is not None and began.kind == "start" and self._first is None:
            self._first = began.at_ms
        if self._speech.speaking:
            self._last = self.now_ms - self._speech.quiet_ms
        self.verdict = self._by_beep(beep) or self._by_speech() or self._by_quiet()
        return self.verdict

    def _by_beep(self, beep: BeepEvent | None) -> Verdict | None:
        if beep is None or (self._first is None and (beep.kind == "start" or beep.hz < RINGING_HZ)):
            return None
        return self._believed("machine", BEEP_PERCENT, "beep")

    def _by_speech(self) -> Verdict | None:
        if self._first is None or not self._speech.speaking:
            return None
        more = max(0, self._last - self._first - GREETING_MS)
        return self._believed("machine", 100 * more // (more + MACHINE_HALF_MS), "speech")

    def _by_quiet(self) -> Verdict | None:
        if self._first is None or self._beeps.suspect:
            return None
        quiet = self.now_ms - self._last
        if quiet <= FRAME_MS:
            return None
        half = HUMAN_HALF_MS + HUMAN_HALF_PERCENT * (self._last - self._first) // 100
        return self._believed("human", 100 * quiet // (quiet + half), "quiet")

    def _believed(
        self, side: Side, confidence: int, sign: Literal["quiet", "speech", "beep"]
    ) -> Verdict | None:
        if confidence < (self._human if side == "human" else self._machine):
            return None
        return Verdict(side, confidence, sign, self.now_ms)
