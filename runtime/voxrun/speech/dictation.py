"""Recognition for people, whose voices the phrase matcher has never heard.

``PocketsphinxRecogniser`` chooses among phrases by a grammar. A recogniser of free speech (a Whisper model,
say) would be one more ``Recogniser`` here: it gets the same audio and may use the phrases as a hint.
"""

from __future__ import annotations

from collections.abc import Iterable

from voxrun.errors import ConfigError
from voxrun.speech.base import Recogniser
from voxrun.speech.client import SpeechProcess
from voxrun.speech.engines import SPHINX, engine_version, how_to_install


class PocketsphinxRecogniser:
    """``Recogniser`` by pocketsphinx in the speech process; English only."""

    def __init__(self, speech: SpeechProcess) -> None:
        """Raises ``ConfigError`` when pocketsphinx is not installed."""
        if engine_version(SPHINX) is None:
            raise ConfigError(how_to_install(SPHINX))
        self._speech = speech

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        """Which of ``phrases`` was said in ``pcm`` (16 kHz mono s16le); None when none of them was."""
        return await self._speech.recognise(pcm, phrases) if phrases else None


class FirstOf:
    """``Recogniser`` that asks several in turn and believes the first that recognises something."""

    def __init__(self, recognisers: Iterable[Recogniser]) -> None:
        self._recognisers = tuple(recognisers)

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        """The first answer that is not None."""
        for recogniser in self._recognisers:
            found = await recogniser.recognise(pcm, phrases)
            if found is not None:
                return found
        return None
