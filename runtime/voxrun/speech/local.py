"""``Transcriber`` for calls by people: what is installed here recognises them.

With a Whisper model everything that is said, in its languages. Without, one of the phrases that the scenario
hints at: local voices (``--call --say``) are told by comparison, people by pocketsphinx, in English.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from voxrun.speech.base import Heard
from voxrun.speech.client import SpeechProcess
from voxrun.speech.engines import SPHINX, engine_version, how_to_install
from voxrun.speech.whisper import WhisperDictation

if TYPE_CHECKING:
    from voxrun.speech.phrases import PhraseMatcher

MOST_COMPARED: Final = 30
"""Hints that local voices are compared with: each is spoken first, and other speech waits for it."""
FREE_SPEECH: Final = (
    "free speech takes a Whisper model: pip install 'voxrun[dictation]' and name its folder in voxrun.toml "
    "([speech] whisper = FOLDER); or give createASR the phrases to expect (phraseHints)"
)


class LocalTranscriber:
    """``whisper`` is the folder of a Whisper model, None for none."""

    def __init__(self, speech: SpeechProcess, whisper: Path | None = None) -> None:
        self._speech = speech
        self._whisper = WhisperDictation(whisper) if whisper is not None else None
        self._matcher: PhraseMatcher | None = None

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        """What to install or to give; "" when something can be recognised."""
        if self._whisper is not None:
            return self._whisper.missing
        if not hints:
            return FREE_SPEECH
        if engine_version(SPHINX) is None:
            return how_to_install(SPHINX)
        if language not in ("", "en"):
            return f"pocketsphinx understands English, and the scenario asked for '{language}': {FREE_SPEECH}"
        return ""

    async def prepare(self, hints: tuple[str, ...], language: str) -> None:
        """Load the model, or have the hints spoken: one by one, so that nobody waits for more than one."""
        if self._whisper is not None:
            await self._whisper.load()
            return
        for hint in hints[:MOST_COMPARED]:
            await self._matching.prepare((hint,))

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        """What was said in one utterance; None when it was not understood."""
        if self._whisper is not None:
            return await self._whisper.hear(pcm, hints, language)
        match = await self._matching.match(pcm, hints[:MOST_COMPARED])
        if match.phrase is not None:
            return Heard(match.phrase, match.confidence)
        return await self._speech.hear(pcm, hints)

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        """The words of an utterance that goes on. pocketsphinx waits for its end; local voices and a model
        can be asked before."""
        if self._whisper is not None:
            heard = await self._whisper.hear(pcm, hints, language)
            return heard.text if heard is not None else ""
        from voxrun.speech.unfinished import words_so_far

        known = await self._matching.references(hints[:MOST_COMPARED])
        return await asyncio.get_running_loop().run_in_executor(None, words_so_far, pcm, known)

    async def close(self) -> None:
        """End the dictation process; the speech process is its owner's to close."""
        if self._whisper is not None:
            await self._whisper.close()

    @property
    def _matching(self) -> PhraseMatcher:
        if self._matcher is None:  # read when it is first needed: most scenarios have no ASR
            from voxrun.speech.phrases import PhraseMatcher

            self._matcher = PhraseMatcher(self._speech)
        return self._matcher
