"""When the caller of --call speaks, waits and hangs up: decided from what it hears."""

from __future__ import annotations

from tests.media.signals import pcm, quiet, voice

from voxrun.cli.caller import LAST_ANSWER_MS, PATIENCE_MS, Turns
from voxrun.media.frames import SILENCE, split


def hear(turns: Turns, audio: bytes) -> None:
    for frame in split(audio):
        turns.hear(frame)


def silence(turns: Turns, ms: int) -> None:
    for _ in range(ms // 20):
        turns.hear(SILENCE)


def test_it_lets_the_other_side_finish_its_greeting() -> None:
    turns = Turns(phrases=1)
    silence(turns, 500)
    assert not turns.my_turn()
    hear(turns, pcm(voice(1500)))
    assert not turns.my_turn()
    hear(turns, pcm(quiet(1500)))
    assert turns.my_turn()


def test_it_speaks_up_when_nobody_greets() -> None:
    turns = Turns(phrases=1)
    silence(turns, PATIENCE_MS - 40)
    assert not turns.my_turn()
    silence(turns, 60)
    assert turns.my_turn()


def test_one_phrase_for_each_turn_of_the_other_side() -> None:
    turns = Turns(phrases=2)
    hear(turns, pcm(voice(1000)) + pcm(quiet(1500)))
    turns.say()
    assert not turns.my_turn()
    hear(turns, pcm(voice(1000)) + pcm(quiet(1500)))
    assert turns.my_turn()
    turns.say()
    assert not turns.my_turn()


def test_it_hangs_up_after_the_answer_to_the_last_phrase() -> None:
    turns = Turns(phrases=1)
    hear(turns, pcm(voice(1000)) + pcm(quiet(1500)))
    turns.say()
    assert not turns.finished()
    hear(turns, pcm(voice(800)))
    assert not turns.finished()
    hear(turns, pcm(quiet(1500)))
    assert turns.finished()


def test_it_does_not_wait_for_ever_for_an_answer() -> None:
    turns = Turns(phrases=1)
    turns.say()
    silence(turns, LAST_ANSWER_MS + 20)
    assert turns.finished()


def test_it_counts_the_speech_it_heard() -> None:
    turns = Turns(phrases=0)
    hear(turns, pcm(voice(2000)))
    assert 1000 < turns.heard_ms <= 2000
