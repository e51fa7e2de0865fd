"""The emulator's own ears: local voices at once, people by pocketsphinx where it is."""

from __future__ import annotations

import asyncio

from tests.emulators.ultravox.caller import PLAIN, ToneRecogniser

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.hearing import LocalEars, Preparing, warm_up
from voxrun.speech.base import Speech, Voice
from voxrun.speech.client import SpeechProcess


class Counting:
    """Speech that remembers what it was asked for."""

    def __init__(self, speech: Speech) -> None:
        self.asked: list[str] = []
        self._speech = speech

    async def render(self, text: str, voice: Voice) -> bytes:
        self.asked.append(text)
        return await self._speech.render(text, voice)

    async def close(self) -> None:
        await self._speech.close()


def test_a_local_voice_is_understood_and_noise_is_not() -> None:
    async def main() -> None:
        speech = SpeechProcess(on_disk=False)
        ears = LocalEars(speech)
        phrases = ("tell me a story", "thank you very much")
        await ears.prepare(phrases)
        assert await ears.recognise(await speech.render(phrases[1], PLAIN), phrases) == phrases[1]
        assert await ears.recognise(bytes(32_000), phrases) is None
        assert await ears.recognise(bytes(32_000), ()) is None
        await speech.close()

    asyncio.run(main())


def test_warming_up_renders_the_greeting_first() -> None:
    async def main() -> None:
        speech = Counting(SpeechProcess(on_disk=False))
        agent = parse_agent("greeting: Good day.\nvoice: {engine: espeak}\n")
        await warm_up(speech, ToneRecogniser(), agent, ("a b",))
        assert speech.asked == ["Good day."]
        assert isinstance(LocalEars(SpeechProcess(on_disk=False)), Preparing)
        assert not isinstance(ToneRecogniser(), Preparing)
        await speech.close()

    asyncio.run(main())
