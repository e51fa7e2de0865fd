from __future__ import annotations

import asyncio

import pytest

from voxrun.speech.base import Heard, Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.phrases import PhraseMatcher
from voxrun.speech.vocabulary import VocabularyTranscriber

ESPEAK = Voice("espeak")


@pytest.fixture(scope="module")
def ears(studio: SpeechProcess) -> VocabularyTranscriber:
    return VocabularyTranscriber(PhraseMatcher(studio, (ESPEAK,)), ("yes please", "no thank you"))


def hear(
    ears: VocabularyTranscriber, studio: SpeechProcess, text: str, hints: tuple[str, ...] = ()
) -> Heard | None:
    pcm = asyncio.run(studio.render(text, ESPEAK))
    return asyncio.run(ears.transcribe(bytes(6400) + pcm + bytes(6400), hints, ""))


def test_a_phrase_of_the_vocabulary_is_understood(ears: VocabularyTranscriber, studio: SpeechProcess) -> None:
    heard = hear(ears, studio, "no thank you")
    assert heard is not None
    assert heard.text == "no thank you"
    assert 90 <= heard.confidence <= 100


def test_anything_else_is_not_understood(ears: VocabularyTranscriber, studio: SpeechProcess) -> None:
    assert hear(ears, studio, "the weather is lovely today") is None


def test_a_hint_is_understood_where_no_phrase_was_said(
    ears: VocabularyTranscriber, studio: SpeechProcess
) -> None:
    heard = hear(ears, studio, "speak to an agent", ("Speak to an agent",))
    assert heard is not None
    assert heard.text == "Speak to an agent"


def test_a_hint_of_the_same_words_gives_its_spelling(
    ears: VocabularyTranscriber, studio: SpeechProcess
) -> None:
    heard = hear(ears, studio, "yes please", ("Yes, please!",))
    assert heard is not None
    assert heard.text == "Yes, please!"


def test_the_beginning_of_a_phrase_is_known_while_it_is_spoken(
    ears: VocabularyTranscriber, studio: SpeechProcess
) -> None:
    pcm = asyncio.run(studio.render("no thank you", ESPEAK))
    assert asyncio.run(ears.so_far(bytes(6400) + pcm[: len(pcm) * 3 // 4], (), "")) in ("no", "no thank")


def test_a_phrase_is_learned_once(studio: SpeechProcess) -> None:
    ears = VocabularyTranscriber(PhraseMatcher(studio, (ESPEAK,)), ())
    assert hear(ears, studio, "good morning") is None
    ears.learn("good morning")
    ears.learn("good morning")
    ears.learn("")
    heard = hear(ears, studio, "good morning")
    assert heard is not None
    assert heard.text == "good morning"


def test_nothing_is_missing_for_a_script(ears: VocabularyTranscriber) -> None:
    assert ears.missing((), "de") == ""
