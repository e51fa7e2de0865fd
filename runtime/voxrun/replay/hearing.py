"""Which words are in the audio that somebody heard: aligned comparison with what was spoken in the call.

Everything that local speech renders in a call (the agent, ``call.say``, callees, stubs), and what the voice
AI of a cassette said, is known with its text (``spoken``). A stretch of sound is looked up among these
renderings by cross-correlation; from there on it is only checked, 100 ms at a time, that the sound goes on
as the rendering does. Words whose time has been heard are on the ``Stream``. So a sentence that was cut off
is heard up to the cut, and one that never reached the line is not heard at all. Sounds are compared as in
``waves``; two voices at once are told as long as one is louder.

What is heard and is not known (music, a real provider's voice) is no words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from voxrun.media.frames import FRAME_MS, SAMPLE_RATE
from voxrun.replay.people import Sound
from voxrun.replay.texts import words
from voxrun.replay.timeline import Stream, Utterance
from voxrun.replay.waves import DECIMATE, RATE, Wave, decimated, find, find_in, likeness, rms, shape

BYTES_PER_MS: Final = 2 * SAMPLE_RATE // 1000
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
MOST_DISTURBED: Final = 2
"""Blocks in a row that may be no copy of the rendering while what is before them is."""
SHIFT_MS: Final = 80
"""How far a sound may be off its rendering where frames were lost or added."""
LATE_MS: Final = 60
"""A word counts as heard when all of it but this was."""
MOST_AHEAD_MS: Final = 1000
"""How far ahead it is believed that a sound goes on as it does."""
BLOCK: Final = BLOCK_MS * RATE // 1000
MOST_BLOCKS: Final = 20
"""Compared in one go."""


class _Rendering:
    """A text as it was spoken. Sound is in [``first``, ``last``) ms of it.

    ``words`` is each word with its time [begin, end) in ms, as if every character took as long as any other.
    """

    def __init__(self, text: str, pcm: bytes) -> None:
        self.text = text
        self.pcm = pcm
        self.wave, self.first, self.last = shape(pcm)
        self.words: list[tuple[str, int, int]] = []
        position, size = 0, max(1, len(text))
        for part in text.split():
            begin = self.first + position * (self.last - self.first) // size
            end = self.first + (position + len(part)) * (self.last - self.first) // size
            self.words.append((part, begin, end))
            position += len(part) + 1


class _Found(Struct):
    """The rendering that is being heard."""

    rendering: _Rendering
    utterance: Utterance
    begins: int
    """Milliseconds of the timeline at which the rendering's first sample sounded (or would have)."""
    heard_from: int
    """Milliseconds of the rendering that were over when it was recognised."""
    heard_to: int = 0
    """Milliseconds of it that were heard so far."""
    told: int = 0
    """Words of it that are on the stream."""


class Hearing:
    """One person's understanding. ``stream`` grows when ``listen`` is called."""

    def __init__(self, sound: Sound, spoken: dict[str, list[bytes]], stream: Stream) -> None:
        self.stream = stream
        self._sound = sound
        self._spoken = spoken
        self._known: dict[int, _Rendering] = {}
        self._now = 0
        self._stretch = 0
        """Index of the stretch that is being listened to."""
        self._done = 0
        """Milliseconds of the timeline up to which it was."""
        self._found: _Found | None = None
        self._before: _Found | None = None
        """The rendering that was heard until the latest interruption of the sound."""

    def listen(self, now: int) -> None:
        """Understand what was heard up to ``now``."""
        self._now = now
        stretches = self._sound.stretches
        while self._stretch < len(stretches):
            start, end = stretches[self._stretch]
            self._done = max(self._done, start)
            over = now > end + BLOCK_MS
            self._follow(end, over)
            if not over or self._stretch == len(stretches) - 1:
                return  # the last one may go on even so: a live line stalls
            self._stretch += 1

    def due(self, wanted: Sequence[str] = ()) -> int | None:
        """When to listen next (ms of the timeline) for ``wanted`` (words), if the sound goes on as it does;
        None: not before another sound begins."""
        if self._stretch >= len(self._sound.stretches):
            return None
        end = self._sound.stretches[self._stretch][1]
        if self._now > end + BLOCK_MS:
            return None
        if self._now >= end:  # it seems to be over, and is so for certain after a block of silence
            return end + BLOCK_MS + 1
        if self._found is None:
            return self._done + PROBE_MS
        blocks = -(-(self._soonest(self._found, wanted) - self._found.heard_to) // BLOCK_MS)
        return min(self._done + max(1, blocks) * BLOCK_MS, self._now + MOST_AHEAD_MS)

    @staticmethod
    def _soonest(found: _Found, wanted: Sequence[str]) -> int:
        """How much of the rendering must be heard before the last of the wanted words can be."""
        for text, _, end in found.rendering.words:
            if end > found.heard_to + LATE_MS and wanted and wanted[-1] in words(text):
                return end - LATE_MS
        return found.rendering.last

    @property
    def length_ms(self) -> int | None:
        """How long the rendering is that is being heard; None when none is."""
        return self._found.rendering.last if self._found else None

    def _follow(self, end: int, over: bool) -> None:
        while True:
            left = end - self._done
            if left <= 0 or (left < BLOCK_MS and not over):
                return
            if self._found is not None and (
                self._goes_on_exactly(left) or self._goes_on_long(left) or self._goes_on(min(BLOCK_MS, left))
            ):
                continue
            if self._found is not None and self._shifted(min(2 * BLOCK_MS, left)):
                continue
            self._finish()
            if left < PROBE_MS and not over:
                return
            if not self._look_up(min(PROBE_MS, left)):
                self._done += BLOCK_MS

    def _goes_on_exactly(self, left: int) -> bool:
        """Whether what is there are the very samples of the rendering: then nothing has to be compared."""
        found = self._found
        assert found is not None
        whole = min(left // BLOCK_MS, MOST_BLOCKS) * BLOCK_MS or left
        at = (self._done - found.begins) * BYTES_PER_MS
        if at < 0 or not found.rendering.pcm.startswith(self._pcm(self._done, self._done + whole), at):
            return False
        until = self._done + whole
        while self._done < until:
            self._done = min(until, self._done + BLOCK_MS)
            self._tell()
        return True

    def _goes_on_long(self, left: int) -> bool:
        """Check the blocks that are there all at once; False where the first is not simply as expected."""
        found = self._found
        assert found is not None
        at = (self._done - found.begins) * RATE // 1000
        count = min(left // BLOCK_MS, MOST_BLOCKS, (found.rendering.wave.size - at) // BLOCK)
        if at < 0 or count < 2:
            return False
        heard = self._wave(self._done, self._done + count * BLOCK_MS).reshape(count, BLOCK)
        expected = found.rendering.wave[at : at + count * BLOCK].reshape(count, BLOCK)
        powers = np.einsum("ij,ij->i", heard, heard), np.einsum("ij,ij->i", expected, expected)
        alike = np.einsum("ij,ij->i", heard, expected) >= ALIKE * np.sqrt(powers[0] * powers[1])
        quiet = np.maximum(powers[1], powers[0] / LOUD**2) <= SOFT * SOFT * BLOCK
        right = (alike & (powers[0] * powers[1] > 0)) | quiet
        good = count if right.all() else int(np.argmin(right))
        for _ in range(good):
            self._done += BLOCK_MS
            self._tell()
        return good > 0

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
        if likeness(heard, expected) < ALIKE and max(rms(expected), rms(heard) / LOUD) > SOFT:
            return False
        self._done += length
        self._tell()
        return True

    def _shifted(self, length: int) -> bool:
        """Whether the rendering goes on a little earlier or later than it did: in real time a frame is left
        out here and there, or one of silence comes in between."""
        found = self._found
        assert found is not None
        if length < BLOCK_MS:
            return False
        into = self._nearby(found.rendering, self._done - found.begins, self._done, length, CERTAIN)
        if into is None:
            return False
        found.begins = self._done - into
        self._done += BLOCK_MS
        self._tell()
        return True

    def _nearby(self, rendering: _Rendering, into: int, at: int, length: int, least: float) -> int | None:
        """Where in a rendering, near ``into`` ms, the sound of [at, at + length) is from; None: it is not."""
        probe = self._wave(at, at + length)
        if rms(probe) < SOFT / 2:
            return None
        start = max(0, into - SHIFT_MS) * RATE // 1000
        near = rendering.wave[start : max(0, into + length + SHIFT_MS) * RATE // 1000]
        if near.size < probe.size:
            return None
        score, place = find(probe, near)
        return (start + place) * 1000 // RATE if score >= least else None

    def _reach_back(self, rendering: _Rendering, into: int, since: int) -> int:
        """How much of a rendering was over when its sound began: what came before it was recognised (``into``
        ms of it) may have been too short, or too much disturbed, to recognise it by."""
        at, before, disturbed = self._done, into, 0
        while before > rendering.first and at - BLOCK_MS >= since and disturbed <= MOST_DISTURBED:
            at, before = at - BLOCK_MS, before - BLOCK_MS
            heard = self._wave(at, at + BLOCK_MS)
            expected = rendering.wave[max(0, before) * RATE // 1000 :][: heard.size]
            quiet = max(rms(heard) / LOUD, rms(expected)) <= SOFT
            found = before if quiet else self._nearby(rendering, before, at, BLOCK_MS, ALIKE)
            disturbed += 1
            if found is not None:
                into, before, disturbed = before, min(before, found), 0
        return max(0, into)

    def _look_up(self, length: int) -> bool:
        """Find the rendering that a piece of sound is from."""
        pcm = self._pcm(self._done, self._done + length)
        which, place = self._exactly(pcm) or self._nearest(decimated(pcm)) or (None, 0)
        if which is None:
            return False
        into = place * 1000 // RATE
        self._found = self._resume(which, into) or self._begun(which, into)
        self._done += length
        self._tell()
        return True

    def _begun(self, rendering: _Rendering, into: int) -> _Found:
        """An utterance that has begun: ``into`` ms of its rendering are over."""
        before = self._before
        since = before.begins + before.heard_to if before is not None else 0
        heard_from = self._reach_back(rendering, into, since)
        return _Found(rendering, self.stream.begin(self._done), self._done - into, heard_from)

    # The latest first: it is most likely the one, and then nothing else is looked at.

    def _exactly(self, pcm: bytes) -> tuple[_Rendering, int] | None:
        """The rendering that has these very samples, and where: nothing was done to them on the way."""
        if rms(decimated(pcm)) < SOFT / 2:
            return None
        for text, renderings in reversed(self._spoken.items()):
            for known in renderings:
                at = known.find(pcm)
                if at >= 0 and at % (2 * DECIMATE) == 0:
                    return self._rendering(text, known), at // (2 * DECIMATE)
        return None

    def _nearest(self, probe: Wave) -> tuple[_Rendering, int] | None:
        """The rendering that sounds like it, and where."""
        if rms(probe) < SOFT / 2:
            return None
        best, place, which = SURELY, 0, None
        for text, renderings in reversed(self._spoken.items()):
            for pcm in renderings:
                score, at = find_in(probe, pcm)
                if score > best + 1e-6:
                    best, place, which = score, at, self._rendering(text, pcm)
            if best > CERTAIN:
                break
        return None if which is None else (which, place)

    def _resume(self, rendering: _Rendering, into: int) -> _Found | None:
        """The utterance before, where its rendering goes on after a pause or a gap (a slow network)."""
        before = self._before
        if before is None or before.rendering is not rendering:
            return None
        # It waited; or it went on, a little shifted; or some of both, where a machine was held up.
        waited, went_on = before.heard_to, self._done - before.begins
        if not waited - 2 * BLOCK_MS <= into <= went_on + 2 * BLOCK_MS:
            return None
        if before.utterance is not self.stream.utterances[-1]:
            return None
        before.utterance.final = False
        return _Found(rendering, before.utterance, self._done - into, before.heard_from, told=before.told)

    def _tell(self) -> None:
        """Put the words on the stream whose time has been heard."""
        found = self._found
        assert found is not None
        found.heard_to = self._done - found.begins
        heard_to = found.heard_to + LATE_MS
        heard_from = found.heard_from - LATE_MS - BLOCK_MS  # it may have been looked up a block late
        told = [word for word, begin, end in found.rendering.words if begin >= heard_from and end <= heard_to]
        if len(told) != found.told:
            found.told = len(told)
            self.stream.grow(found.utterance, " ".join(told), self._done)

    def _finish(self) -> None:
        if self._found is not None:
            self._found.utterance.final = True
            self._before, self._found = self._found, None

    def _wave(self, start: int, end: int) -> Wave:
        return decimated(self._pcm(start, end))

    def _pcm(self, start: int, end: int) -> bytes:
        return self._sound.pcm(start, max(end, start + FRAME_MS))

    def _rendering(self, text: str, pcm: bytes) -> _Rendering:
        key = id(pcm)  # the audio lives as long as the call does
        if key not in self._known:
            self._known[key] = _Rendering(text, pcm)
        return self._known[key]
