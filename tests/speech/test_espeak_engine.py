"""espeak-ng by itself: voices, parameters, pronunciation."""

from __future__ import annotations

import pytest

from voxrun.speech.base import Voice
from voxrun.speech.engines import UnknownVoice
from voxrun.speech.espeak_engine import EspeakEngine


@pytest.fixture(scope="module")
def engine() -> EspeakEngine:
    return EspeakEngine()


def test_speech_comes_at_the_engines_rate(engine: EspeakEngine) -> None:
    pcm, rate = engine.speak("Good morning", Voice("espeak", "en-us"))
    assert rate == engine.sample_rate == 22_050
    assert 0.4 < len(pcm) / 2 / rate < 2


def test_rate_makes_it_shorter(engine: EspeakEngine) -> None:
    slow, fast = (len(engine.speak("Good morning", Voice(rate=rate))[0]) for rate in (70, 200))
    assert slow > 1.8 * fast


def test_pitch_and_variant_change_the_sound(engine: EspeakEngine) -> None:
    voices = [Voice(), Voice(pitch=150), Voice(variant="f2"), Voice(variant="m3")]
    assert len({engine.speak("Good morning", voice)[0] for voice in voices}) == len(voices)


def test_an_unknown_voice_is_named(engine: EspeakEngine) -> None:
    with pytest.raises(UnknownVoice, match="'xx-none'"):
        engine.speak("a", Voice("espeak", "xx-none"))


def test_words_have_a_pronunciation(engine: EspeakEngine) -> None:
    assert "w" in engine.ipa("Wednesday")
    assert engine.ipa("hello").startswith("h")
    assert engine.ipa("") == ""
    assert engine.ipa("one. two. three").count("θ") == 1
