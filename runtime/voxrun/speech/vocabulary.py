"""``Transcriber`` for call scripts: callers speak with voices of ours, and the script has their words.

The vocabulary is a list of phrases, not when or in which order they come: what is understood is decided by
sound alone (``speech.phrases``). What a scenario hints at is looked up where no phrase was
heard; where one was, it gives its spelling.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Final

from voxrun.speech.base import Heard
from voxrun.speech.phrases import PhraseMatcher
from voxrun.speech.unfinished import words_so_far

MOST_HINTS: Final = 200
"""Hints that are compared with what was heard: each has to be spoken first, which takes its time."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class VocabularyTranscriber:
    """Knows ``phrases`` and what a scenario hints at."""

    def __init__(self, matcher: PhraseMatcher, phrases: Iterable[str]) -> None:
        self._matcher = matcher
        self._phrases = tuple(dict.fromkeys(phrases))

    def learn(self, phrase: str) -> None:
        """One phrase more (stories in Python say what nobody has written down before)."""
        if phrase and phrase not in self._phrases:
            self._phrases = (*self._phrases, phrase)

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        """Nothing is missing: where nobody says anything, nothing has to be understood."""
        return ""

    async def prepare(self, hints: tuple[str, ...], language: str) -> None:
        """Nothing: time stands still while phrases are spoken."""

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        """The phrase that was said; None when it was none of them."""
        match = await self._matcher.match(pcm, self._phrases)
        if match.phrase is None and hints:
            match = await self._matcher.match(pcm, (*self._phrases, *hints[:MOST_HINTS]))
        if match.phrase is None:
            return None
        return Heard(_spelled(match.phrase, hints), match.confidence)

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        """The first words of a phrase of the vocabulary."""
        known = await self._matcher.references(self._phrases)
        return await asyncio.get_running_loop().run_in_executor(None, words_so_far, pcm, known)


def _spelled(phrase: str, hints: tuple[str, ...]) -> str:
    """The phrase as a hint of the same words spells it."""
    words = _words(phrase)
    return next((hint for hint in hints if _words(hint) == words), phrase)


def _words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]
