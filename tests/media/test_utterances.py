from __future__ import annotations

import numpy as np
from signals import Floats, noise, pcm, quiet, voice

from voxrun.media.frames import FRAME_BYTES, SILENCE, split
from voxrun.media.utterances import PREROLL_FRAMES, TAIL_FRAMES, Began, Ended, UtteranceEvent, Utterances
from voxrun.media.vad import VadSettings

SETTINGS = VadSettings(minimum_speech_ms=100, end_delay_ms=400, floor_dbfs=-45.0)


def feed(utterances: Utterances, audio: Floats) -> list[UtteranceEvent]:
    return [event for frame in split(pcm(audio)) if (event := utterances.feed(frame)) is not None]


def test_speech_is_cut_out_of_the_quiet_around_it_with_a_little_of_it() -> None:
    said = voice(1000)
    began, ended = feed(Utterances(SETTINGS), np.concatenate([quiet(500), said, quiet(1000)]))
    assert isinstance(began, Began)
    assert isinstance(ended, Ended)
    assert abs(began.at_ms - 500) <= 100
    assert abs(ended.at_ms - 1500) <= 100
    assert abs(ended.speech_ms - 1000) <= 150
    around = (PREROLL_FRAMES + TAIL_FRAMES) * 20
    assert abs(len(ended.pcm) // 32 - ended.speech_ms - around) <= 40
    middle = pcm(said)[16_000:19_200]
    assert middle in ended.pcm


def test_a_pause_shorter_than_the_delay_does_not_cut() -> None:
    events = feed(Utterances(SETTINGS), np.concatenate([voice(600), quiet(200), voice(600), quiet(1000)]))
    assert [type(event) for event in events] == [Began, Ended]
    events = feed(Utterances(SETTINGS), np.concatenate([voice(600), quiet(700), voice(600), quiet(1000)]))
    assert [type(event) for event in events] == [Began, Ended, Began, Ended]


def test_while_somebody_speaks_the_audio_so_far_is_there() -> None:
    utterances = Utterances(SETTINGS)
    feed(utterances, voice(800))
    assert utterances.open
    assert utterances.speech_ms > 600
    assert 800 * 32 - FRAME_BYTES * 2 <= len(utterances.so_far()) <= 800 * 32
    feed(utterances, quiet(1000))
    assert not utterances.open
    assert utterances.so_far() == b""
    assert utterances.quiet_ms >= 900
    assert utterances.now_ms == 1800


def test_a_stream_that_ends_in_mid_word_ends_its_utterance() -> None:
    utterances = Utterances(SETTINGS)
    feed(utterances, voice(800))
    ended = utterances.finish()
    assert ended is not None
    assert ended.speech_ms > 600
    assert utterances.finish() is None


def test_a_monologue_is_cut() -> None:
    events = feed(Utterances(SETTINGS, longest_ms=2000), voice(5000))
    assert [type(event) for event in events[:3]] == [Began, Ended, Began]
    assert isinstance(events[1], Ended)
    assert len(events[1].pcm) == 2000 * 32


def test_noise_below_the_floor_is_nobody() -> None:
    assert feed(Utterances(SETTINGS), noise(1000, dbfs=-55)) == []


def test_silence_in_one_piece_is_as_silence_frame_by_frame() -> None:
    def events(at_once: bool) -> list[UtteranceEvent]:
        utterances = Utterances(SETTINGS)
        for count in (3, 200):
            if at_once:
                utterances.feed_silence(count)
            else:
                for _ in range(count):
                    assert utterances.feed(SILENCE) is None
        return feed(utterances, np.concatenate([voice(600), quiet(1000)]))

    assert events(at_once=True) == events(at_once=False)
    assert len(events(at_once=True)) == 2
