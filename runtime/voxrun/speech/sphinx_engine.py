"""pocketsphinx with a grammar made from phrases. Imported by the speech process only.

The grammar always finds its most likely phrase, so a decision needs a reject: every word's sound has to be
likely enough by itself, and the words have to cover the speech. Digital silence and very clean synthetic
voices are unlike anything the model was trained on; a little noise, always the same, repairs that (of 24
phrases spoken by espeak 13 were right without it and 23 with it).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from pocketsphinx import Decoder

from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.levels import samples, to_pcm
from voxrun.speech.base import Heard
from voxrun.speech.features import Features, analyse, steps
from voxrun.speech.pronounce import phones_of

LEAST_LIKELY_WORD: Final = -5.5
"""Mean log density of a word's frames (a natural logarithm); words that were not said are mostly below."""
NOISE_DB: Final = 36.0
"""Added noise is this far under the voice."""
COVERED_PERCENT: Final = 80
"""Share of the loud frames that must lie in words."""
_SLACK: Final = 6
"""Frames by which the decoder's word boundaries may be off."""
_PAD_FRAMES: Final = 3
"""Counts with each word, so that a very short one is not judged by two frames."""
_AUDIBLE: Final = steps(70)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def grammar(sentences: list[list[str]]) -> str:
    """JSGF: one of the sentences."""
    choices = " | ".join(" ".join(words) for words in sentences)
    return f"#JSGF V1.0;\ngrammar phrases;\npublic <phrase> = {choices};\n"


class SphinxEngine:
    """The acoustic model and dictionary, loaded; ``recognise`` is for forked copies."""

    def __init__(self, ipa: Callable[[str], str]) -> None:
        """``ipa`` gives the pronunciation of a word the dictionary lacks."""
        self._ipa = ipa
        self._decoder: Any = Decoder(lm=None, loglevel="FATAL", samprate=SAMPLE_RATE)

    def recognise(self, pcm: bytes, phrases: list[str]) -> str | None:
        """Which of ``phrases`` was said in ``pcm`` (16 kHz mono s16le)."""
        heard = self.hear(pcm, phrases)
        return None if heard is None else heard.text

    def hear(self, pcm: bytes, phrases: list[str]) -> Heard | None:
        """The same, with how sure it is: by the word whose sound is least likely."""
        features = analyse(pcm)
        if features is None or features.peak < _AUDIBLE:
            return None
        sentences: dict[str, str] = {}
        for phrase in phrases:
            words = self._words(phrase)
            if words:
                sentences.setdefault(" ".join(words), phrase)
        if not sentences:
            return None
        decoder = self._decoder
        decoder.add_jsgf_string("phrases", grammar([sentence.split() for sentence in sentences]))
        decoder.activate_search("phrases")
        decoder.start_utt()
        decoder.process_raw(_roughened(pcm), full_utt=True)
        decoder.end_utt()
        best = decoder.hyp()
        if best is None or best.hypstr not in sentences:  # half a phrase is none
            return None
        likelihood = _least_likely(list(decoder.seg()), features)
        if likelihood < LEAST_LIKELY_WORD:
            return None
        return Heard(sentences[best.hypstr], _percent(likelihood))

    def _words(self, phrase: str) -> list[str]:
        """The phrase in words the decoder knows; unknown ones are taught to it under safe names."""
        words = []
        for word in _WORD.findall(phrase.lower().replace("’", "'")):
            if word.isascii() and self._decoder.lookup_word(word) is not None:
                words.append(word)
                continue
            name = "w" + word.encode("utf-8").hex()
            if self._decoder.lookup_word(name) is None:
                phones = phones_of(self._ipa(word))
                if not phones:
                    return []
                self._decoder.add_word(name, phones, True)
            words.append(name)
        return words


def _least_likely(segments: list[Any], features: Features) -> float:
    """Mean log density of the least likely word; minus infinity where the words do not cover the speech."""
    loud = features.energy >= features.peak - steps(15)
    covered = np.zeros(len(loud), bool)
    least = 0.0
    for segment in segments:
        if segment.word.startswith("<"):
            continue
        frames = segment.end_frame - segment.start_frame + 1
        least = min(least, math.log(max(segment.ascore, 1e-300)) / (frames + _PAD_FRAMES))
        covered[max(0, segment.start_frame - _SLACK) : segment.end_frame + 1 + _SLACK] = True
    whole = int((loud & covered).sum()) * 100 >= COVERED_PERCENT * int(loud.sum())
    return least if whole else -math.inf


def _percent(likelihood: float) -> int:
    """50 for a word that is only just believed, 100 for one that could not be likelier."""
    return round(100 - 50 * likelihood / LEAST_LIKELY_WORD)


def _roughened(pcm: bytes) -> bytes:
    """The utterance with white noise ``NOISE_DB`` under its loud parts, at least one step strong."""
    values = samples(pcm).astype(np.float64)
    whole = values[: values.size // 320 * 320].reshape(-1, 320)
    level = np.sqrt(np.quantile((whole**2).mean(axis=1), 0.9)) * 10 ** (-NOISE_DB / 20)
    return to_pcm(values + np.random.default_rng(1).normal(size=values.size) * max(1.0, level))
