import numpy as np
import pytest
from signals import Floats, noise, pcm, quiet, sine, voice

from voxrun.media.beep import BeepDetector, BeepEvent
from voxrun.media.dtmf import generate
from voxrun.media.frames import split
from voxrun.media.g711 import decode_ulaw, encode_ulaw
from voxrun.media.resample import convert


def hear(audio: bytes | Floats, *frequencies: float) -> list[BeepEvent]:
    detector = BeepDetector(frequencies)
    data = audio if isinstance(audio, bytes) else pcm(audio)
    return [event for frame in split(data) if (event := detector.feed(frame)) is not None]


def beep(hz: float, ms: float, *, dbfs: float = -15.0, before: Floats | None = None) -> Floats:
    return np.concatenate([quiet(200) if before is None else before, sine(hz, ms, dbfs=dbfs), quiet(300)])


@pytest.mark.parametrize("hz", [380, 440, 850, 1000, 1400, 2100, 2900])
@pytest.mark.parametrize("ms", [200, 500, 1000])
def test_a_beep_is_heard_with_its_frequency_and_length(hz: int, ms: int) -> None:
    start, end = hear(beep(hz, ms))
    assert (start.kind, end.kind) == ("start", "end")
    assert abs(start.hz - hz) <= 10
    assert abs(start.at_ms - 200) <= 60
    assert abs(end.at_ms - 200 - ms) <= 60
    assert abs(end.duration_ms - ms) <= 60


def test_a_beep_right_after_speech_on_a_telephone_line_is_heard() -> None:
    line = pcm(beep(1000, 400, before=voice(2000)))
    narrow = decode_ulaw(encode_ulaw(convert(line, 16_000, 8_000)))
    noisy = np.frombuffer(convert(narrow, 8_000, 16_000), "<i2") + noise(2700, dbfs=-45)[: len(line) // 2]
    events = hear(pcm(noisy))
    assert [event.kind for event in events] == ["start", "end"]
    assert abs(events[0].at_ms - 2000) <= 60


@pytest.mark.parametrize("seed", range(6))
def test_a_voice_is_no_beep(seed: int) -> None:
    assert hear(voice(4000, seed=seed, pitch=100 + 30 * seed)) == []


def test_noise_silence_keys_and_clicks_are_no_beeps() -> None:
    click = np.concatenate([quiet(100), sine(1000, 40), quiet(500)])
    for sound in (noise(2000), quiet(500), generate("123A456B"), click, sine(100, 1000), sine(3600, 1000)):
        assert hear(sound) == []


def test_a_ringing_line_of_two_frequencies_is_no_beep() -> None:
    assert hear(sine(440, 2000, dbfs=-20) + sine(480, 2000, dbfs=-20)) == []


def test_a_tone_that_glides_is_no_beep() -> None:
    at = np.arange(16_000) / 16_000
    assert hear(np.sin(2 * np.pi * (400 * at + 1500 * at**2)) * 8000) == []


def test_only_frequencies_that_were_asked_for_count() -> None:
    assert hear(beep(1000, 400), 850, 1400) == []
    assert [event.kind for event in hear(beep(1000, 400), 850, 1010)] == ["start", "end"]


def test_a_beep_that_goes_on_does_not_end() -> None:
    detector = BeepDetector()
    events = [detector.feed(frame) for frame in split(pcm(sine(1000, 3000)))]
    assert [event.kind for event in events if event] == ["start"]
    assert detector.beeping
