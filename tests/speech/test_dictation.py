"""Recognition for people, tried with the natural voice, whose phrases it has never compared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sounds import PHRASES, in_a_call, mu_law, noisy, softer

from voxrun.errors import ConfigError
from voxrun.speech import engines
from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.dictation import FirstOf, PocketsphinxRecogniser
from voxrun.speech.engines import PIPER, SPHINX, engine_version

needs_extra = pytest.mark.skipif(
    engine_version(SPHINX) is None or engine_version(PIPER) is None,
    reason="the speech extra is not installed",
)


def hear(speech: SpeechProcess, change: Callable[[bytes], bytes], said: str) -> str | None:
    recogniser = PocketsphinxRecogniser(speech)

    async def scene() -> str | None:
        return await recogniser.recognise(change(await speech.render(said, Voice())), PHRASES)

    return asyncio.run(scene())


@needs_extra
@pytest.mark.parametrize(
    "change",
    [
        in_a_call,
        lambda pcm: mu_law(in_a_call(pcm)),
        lambda pcm: noisy(in_a_call(pcm), 20),
        lambda pcm: softer(in_a_call(pcm), 12),
    ],
    ids=["clean", "mu-law", "noise at 20 dB", "-12 dB"],
)
def test_nearly_every_phrase_is_understood(studio: SpeechProcess, change: Callable[[bytes], bytes]) -> None:
    right = sum(hear(studio, change, phrase) == phrase for phrase in PHRASES)
    assert right >= len(PHRASES) - 2


@needs_extra
@pytest.mark.parametrize(
    "said",
    [
        "I would like some coffee",
        "maybe tomorrow",
        "tell me a joke about cats and dogs",
        "where is my parcel",
        "open the window now",
    ],
)
def test_what_is_no_phrase_is_rejected(studio: SpeechProcess, said: str) -> None:
    assert hear(studio, in_a_call, said) is None


@needs_extra
def test_silence_and_an_empty_list_are_nothing(studio: SpeechProcess) -> None:
    recogniser = PocketsphinxRecogniser(studio)
    assert asyncio.run(recogniser.recognise(bytes(32_000), PHRASES)) is None
    assert asyncio.run(recogniser.recognise(bytes(32_000), ())) is None


@needs_extra
@pytest.mark.parametrize("phrase", ["call Voximplant support", "my pin is 4821", "café Zürich please"])
def test_any_word_can_be_in_a_phrase(studio: SpeechProcess, phrase: str) -> None:
    recogniser = PocketsphinxRecogniser(studio)

    async def scene() -> str | None:
        pcm = in_a_call(await studio.render(phrase, Voice()))
        return await recogniser.recognise(pcm, (*PHRASES, phrase))

    assert asyncio.run(scene()) == phrase


@needs_extra
def test_the_order_of_utterances_does_not_matter(studio: SpeechProcess) -> None:
    said = ["yes", "what is the weather in Paris", "goodbye", "yes"]
    forward = [hear(studio, mu_law, text) for text in said]
    assert forward == [hear(studio, mu_law, text) for text in reversed(said)][::-1]


def test_a_missing_recogniser_says_how_to_get_it(
    speech: SpeechProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engines.PACKAGES, SPHINX, (("pocketsphinx", "no_such_module"),))
    engine_version.cache_clear()
    try:
        with pytest.raises(ConfigError, match=r"pocketsphinx.*voxrun\[speech\]"):
            PocketsphinxRecogniser(speech)
        with pytest.raises(ConfigError, match="pocketsphinx"):
            asyncio.run(speech.recognise(bytes(32_000), PHRASES))
    finally:
        monkeypatch.undo()
        engine_version.cache_clear()


class Always:
    """A recogniser with a fixed opinion."""

    def __init__(self, opinion: str | None) -> None:
        self._opinion = opinion

    async def recognise(self, pcm: bytes, phrases: tuple[str, ...]) -> str | None:
        return self._opinion


def test_the_first_that_recognises_something_is_believed() -> None:
    recogniser = FirstOf([Always(None), Always("yes"), Always("no")])
    assert asyncio.run(recogniser.recognise(b"", ("yes", "no"))) == "yes"
    assert asyncio.run(FirstOf([Always(None)]).recognise(b"", ("yes",))) is None
