"""Which words are in the audio that somebody heard: aligned comparison with what was spoken in the call.

Everything that local speech renders in a call (the agent, ``call.say``, callees, stubs) is known with its
text (``spoken``). A stretch of sound is looked up among these renderings by cross-correlation; from there
on it is only checked, 100 ms at a time, that the sound goes on as the rendering does. Words whose time has
been heard are on the ``Stream``. So a sentence that was cut off is heard up to the cut, and one that never
reached the line is not heard at all. Compared at 4 kHz: speech is below, and resampling, mu-law and Opus
leave it alone there. Levels do not matter; two voices at once are told as long as one is louder.

What is heard and was never rendered (music, a real provider's voice) is no words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from voxrun.media.frames import FRAME_MS, SAMPLE_RATE
from voxrun.replay.people import AUDIBLE, Sound
from voxrun.replay.timeline import Stream, Utterance

Wave: TypeAlias = npt.NDArray[np.float32]

DECIMATE: Final = 4
RATE: Final = SAMPLE_RATE // DECIMATE
BLOCK_MS: Final = 100
PROBE_MS: Final = 300
"""Sound that is needed to look a rendering up."""
ALIKE: Final = 0.5
"""Correlation from which two pieces are the same sound."""
SURELY: Final = 0.7
"""Correlation that finds a rendering: more, because there are many places to find it by chance."""
CERTAIN: Final = 0.9
"""Correlation from which nothing else has to be compared."""
SOFT: Final = 40.0
"""Root mean square of a block that says nothing either way: a pause in the speech."""
LOUD: Final = 4
"""How many times louder than ``SOFT`` a block is that cannot be the noise of a pause."""
LATE_MS: Final = 60
"""A word counts as heard when all of it but this was."""


@dataclass(frozen=True, slots=True)
class _Rendering:
    """A text as it was spoken. Sound is in [``first``, ``last``) ms of it."""

    text: str
    wave: Wave
    first: int
    last: int

    @property
    def words(self) -> list[tuple[str, int, int]]:
        """Each word with its time [begin, end) in ms, as if every character took as long as any other."""
        found, position, size = [], 0, max(1, len(self.text))
        for part in self.text.split():
            begin = self.first + position * (self.last - self.first) // size
            end = self.first + (position + len(part)) * (self.last - self.first) // size
            found.append((part, begin, end))
            position += len(part) + 1
        return found


@dataclass(slots=True)
class _Found:
    """The rendering that is being heard."""

    rendering: _Rendering
    utterance: Utterance
    begins: int
    """Milliseconds of the timeline at which the rendering's first sample sounded (or would have)."""
    heard_from: int
    """Milliseconds of the rendering that were over when it was recognised."""
    heard_to: int = 0
    """Milliseconds of it that were heard so far."""


class Hearing:
    """One person's understanding. ``stream`` grows when ``listen`` is called."""

    def __init__(self, sound: Sound, spoken: dict[str, list[bytes]], stream: Stream) -> None:
        self.stream = stream
        self._sound = sound
        self._spoken = spoken
        self._known: dict[int, _Rendering] = {}
        self._stretch = 0
        """Index of the stretch that is being listened to."""
        self._done = 0
        """Milliseconds of the timeline up to which it was."""
        self._found: _Found | None = None
        self._before: _Found | None = None
        """The rendering that was heard until the latest interruption of the sound."""

    def listen(self, now: int) -> None:
        """Understand what was heard up to ``now``."""
        while self._stretch < len(self._sound.stretches):
            start, end = self._sound.stretches[self._stretch]
            self._done = max(self._done, start)
            over = now > end + BLOCK_MS
            self._follow(end, over)
            if not over:
                return
            self._stretch += 1

    @property
    def length_ms(self) -> int | None:
        """How long the rendering is that is being heard; None when none is."""
        return self._found.rendering.last if self._found else None

    def _follow(self, end: int, over: bool) -> None:
        while True:
            left = end - self._done
            if left <= 0 or (left < BLOCK_MS and not over):
                return
            if self._found is not None and self._goes_on(min(BLOCK_MS, left)):
                continue
            self._finish()
            if left < PROBE_MS and not over:
                return
            if not self._look_up(min(PROBE_MS, left)):
                self._done += BLOCK_MS

    def _goes_on(self, length: int) -> bool:
        """Check one more block against the rendering."""
        found = self._found
        assert found is not None
        heard = self._wave(self._done, self._done + length)
        at = (self._done - found.begins) * RATE // 1000
        expected = found.rendering.wave[max(0, at) : at + heard.size]
        if expected.size < heard.size // 2:
            return False
        heard = heard[: expected.size]
        # Sound where the rendering pauses is another one, that began in what was a pause of this.
        if _alike(heard, expected) < ALIKE and max(_rms(expected), _rms(heard) / LOUD) > SOFT:
            return False
        self._done += length
        self._tell()
        return True

    def _look_up(self, length: int) -> bool:
        """Find the rendering that a piece of sound is from."""
        probe = self._wave(self._done, self._done + length)
        if _rms(probe) < SOFT / 2:
            return False
        best, place, which = SURELY, 0, None
        # The latest first: it is most likely the one, and then nothing else is looked at.
        for text, renderings in reversed(self._spoken.items()):
            for pcm in renderings:
                rendering = self._rendering(text, pcm)
                score, at = _find(probe, rendering.wave)
                if score > best + 1e-6:
                    best, place, which = score, at, rendering
            if best > CERTAIN:
                break
        if which is None:
            return False
        into = place * 1000 // RATE
        self._found = self._resume(which, into) or _Found(
            which, self.stream.begin(self._done), self._done - into, into
        )
        self._done += length
        self._tell()
        return True

    def _resume(self, rendering: _Rendering, into: int) -> _Found | None:
        """The utterance before, where its rendering goes on after a gap in the sound (a slow network)."""
        before = self._before
        if before is None or before.rendering is not rendering:
            return None
        if abs(into - before.heard_to) > 2 * BLOCK_MS or before.utterance is not self.stream.utterances[-1]:
            return None
        before.utterance.final = False
        return _Found(rendering, before.utterance, self._done - into, before.heard_from)

    def _tell(self) -> None:
        """Put the words on the stream whose time has been heard."""
        found = self._found
        assert found is not None
        found.heard_to = self._done - found.begins
        heard_to = found.heard_to + LATE_MS
        heard_from = found.heard_from - LATE_MS - BLOCK_MS  # it may have been looked up a block late
        words = [
            word for word, begin, end in found.rendering.words if begin >= heard_from and end <= heard_to
        ]
        self.stream.grow(found.utterance, " ".join(words), self._done)

    def _finish(self) -> None:
        if self._found is not None:
            self._found.utterance.final = True
            self._before, self._found = self._found, None

    def _wave(self, start: int, end: int) -> Wave:
        return _decimated(self._sound.pcm(start, max(end, start + FRAME_MS)))

    def _rendering(self, text: str, pcm: bytes) -> _Rendering:
        key = id(pcm)  # the audio lives as long as the call does
        if key not in self._known:
            first, last = _extent(pcm)
            self._known[key] = _Rendering(text, _decimated(pcm), first, last)
        return self._known[key]


def _extent(pcm: bytes) -> tuple[int, int]:
    """Where sound begins and ends in ``pcm``, ms."""
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) >= AUDIBLE)
    if loud.size == 0:
        return 0, len(pcm) // 32
    return int(loud[0]) * 1000 // SAMPLE_RATE, int(loud[-1]) * 1000 // SAMPLE_RATE + 1


def _decimated(pcm: bytes) -> Wave:
    """16 kHz s16le as 4 kHz floats: the mean of four is filter enough for comparing."""
    samples = np.frombuffer(pcm, "<i2", count=len(pcm) // 2 // DECIMATE * DECIMATE)
    wave: Wave = samples.reshape(-1, DECIMATE).mean(axis=1, dtype=np.float32)
    return wave


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave * wave))) if wave.size else 0.0


def _alike(one: Wave, other: Wave) -> float:
    """Correlation of two pieces of equal length, the best within 1 ms."""
    if one.size < 8:
        return 1.0
    best = 0.0
    for shift in range(-4, 5):
        a = one[max(0, shift) : one.size + min(0, shift)]
        b = other[max(0, -shift) : other.size + min(0, -shift)]
        energy = float(np.dot(a, a)) * float(np.dot(b, b))
        if energy > 0:
            best = max(best, float(np.dot(a, b)) / energy**0.5)
    return best


def _find(probe: Wave, wave: Wave) -> tuple[float, int]:
    """The best normalised correlation of ``probe`` with a part of ``wave``, and where that begins."""
    if wave.size < probe.size:
        wave = np.concatenate((wave, np.zeros(probe.size - wave.size, np.float32)))
    size = 1 << (wave.size + probe.size - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(wave, size) * np.conj(np.fft.rfft(probe, size)), size)
    products = products[: wave.size - probe.size + 1]
    total = np.concatenate(([0.0], np.cumsum(wave.astype(np.float64) ** 2)))
    energy = (total[probe.size :] - total[: -probe.size]) * float(np.dot(probe, probe))
    scores = np.where(energy > 1.0, products / np.sqrt(np.maximum(energy, 1.0)), 0.0)
    best = int(np.argmax(scores))
    return float(scores[best]), best
