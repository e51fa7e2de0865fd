"""The words of an utterance that still goes on, by comparing it with the beginnings of phrases.

What has been said so far is held against as much of each phrase's rendering. Where several phrases begin
alike, the words that they share are known, and no more ("book a" of "book a room" and "book a table").
"""

from __future__ import annotations

from typing import Final

import numpy as np

from voxrun.speech.alignment import FAR, distances
from voxrun.speech.features import Features, analyse, voice_level
from voxrun.speech.phrases import MARGIN, QUIETEST, Conditions, References, clearly, is_voice

SHORTEST_FRAMES: Final = 30
"""Speech needed to tell phrases apart (300 ms)."""


def words_so_far(pcm: bytes, known: References) -> str:
    """The words that were said in ``pcm`` (16 kHz mono s16le), as the nearest phrase spells them."""
    utterance = analyse(pcm)
    if utterance is None or not is_voice(utterance):
        return ""
    conditions = Conditions.of(utterance)
    heard = conditions.apply(utterance)[:-MARGIN]
    length = len(heard) - MARGIN
    if length < SHORTEST_FRAMES:
        return ""
    candidates = []
    for phrase, references in known.items():
        for reference in references:
            first, last = _extent(reference)
            if last - first >= length:  # else all of it was said: whatever goes on is something else
                shape = conditions.apply(_beginning(reference, first + length))[:-MARGIN]
                candidates.append((phrase, _words_until(phrase, length, last - first), shape))
    found = distances(heard, [shape for _, _, shape in candidates])
    best: dict[str, tuple[int, str]] = {}  # phrase -> distance, its words that are over by now
    for (phrase, words, _), distance in zip(candidates, found, strict=True):
        best[phrase] = min(best.get(phrase, (FAR, "")), (distance, words))
    if not best:
        return ""
    nearest = min(best, key=lambda phrase: best[phrase][0])
    distance, words = best[nearest]
    if distance > conditions.near_enough:
        return ""
    alike = [text for far, text in best.values() if not clearly(distance, far)]
    return _shared(words, alike)


def _extent(reference: Features) -> tuple[int, int]:
    """Frames [first, last) in which there is speech."""
    speech = np.flatnonzero(reference.energy >= reference.peak - QUIETEST)
    return int(speech[0]), int(speech[-1]) + 1


def _beginning(reference: Features, frames: int) -> Features:
    energy = reference.energy[:frames]
    return Features(reference.bands[:frames], energy, voice_level(energy))


def _words_until(phrase: str, length: int, whole: int) -> str:
    """The words of ``phrase`` that are over after ``length`` of its ``whole`` frames, as if every character
    took as long as any other."""
    position, found = 0, []
    for word in phrase.split():
        position += len(word)
        if position * whole > length * len(phrase):
            break
        found.append(word)
        position += 1
    return " ".join(found)


def _shared(words: str, others: list[str]) -> str:
    """The first words of ``words`` that all ``others`` begin with."""
    found = []
    for index, word in enumerate(words.split()):
        column = [other.split()[index : index + 1] for other in others]
        if any([each.lower() for each in one] != [word.lower()] for one in column):
            break
        found.append(word)
    return " ".join(found)
