"""``PhraseMatcher``: recognises which of some phrases an utterance is, by comparing sounds.

Each phrase is rendered with each of a few voices; the utterance is the phrase whose rendering it resembles,
if it resembles one enough and no other about as much. It knows nothing of words: it is for call scripts,
where the caller speaks with a voice of ours, and there it is fast (a few ms), dependable and the same on
every run. People are for ``dictation``.

Every comparison takes the utterance as it finds it: the references are brought to its level, and what its
own noise would hide is hidden in them as well, before both are cut to where speech is and aligned.
Distances are squared steps of 0.75 dB, summed over the bands, mean over the frames (``alignment``).
Measured with espeak and piper over 24 phrases, what belongs together stays under 160 through level changes,
mu-law, Opus at 16 kb/s, lost frames and white noise at 10 dB; strangers begin at 360.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from voxrun.speech.alignment import FAR, distances, worst_stretch
from voxrun.speech.base import Speech, Voice
from voxrun.speech.engines import pick_engine
from voxrun.speech.features import Features, Ints, analyse, steps

DEFAULT_VOICES: Final = (Voice(), Voice("espeak"))
"""The natural voice where there is one, and the robot."""

NEAR_ENOUGH: Final = 280
"""The largest distance of an utterance from its phrase."""
WORST_STRETCH: Final = 1500
"""The largest mean distance of any 100 ms: a different word in a long sentence is more, a lost frame less."""
STRETCH_FRAMES: Final = 10
HOMOPHONES: Final = 60
"""Phrases of the list nearer to each other than this sound the same; the first one is given."""

MOST_DECIDED: Final = 1000
"""Utterances whose phrase is remembered: in call scripts the same sentence is said again and again."""

AUDIBLE: Final = steps(70)
"""Energy of speech at about -60 dBFS; everything softer is silence."""
_FLOOR: Final = steps(48)
"""What is this far under the voice's level does not count."""
QUIETEST: Final = steps(42)
"""Speech begins and ends where it comes this near to the voice's level, or ..."""
_ABOVE_NOISE: Final = steps(6)
"""... this far above the noise, if that is more."""
_NOISE_CAP: Final = steps(15)
"""Noise is believed to be at least this far under the voice: a short loud utterance is not all noise."""
_DYNAMICS: Final = steps(8)
"""Speech rises at least this far above the quietest tenth of its frames; a steady noise does not."""
_OPEN: Final = steps(36)
"""Where noise leaves less than this between level and floor, distances shrink, and so does what is near."""
MARGIN: Final = 8
"""Frames kept around speech, so that a boundary found 80 ms off still aligns."""
_SHORTEST, _LONGEST = 66, 150
"""Length of a reference in percent of the utterance's; others are not compared."""


References: TypeAlias = Mapping[str, tuple[Features, ...]]
"""Phrase -> what it sounds like, in each voice."""


class Match(Struct, frozen=True):
    """A decision and what it rests on: ``phrase`` (None: none of them), the nearest phrase and its distance,
    the distance of the next one, and the worst 100 ms (``FAR`` where there is none)."""

    phrase: str | None
    nearest: str | None = None
    distance: int = FAR
    runner_up: int = FAR
    worst: int = FAR

    @property
    def confidence(self) -> int:
        """How near the phrase is: 100 for its very rendering, 50 for what is only just near enough."""
        return 100 - 50 * min(self.distance, NEAR_ENOUGH) // NEAR_ENOUGH


class PhraseMatcher:
    """``Recogniser`` by comparison with renderings of the phrases in ``voices``."""

    def __init__(self, speech: Speech, voices: Iterable[Voice] = DEFAULT_VOICES) -> None:
        """Raises ``ConfigError`` when a voice's engine is not installed."""
        self._speech = speech
        self._voices = tuple(dict.fromkeys(replace(pick_engine(voice), volume=100) for voice in voices))
        self._known: dict[str, tuple[Features, ...]] = {}
        self._decided: OrderedDict[tuple[bytes, tuple[str, ...]], Match] = OrderedDict()
        """By the digest of the audio and the phrases."""

    async def prepare(self, phrases: Iterable[str]) -> None:
        """Render what is not known yet, so that the first decision need not wait for it."""
        for phrase in phrases:
            if phrase not in self._known:
                rendered = [await self._speech.render(phrase, voice) for voice in self._voices]
                analysed = (analyse(pcm) for pcm in rendered)
                self._known[phrase] = tuple(item for item in analysed if item is not None)

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        """Which of ``phrases`` was said in ``pcm`` (16 kHz mono s16le); None when none of them was."""
        return (await self.match(pcm, phrases)).phrase

    async def match(self, pcm: bytes, phrases: tuple[str, ...]) -> Match:
        """As ``recognise``, with the figures the decision rests on."""
        known = await self.references(phrases)
        return await asyncio.get_running_loop().run_in_executor(None, self._decide, pcm, known)

    def _decide(self, pcm: bytes, known: References) -> Match:
        """The decision, made once: the same samples and phrases give the same."""
        key = hashlib.sha256(pcm).digest(), tuple(known)
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = decide(pcm, known)
            if len(self._decided) > MOST_DECIDED:
                self._decided.popitem(last=False)
        return found

    async def references(self, phrases: tuple[str, ...]) -> References:
        """What ``phrases`` sound like."""
        await self.prepare(phrases)
        return {phrase: self._known[phrase] for phrase in phrases}


def decide(pcm: bytes, known: References) -> Match:
    """Compare ``pcm`` with the references of each phrase."""
    utterance = analyse(pcm)
    if utterance is None or not is_voice(utterance):
        return Match(None)
    hearing = Conditions.of(utterance)
    heard = hearing.apply(utterance)
    candidates = [
        (phrase, shape)
        for phrase, references in known.items()
        for shape in map(hearing.apply, references)
        if _comparable(heard, shape)
    ]
    if not candidates:
        return Match(None)
    found = distances(heard, [shape for _, shape in candidates])
    best: dict[str, tuple[int, int]] = {}  # phrase -> distance, candidate
    for index, ((phrase, _), distance) in enumerate(zip(candidates, found, strict=True)):
        best[phrase] = min(best.get(phrase, (FAR, index)), (distance, index))
    order = sorted(best, key=lambda phrase: best[phrase][0])  # stable: ties in the list's order
    distance, index = best[order[0]]
    if distance >= FAR:
        return Match(None)
    shape = candidates[index][1]
    close = [p for p in order if not clearly(distance, best[p][0])]
    alike = [p for p in close if p == order[0] or _same_sound(shape, candidates[best[p][1]][1])]
    nearest = next(phrase for phrase in known if phrase in alike)
    runner_up = next((best[p][0] for p in order if p not in alike), FAR)
    worst = worst_stretch(heard, shape, STRETCH_FRAMES)
    sure = distance <= hearing.near_enough and worst <= WORST_STRETCH and clearly(distance, runner_up)
    return Match(nearest if sure else None, nearest, distance, runner_up, worst)


def is_voice(utterance: Features) -> bool:
    """Whether there is something in it that is loud enough, and not always as loud."""
    quiet = int(np.sort(utterance.energy)[len(utterance.energy) // 10])
    return utterance.peak >= AUDIBLE and utterance.peak - quiet >= _DYNAMICS


def clearly(distance: int, runner_up: int) -> bool:
    """Whether the best is far enough ahead of the second."""
    return runner_up >= distance + max(40, distance // 2)


def _comparable(heard: Ints, shape: Ints) -> bool:
    return _SHORTEST * len(heard) <= 100 * len(shape) <= _LONGEST * len(heard)


def _same_sound(one: Ints, other: Ints) -> bool:
    return _comparable(one, other) and distances(one, [other])[0] < HOMOPHONES


class Conditions(Struct, frozen=True):
    """The conditions of one utterance, applied to it and to all it is compared with."""

    level: int
    floor: Ints
    """By band, in steps: below this nothing is told apart."""
    threshold: int
    """Energy from which on a frame is speech."""

    @classmethod
    def of(cls, utterance: Features) -> Conditions:
        tenth = len(utterance.bands) // 10
        level = utterance.peak
        noise = np.sort(utterance.bands, axis=0)[tenth] + steps(4)
        quiet = int(np.sort(utterance.energy)[tenth]) + _ABOVE_NOISE
        floor = np.maximum(np.minimum(noise, level - _NOISE_CAP), level - _FLOOR)
        threshold = max(min(quiet, level - _NOISE_CAP), level - QUIETEST)
        return cls(level, floor.astype(np.int32), threshold)

    @property
    def near_enough(self) -> int:
        """``NEAR_ENOUGH``, less where noise hides most of the differences."""
        return NEAR_ENOUGH * min(_OPEN, self.level - int(np.sum(self.floor) // len(self.floor))) // _OPEN

    def apply(self, features: Features) -> Ints:
        """Frames at this level and above this floor, from a little before speech to a little after it.

        Values are steps around zero. The loudest frames are always speech, so some are left.
        """
        shift = self.level - features.peak
        speech = np.flatnonzero(features.energy + shift >= self.threshold)
        first, last = int(speech[0]) - MARGIN, int(speech[-1]) + 1 + MARGIN
        before, after = max(0, -first), max(0, last - len(features.bands))
        kept = np.maximum(features.bands[max(0, first) : last] + shift, self.floor)
        padded = np.concatenate((np.tile(self.floor, (before, 1)), kept, np.tile(self.floor, (after, 1))))
        result: Ints = (padded - self.level + _NOISE_CAP).astype(np.int32)
        return result
