"""What has been said so far: words of the right phrase, never of another."""

from __future__ import annotations

import asyncio

import pytest
from sounds import mu_law

from voxrun.speech.base import Voice
from voxrun.speech.client import SpeechProcess
from voxrun.speech.phrases import PhraseMatcher, References
from voxrun.speech.unfinished import words_so_far

ROOM = "I want to book a room for tonight please"
TABLE = "I want to book a table for four people"
OTHERS = ("what is the weather in Berlin", "yes please", "no thank you")
ESPEAK = Voice("espeak")


@pytest.fixture(scope="module")
def known(studio: SpeechProcess) -> References:
    return asyncio.run(PhraseMatcher(studio, (ESPEAK,)).references((ROOM, TABLE, *OTHERS)))


def say(studio: SpeechProcess, text: str) -> bytes:
    return bytes(6400) + mu_law(asyncio.run(studio.render(text, ESPEAK)))


def growing(pcm: bytes, known: References) -> list[str]:
    return [words_so_far(pcm[: ms * 32], known) for ms in range(400, len(pcm) // 32, 200)]


@pytest.mark.parametrize("phrase", [ROOM, TABLE])
def test_the_words_grow_as_they_are_spoken(phrase: str, studio: SpeechProcess, known: References) -> None:
    heard = growing(say(studio, phrase), known)
    assert all(phrase.startswith(words) for words in heard)
    assert heard == sorted(heard, key=len)
    assert len(set(heard)) >= 4
    assert heard[-1].split()[-1] in phrase.split()[-3:]


def test_where_phrases_begin_alike_only_the_shared_words_are_known(
    studio: SpeechProcess, known: References
) -> None:
    pcm = say(studio, ROOM)
    early = next(words for words in growing(pcm, known) if words)
    assert ROOM.startswith(early)
    assert TABLE.startswith(early)


def test_words_of_no_phrase_are_none(studio: SpeechProcess, known: References) -> None:
    strangers = ("the train leaves at seven", "could you repeat that slowly", "my name is Robert Brown")
    assert [words for text in strangers for words in growing(say(studio, text), known) if words] == []


def test_silence_noise_and_too_little_are_none(studio: SpeechProcess, known: References) -> None:
    for pcm in (b"", bytes(32_000), say(studio, ROOM)[: 6400 + 4800]):
        assert words_so_far(pcm, known) == ""
