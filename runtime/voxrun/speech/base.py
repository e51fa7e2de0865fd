"""Speech as the rest of the house sees it. Implementations: ``speech.client`` (a separate process)."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Voice(Struct, frozen=True):
    """A voice of the local engines.

    ``engine`` is "piper" or "espeak"; ``name`` the engine's own voice name ("en-us", "en_US-joe-medium");
    ``variant`` an espeak variant ("m3", "f2", "") and ``rate``, ``pitch``, ``volume`` percent of normal.
    """

    engine: str = "auto"
    name: str = "en-us"
    variant: str = ""
    rate: int = 100
    pitch: int = 100
    volume: int = 100


class Speech(Protocol):
    """Turns text into audio."""

    async def render(self, text: str, voice: Voice) -> bytes:
        """Speak ``text``; gives 16 kHz mono s16le PCM (b"" for text without anything to say).

        Raises ``voxrun.errors.VoxrunError`` when no engine can speak.
        """
        ...

    async def close(self) -> None: ...


class Recogniser(Protocol):
    """Turns the audio of one utterance into text."""

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        """What was said in ``pcm`` (16 kHz mono s16le); None when it is none of ``phrases``."""
        ...


class Heard(Struct, frozen=True):
    """What a recogniser understood: ``text``, and how sure it is, 1 to 100."""

    text: str
    confidence: int


class Transcriber(Protocol):
    """Turns what callers say into text (VoxEngine.createASR).

    ``hints`` are phrases that the scenario expects; ``language`` is a code like "en" or "de", "" where the
    scenario named none. Methods raise ``voxrun.errors.VoxrunError`` when the engine failed.
    """

    def missing(self, hints: tuple[str, ...], language: str) -> str:
        """Why nothing can be recognised under these conditions, for people; "" where something can."""
        ...

    async def prepare(self, hints: tuple[str, ...], language: str) -> None:
        """Get ready, so that the first utterance need not wait for it."""
        ...

    async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Heard | None:
        """What was said in one utterance (16 kHz mono s16le); None when it was not understood."""
        ...

    async def so_far(self, pcm: bytes, hints: tuple[str, ...], language: str) -> str:
        """The words of an utterance that still goes on; "" when none is sure."""
        ...
