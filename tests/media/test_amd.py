"""Person or machine, by cadence and beeps. How often it is right with speech: bench/amd.py."""

from __future__ import annotations

import numpy as np
import pytest
from signals import Floats, noise, pcm, quiet, sine, voice

from voxrun.media.amd import AnsweringDetector, Verdict
from voxrun.media.frames import split


def judge(*parts: Floats, **thresholds: int) -> Verdict | None:
    detector = AnsweringDetector(**thresholds)
    audio = np.concatenate([*parts, quiet(4000)])
    verdicts = [verdict for frame in split(pcm(audio)) if (verdict := detector.feed(frame)) is not None]
    assert verdicts == ([detector.verdict] if detector.verdict else [])  # one, and only once
    return detector.verdict


def side(*parts: Floats) -> tuple[str, str] | None:
    verdict = judge(*parts)
    return (verdict.side, verdict.sign) if verdict else None


BEEP = sine(1000, 400, dbfs=-15)


@pytest.mark.parametrize("ms", [300, 700, 1500, 2200])
def test_a_word_or_a_sentence_and_then_quiet_is_a_person(ms: int) -> None:
    assert side(quiet(500), voice(ms)) == ("human", "quiet")


@pytest.mark.parametrize("pause", [0, 200, 500])
def test_somebody_who_goes_on_reading_is_a_machine(pause: int) -> None:
    assert side(quiet(500), voice(1800), quiet(pause), voice(3000, seed=2)) == ("machine", "speech")


def test_the_longer_the_sentence_the_longer_the_quiet_that_a_person_needs() -> None:
    times = []
    for ms in (400, 1200, 2000):
        verdict = judge(voice(ms))
        assert verdict is not None
        times.append(verdict.at_ms - ms)
    assert times == sorted(times)
    assert times[0] < 900
    assert times[2] > 1000


def test_a_beep_after_speech_is_a_machine_at_once() -> None:
    verdict = judge(quiet(300), voice(900), quiet(200), BEEP)
    assert verdict is not None
    assert (verdict.side, verdict.sign, verdict.confidence) == ("machine", "beep", 97)
    assert verdict.at_ms < 1400 + 250


def test_a_beep_alone_is_a_machine_and_ringing_is_nobody() -> None:
    assert side(quiet(500), BEEP) == ("machine", "beep")
    assert side(quiet(500), sine(425, 1000, dbfs=-15), quiet(2000), sine(425, 1000, dbfs=-15)) is None


def test_ringing_before_a_person_answers_does_not_count_as_speech() -> None:
    assert side(sine(425, 1000, dbfs=-15), quiet(1500), voice(600)) == ("human", "quiet")


@pytest.mark.parametrize("sound", [quiet(3000), noise(3000, dbfs=-60)])
def test_nobody_gives_no_verdict(sound: Floats) -> None:
    assert judge(sound) is None


def test_confidence_grows_until_the_threshold_of_its_side() -> None:
    for threshold in (60, 85):
        person = judge(voice(600), human=threshold)
        machine = judge(voice(9_000), machine=threshold)
        assert person is not None
        assert machine is not None
        assert threshold <= person.confidence <= threshold + 5
        assert threshold <= machine.confidence <= threshold + 5


def test_noise_under_the_voice_changes_nothing() -> None:
    def with_noise(sound: Floats) -> Floats:
        return sound + noise(10_000, dbfs=-55)[: len(sound)]

    assert side(with_noise(np.concatenate([quiet(500), voice(800), quiet(3000)]))) == ("human", "quiet")
    assert side(with_noise(np.concatenate([quiet(500), voice(5000)]))) == ("machine", "speech")
