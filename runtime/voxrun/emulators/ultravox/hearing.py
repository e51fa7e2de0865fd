"""How the emulator listens when it runs by itself, and getting ready for it.

The phrase matcher knows the local voices at once (synthetic callers); people are left to pocketsphinx,
where it is installed.
"""

from __future__ import annotations

import contextlib
from typing import Protocol, runtime_checkable

from voxrun.emulators.ultravox.script import AgentScript
from voxrun.errors import ConfigError, VoxrunError
from voxrun.speech.base import Recogniser, Speech, Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.dictation import PocketsphinxRecogniser
from voxrun.speech.phrases import PhraseMatcher


@runtime_checkable
class Preparing(Protocol):
    """A recogniser that can learn its phrases ahead of time."""

    async def prepare(self, phrases: tuple[str, ...]) -> None:
        """Get ready for ``phrases``."""
        ...


class LocalEars:
    """``Recogniser`` for one machine: synthetic voices first, then people."""

    def __init__(self, speech: SpeechProcess) -> None:
        self._matcher = PhraseMatcher(speech)
        self._people: Recogniser | None = None
        with contextlib.suppress(ConfigError):
            self._people = PocketsphinxRecogniser(speech)

    async def prepare(self, phrases: tuple[str, ...]) -> None:
        """Render the phrases one by one, so that speech asked for meanwhile waits for one at most."""
        for phrase in phrases:
            await self._matcher.prepare((phrase,))

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        """The phrase that was said; None for none of them."""
        found = await self._matcher.recognise(pcm, phrases) if phrases else None
        if found is None and self._people is not None:
            found = await self._people.recognise(pcm, phrases)
        return found


async def warm_up(
    speech: Speech, recogniser: Recogniser, agent: AgentScript | None, phrases: tuple[str, ...]
) -> None:
    """Load the engines and make what is needed first. Problems will show again when it matters."""
    voice = agent.voice if agent is not None and agent.voice is not None else Voice()
    with contextlib.suppress(VoxrunError):
        for text in agent.greeting if agent is not None and agent.greeting else ("Hello.",):
            await speech.render(text, voice)
        if isinstance(recogniser, Preparing):
            await recogniser.prepare(phrases)
