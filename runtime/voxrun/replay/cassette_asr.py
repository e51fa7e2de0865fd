"""What a scenario's own ASR understood, on a cassette: noted as it came, given again without a recogniser.

The caller's audio is on the cassette too, so the same utterances are captured when it is played; the n-th one
gets what the n-th got, after as long. Interim results are those that had come by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Final

from voxrun.errors import PeerError, VoxrunError
from voxrun.replay.cassette import Cassette, TapedUtterance
from voxrun.replay.cassette_redact import Hider
from voxrun.replay.cassette_writer import CassetteWriter
from voxrun.speech.base import Heard, Transcriber

CUT_OFF: Final = "the recording ended before this was understood"


class RecordingTranscriber:
    """``Transcriber`` that notes what another understands."""

    def __init__(self, inner: Transcriber, writer: CassetteWriter, hider: Hider) -> None:
        self._inner = inner
        self._writer = writer
        self._hider = hider
        self._numbers = count(1)
        self._shown = ""

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        problem = self._inner.missing(hints, language)
        self._writer.note("recogniser", missing=problem)
        return problem

    async def prepare(self, hints: tuple[str, ...], language: str) -> None:
        await self._inner.prepare(hints, language)

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        number = next(self._numbers)
        self._writer.note("utterance", asr=number)
        try:
            heard = await self._inner.transcribe(pcm, hints, language)
        except VoxrunError as error:
            self._writer.note("understood", asr=number, error=self._hider.text(str(error)))
            raise
        text = None if heard is None else self._hider.text(heard.text)
        self._writer.note("understood", asr=number, text=text, confidence=heard.confidence if heard else 0)
        return heard

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        words = await self._inner.so_far(pcm, hints, language)
        if words != self._shown:
            self._shown = words
            self._writer.note("so_far", text=self._hider.text(words))
        return words


class TapedTranscriber:
    """``Transcriber`` that understands what was understood. ``now`` gives milliseconds of session time."""

    def __init__(self, cassette: Cassette, reveal: Callable[[str], str], now: Callable[[], int]) -> None:
        self._cassette = cassette
        self._reveal = reveal
        self._now = now
        self._next = 0

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        return self._cassette.recogniser or ""

    async def prepare(self, hints: tuple[str, ...], language: str) -> None:
        """Nothing: it knows."""

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        taped = self._take()
        if taped is None:
            return None
        if taped.answered is None:
            raise PeerError(CUT_OFF)
        await asyncio.sleep((taped.answered - taped.t) / 1000)
        if taped.error:
            raise PeerError(taped.error)
        return None if taped.text is None else Heard(self._reveal(taped.text), taped.confidence)

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        since = self._cassette.utterances[self._next - 1].t if self._next else -1
        shown = [text for t, text in self._cassette.so_far if since < t <= self._now()]
        return self._reveal(shown[-1]) if shown else ""

    def _take(self) -> TapedUtterance | None:
        if self._next >= len(self._cassette.utterances):
            return None
        self._next += 1
        return self._cassette.utterances[self._next - 1]
