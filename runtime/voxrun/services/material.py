"""What players play, as the realm names it, and how it becomes a tape.

The shapes of the realm's commands::

    {"kind": "tts", "text": ..., "voice": ..., "options": {...}, "progressive": bool}
    {"kind": "url", "url": ..., "method": "GET", "headers": [[name, value]], "body": {"text" | "bytes": ...},
     "loop": bool, "progressive": bool}
    {"kind": "tone", "script": ..., "loop": bool}
    {"kind": "sequence", "segments": [{"kind": "tts" | "url", ...}, ...]}
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing
from typing import Final, TypeAlias

from msgspec import Struct

from voxrun.errors import ScenarioError
from voxrun.media.files import MAX_SECONDS
from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.tape import GrowingTape, JoinedTape, PcmTape, Tape, ToneTape
from voxrun.media.tonescript import parse_tone_script
from voxrun.services.arguments import Arguments
from voxrun.services.download import AudioRequest, Downloader
from voxrun.services.ports import Surroundings
from voxrun.speech.base import Voice
from voxrun.speech.voices import resolve_voice

MOST_SEGMENTS: Final = 100
SEGMENTS_AT_ONCE: Final = 4
"""So many of a sequence are fetched at a time."""
METHODS: Final = ("GET", "POST")

_SENTENCE_END: Final = re.compile(r"(?<=[.!?…。？！])\s+")


class Phrase(Struct, frozen=True):
    """A text to speak. ``progressive``: it is heard while later sentences are still being prepared."""

    text: str
    voice: Voice
    progressive: bool = False


class File(Struct, frozen=True):
    """An audio file to fetch. ``progressive``: it is heard while it is still being fetched."""

    request: AudioRequest
    loop: bool = False
    progressive: bool = False


class Script(Struct, frozen=True):
    """A ToneScript."""

    text: str
    loop: bool = False


class Sequence(Struct, frozen=True):
    """Texts and files, one after the other."""

    segments: tuple[Phrase | File, ...]


Material: TypeAlias = Phrase | File | Script | Sequence


def read_phrase(data: Arguments) -> Phrase:
    """The phrase of a command. Raises ScenarioError."""
    voice = resolve_voice(data.text("voice"), data.mapping("options"))
    return Phrase(data.needed("text"), voice, data.flag("progressive"))


def read_file(data: Arguments) -> File:
    """The file of a command. Raises ScenarioError."""
    method = data.text("method") or "GET"
    if method not in METHODS:
        raise ScenarioError(f"a URL player's method is GET or POST, not {method[:60]!r}")
    request = AudioRequest(data.needed("url"), method, tuple(data.pairs("headers")), data.content("body"))
    return File(request, data.flag("loop"), data.flag("progressive"))


def read_material(data: Arguments) -> Material:
    """Whatever a command asks to play. Raises ScenarioError."""
    match data.needed("kind", 20):
        case "tts":
            return read_phrase(data)
        case "url":
            return read_file(data)
        case "tone":
            return Script(data.needed("script"), data.flag("loop"))
        case "sequence":
            return Sequence(tuple(_segment(part) for part in data.parts("segments", MOST_SEGMENTS)))
        case other:
            raise ScenarioError(f"there is no player of the kind {other!r}")


def _segment(data: Arguments) -> Phrase | File:
    found = read_material(data)
    if not isinstance(found, Phrase | File):
        raise ScenarioError("a segment is a text or a URL")
    return found


class Preparer:
    """Makes tapes. ``tape`` gives one that can be played, and, where more of it is still to come, what waits
    for that; both raise VoxrunError where there is nothing to play."""

    def __init__(self, around: Surroundings, fetch: Downloader) -> None:
        self._around = around
        self._fetch = fetch

    async def tape(self, material: Material) -> tuple[Tape, Awaitable[None] | None]:
        match material:
            case Sequence():
                return JoinedTape(await self._segments(material.segments)), None
            case Script():
                try:
                    return ToneTape(parse_tone_script(material.text), material.loop), None
                except ValueError as error:
                    raise ScenarioError(str(error)) from None
            case Phrase(progressive=True) if len(_sentences(material.text)) > 1:
                self._check(material)
                return await _growing(self._spoken(material), GrowingTape())
            case File(progressive=True):
                return await _growing(self._fetch.stream(material.request), GrowingTape(material.loop))
        return await self._whole(material), None

    async def _segments(self, segments: tuple[Phrase | File, ...]) -> list[PcmTape]:
        """All of them, a few at a time."""
        gate, total = asyncio.Semaphore(SEGMENTS_AT_ONCE), 0

        async def one(segment: Phrase | File) -> PcmTape:
            nonlocal total
            async with gate:
                tape = await self._whole(segment)
            total += tape.length
            if total > MAX_SECONDS * SAMPLE_RATE:
                raise ScenarioError(f"the segments are longer than {MAX_SECONDS:g} seconds together")
            return tape

        work = [asyncio.ensure_future(one(segment)) for segment in segments]
        try:
            return await asyncio.gather(*work)
        finally:
            for task in work:
                task.cancel()

    async def _whole(self, material: Phrase | File) -> PcmTape:
        if isinstance(material, File):
            return PcmTape(await self._fetch.audio(material.request), material.loop)
        self._check(material)
        return PcmTape(await self._around.speech.render(material.text, material.voice))

    def _check(self, phrase: Phrase) -> None:
        most = self._around.limits.say_chars
        if len(phrase.text) > most:
            raise ScenarioError(f"the text has {len(phrase.text)} characters, the limit is {most}")

    async def _spoken(self, phrase: Phrase) -> AsyncGenerator[bytes, None]:
        for sentence in _sentences(phrase.text):
            yield await self._around.speech.render(sentence, phrase.voice)


async def _growing(
    stream: AsyncGenerator[bytes, None], tape: GrowingTape
) -> tuple[Tape, Awaitable[None] | None]:
    """``tape`` with enough of ``stream`` on it to begin, and what puts the rest there."""

    async def rest() -> None:
        async with aclosing(stream):
            async for pcm in stream:
                tape.append(pcm)
        tape.finish()

    while not tape.enough:
        pcm = await anext(stream, None)
        if pcm is None:
            tape.finish()
        else:
            tape.append(pcm)
    if tape.length is not None:
        return tape, None
    return tape, rest()


def _sentences(text: str) -> list[str]:
    """Parts that can be spoken one by one; SSML stays whole."""
    plain = text.strip()
    return [plain] if plain.startswith("<") else _SENTENCE_END.split(plain)
