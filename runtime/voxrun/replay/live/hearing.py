"""Words in the audio of a real line: as in virtual time, and where the line was bad, by sentence.

Compared sample by sample a word is lost with every frame that is. So what somebody said from pause to pause,
and was not understood to its end, is compared as a whole with all that was spoken in the call, as the
recogniser of the local voice AI does it: a lost frame here and there does not matter to it. Pauses are left
out on both sides, because a machine that is busy puts some in. It takes up to a second of a processor, in a
thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from voxrun.media.frames import FRAME_BYTES, FRAME_SAMPLES
from voxrun.replay.hearing import Hearing
from voxrun.replay.people import AUDIBLE, Sound
from voxrun.replay.timeline import Stream
from voxrun.speech.features import Features, analyse
from voxrun.speech.phrases import Match, decide

PAUSE_MS: Final = 900
"""Quiet after which everything is said."""
AROUND_MS: Final = 100
LONGEST_MS: Final = 12_000
"""More is not compared."""


class LiveHearing(Hearing):
    """``told`` is called when something was understood between two calls of ``listen``."""

    def __init__(
        self, sound: Sound, spoken: dict[str, list[bytes]], stream: Stream, told: Callable[[], None]
    ) -> None:
        super().__init__(sound, spoken, stream)
        self._told = told
        self._judged = 0
        """Stretches of sound that were judged as a whole, or need not be."""
        self._features: dict[int, Features | None] = {}
        self._deciding: asyncio.Future[Match] | None = None

    def listen(self, now: int) -> None:
        super().listen(now)
        while self._deciding is None and (span := self._next_span(now)) is not None:
            start, end, self._judged = span
            if end - start <= LONGEST_MS and not self._understood(start, end):
                self._decide(start, end)

    def due(self, wanted: Sequence[str] = ()) -> int | None:
        due = super().due(wanted)
        stretches = self._sound.stretches
        if self._judged >= len(stretches):
            return due
        over = stretches[-1][1] + PAUSE_MS + 1
        return over if due is None else min(due, over)

    def _next_span(self, now: int) -> tuple[int, int, int] | None:
        """The next stretches that are one piece of speech, and over: when, and the first one after them."""
        stretches = self._sound.stretches
        if self._judged >= len(stretches):
            return None
        start, end = stretches[self._judged]
        for place in range(self._judged + 1, len(stretches) + 1):
            begins = stretches[place][0] if place < len(stretches) else now
            if begins - end > PAUSE_MS:
                return start, end, place
            if place < len(stretches):
                end = stretches[place][1]
        return None

    def _understood(self, start: int, end: int) -> bool:
        """Whether it was nothing but whole sentences."""
        whole = {" ".join(text.split()) for text in self._spoken}
        found = [each.text for each in self.stream.utterances if start - AROUND_MS <= each.at <= end]
        return bool(found) and all(text in whole for text in found)

    def _decide(self, start: int, end: int) -> None:
        pcm = spoken_only(self._sound.pcm(start, end))
        spoken = {text: tuple(renderings) for text, renderings in self._spoken.items()}
        loop = asyncio.get_running_loop()
        self._deciding = loop.run_in_executor(None, lambda: decide(pcm, self._known_as(spoken)))
        self._deciding.add_done_callback(lambda done: self._decided(done, start, end))

    def _known_as(self, spoken: dict[str, tuple[bytes, ...]]) -> dict[str, tuple[Features, ...]]:
        """What was spoken, as the recogniser compares it. In a thread: nothing else uses what it keeps."""
        for pcm in (each for renderings in spoken.values() for each in renderings):
            if id(pcm) not in self._features:  # the audio lives as long as the call does
                self._features[id(pcm)] = analyse(spoken_only(pcm))
        return {
            text: tuple(known for pcm in renderings if (known := self._features[id(pcm)]) is not None)
            for text, renderings in spoken.items()
        }

    def _decided(self, done: asyncio.Future[Match], start: int, end: int) -> None:
        self._deciding = None
        if done.cancelled() or done.exception() is not None:
            return  # then only what was understood word by word counts
        text = done.result().phrase
        if text is None:
            return
        self._finish()
        self._before = None
        found = [each for each in self.stream.utterances if start - AROUND_MS <= each.at <= end]
        latest = self.stream.utterances[-1:]
        utterance = found[0] if found == latest else self.stream.begin(start)
        self.stream.grow(utterance, text, end)
        utterance.final = True
        self._told()


def spoken_only(pcm: bytes) -> bytes:
    """The frames in which there is sound."""
    whole = pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES]
    frames = np.frombuffer(whole, "<i2").reshape(-1, FRAME_SAMPLES)
    sounding = np.abs(frames.astype(np.int32)).max(axis=1, initial=0) >= AUDIBLE
    return bytes(frames[sounding].tobytes())
