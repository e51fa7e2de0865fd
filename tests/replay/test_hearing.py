"""What is in the audio that somebody heard: words that sounded, and no others."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voxrun.media.frames import FRAME_BYTES, FRAME_MS
from voxrun.media.g711 import decode_ulaw, encode_ulaw
from voxrun.media.levels import gain
from voxrun.media.resample import convert
from voxrun.replay.hearing import Hearing
from voxrun.replay.people import Sound
from voxrun.replay.resources import Resources
from voxrun.replay.texts import words
from voxrun.replay.timeline import Stream
from voxrun.speech.base import Voice

TEXT = "In the morning the fishermen came home, and nobody had ever seen so many fish."
OTHER = "In the evening the lights went out, one after the other."


def spoken(resources: Resources) -> dict[str, list[bytes]]:
    async def render() -> dict[str, list[bytes]]:
        return {text: [await resources.speech.render(text, Voice("espeak"))] for text in (TEXT, OTHER)}

    return asyncio.run(render())


def hear(known: dict[str, list[bytes]], *pieces: tuple[int, bytes]) -> Stream:
    sound = Sound()
    hearing = Hearing(sound, known, Stream())
    now = 0
    for start, pcm in pieces:
        for index in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            now = start + index // FRAME_BYTES * FRAME_MS
            sound.add(now, pcm[index : index + FRAME_BYTES])
            if index % (FRAME_BYTES * 10) == 0:
                hearing.listen(now)
    hearing.listen(now + 1000)
    return hearing.stream


def told(stream: Stream) -> list[str]:
    return [utterance.text for utterance in stream.utterances if utterance.text]


def test_a_whole_sentence_is_heard_word_by_word(resources: Resources) -> None:
    known = spoken(resources)
    stream = hear(known, (1000, known[TEXT][0]))
    assert told(stream) == [TEXT]
    assert stream.times == sorted(stream.times)
    assert 1000 <= stream.times[0] < 2000
    assert stream.times[-1] - stream.times[0] > 2500


def test_the_very_samples_are_heard_as_what_only_sounds_like_them(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    nearly = (np.frombuffer(pcm, "<i2") ^ 1).astype("<i2").tobytes()
    exactly, compared = hear(known, (1000, pcm)), hear(known, (1000, nearly))
    assert told(exactly) == [TEXT]
    assert (exactly.words, exactly.times) == (compared.words, compared.times)


def test_a_sentence_that_is_cut_off_is_heard_up_to_the_cut(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    (text,) = told(hear(known, (0, pcm[: len(pcm) // 2 // 640 * 640])))
    assert TEXT.startswith(text)
    assert 0.25 < len(text) / len(TEXT) < 0.6


def test_a_sentence_whose_beginning_is_missing(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    (text,) = told(hear(known, (0, pcm[len(pcm) // 2 // 640 * 640 :])))
    assert TEXT.endswith(text)
    assert "morning" not in text


@pytest.mark.parametrize("way", ["quiet", "ulaw", "rates", "noise"])
def test_the_way_it_came_does_not_matter(resources: Resources, way: str) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    if way == "quiet":
        pcm = gain(pcm, -18)
    elif way == "ulaw":
        pcm = convert(decode_ulaw(encode_ulaw(convert(pcm, 16_000, 8_000))), 8_000, 16_000)
    elif way == "rates":
        pcm = convert(convert(pcm, 16_000, 48_000), 48_000, 16_000)
    else:
        noise = np.random.default_rng(1).normal(0, 300, len(pcm) // 2)
        pcm = (np.frombuffer(pcm, "<i2") + noise).clip(-32768, 32767).astype("<i2").tobytes()
    assert told(hear(known, (0, pcm)))[0] == TEXT


def test_two_sentences_without_a_pause_are_two(resources: Resources) -> None:
    known = spoken(resources)
    assert told(hear(known, (0, known[TEXT][0] + known[OTHER][0]))) == [TEXT, OTHER]


def test_a_sentence_with_a_hole_is_one_sentence(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    cut = len(pcm) // 2 // 640 * 640
    assert told(hear(known, (0, pcm[:cut]), (9000, pcm[cut:]))) == [TEXT]


def test_music_is_no_words(resources: Resources) -> None:
    at = np.arange(32_000) / 16_000
    music = ((np.sin(2763 * at) + np.sin(3480 * at)) * 6000).astype("<i2").tobytes()
    assert told(hear(spoken(resources), (0, music))) == []


def test_listening_only_when_it_is_due_hears_the_same(resources: Resources) -> None:
    known = spoken(resources)
    half = len(known[TEXT][0]) // 2 // 640 * 640
    line = known[TEXT][0][:half] + bytes(640 * 40) + known[OTHER][0] + bytes(640 * 100)

    def heard(seldom: bool) -> tuple[Stream, int]:
        sound = Sound()
        hearing, looks, due = Hearing(sound, known, Stream()), 0, 0
        for now in range(0, len(line) // 32, FRAME_MS):
            begins = sound.add(now, line[now * 32 : now * 32 + 640])
            if begins or not seldom or (due is not None and now >= due):
                hearing.listen(now)
                due, looks = hearing.due(words("one after the other")), looks + 1
        return hearing.stream, looks

    often, many = heard(seldom=False)
    rarely, few = heard(seldom=True)
    assert (often.words, often.times) == (rarely.words, rarely.times)
    assert OTHER.split() == often.words[-len(OTHER.split()) :]
    assert few * 10 < many


def test_what_is_waited_for_is_due_when_its_last_word_can_have_been_heard(resources: Resources) -> None:
    known = spoken(resources)
    sound = Sound()
    hearing = Hearing(sound, known, Stream())
    assert hearing.due(words("came home")) is None  # nothing sounds
    for now in range(0, 600, FRAME_MS):
        sound.add(now, known[TEXT][0][now * 32 : now * 32 + 640])
    hearing.listen(580)
    soon, late = hearing.due(words("the morning")), hearing.due(words("many fish"))
    assert soon is not None
    assert late is not None
    assert 580 < soon < late <= 580 + 1000


def test_a_frame_that_is_lost_or_added_loses_no_word(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[TEXT][0]
    place = 640 * 70
    lost = pcm[:place] + pcm[place + 640 :]
    added = pcm[:place] + bytes(1280) + pcm[place:]
    for line in (lost, added, lost[: 640 * 110] + bytes(640) + lost[640 * 110 :]):
        assert told(hear(known, (0, line))) == [TEXT]


def test_a_beginning_that_was_too_disturbed_to_know_it_counts_once_the_rest_is_known(
    resources: Resources,
) -> None:
    known = spoken(resources)
    pcm = known[OTHER][0]
    first = next(at for at in range(0, len(pcm), 640) if max(pcm[at : at + 640]) and at > 0) // 640 * 640
    noise = np.random.default_rng(2).normal(0, 3000, 1600).astype("<i2").tobytes()
    disturbed = pcm[: first + 6400] + noise + pcm[first + 6400 + len(noise) :]
    assert told(hear(known, (0, disturbed))) == [OTHER]


def test_sound_that_stalls_and_goes_on_is_listened_to_again(resources: Resources) -> None:
    known = spoken(resources)
    pcm = known[OTHER][0]
    sound, hearing_at = Sound(), 0
    hearing = Hearing(sound, known, Stream())
    for index, at in enumerate(range(0, len(pcm) - 639, 640)):
        sound.add(index * FRAME_MS, pcm[at : at + 640])
        hearing_at = index * FRAME_MS
        if index == 60:
            hearing.listen(hearing_at + 400)  # frames are late: it seems to be over
            assert hearing.due() is None
    hearing.listen(hearing_at + 500)
    assert told(hearing.stream) == [OTHER]
