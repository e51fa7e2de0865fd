import numpy as np
import pytest
from signals import Floats, floats, noise, pcm, quiet, sine, tone_level, voice

from voxrun.media.dtmf import (
    DIGITS,
    FREQUENCIES,
    DtmfDetector,
    DtmfEvent,
    digit_of,
    event_code,
    generate,
)
from voxrun.media.frames import SILENCE, split
from voxrun.media.g711 import decode_ulaw, encode_ulaw
from voxrun.media.resample import Resampler


def hear(audio: bytes | Floats) -> list[DtmfEvent]:
    detector = DtmfDetector()
    data = audio if isinstance(audio, bytes) else pcm(audio)
    return [event for frame in split(data) for event in detector.feed(frame)]


def digits(audio: bytes | Floats) -> str:
    return "".join(event.digit for event in hear(audio) if event.kind == "start")


def key(
    digit: str, ms: float, *, low: float = -13.0, high: float = -13.0, off: float = 0.0, at: float = 0.0
) -> Floats:
    """``digit`` for ``ms``, ``off`` its frequencies, beginning ``at`` ms into a frame."""
    first, second = FREQUENCIES[digit]
    tone = sine(first * (1 + off), ms, dbfs=low) + sine(second * (1 + off), ms, dbfs=high)
    return np.concatenate([quiet(40 + at), tone, quiet(100)])


def test_every_digit_that_is_made_is_heard() -> None:
    assert digits(generate(DIGITS)) == DIGITS
    assert digits(generate(DIGITS, tone_ms=50, pause_ms=50, level_dbfs=-30)) == DIGITS
    assert digits(generate("abcd")) == "ABCD"


def test_start_and_end_are_where_the_tone_is() -> None:
    assert hear(generate("pp7p")) == [
        DtmfEvent("start", "7", 1000),
        DtmfEvent("end", "7", 1100, 100),
    ]


def test_generated_tones_have_the_level_and_the_length_asked_for() -> None:
    made = generate("9", tone_ms=200, pause_ms=60, level_dbfs=-20)
    assert len(made) == 260 * 32
    assert tone_level(floats(made)[160:3040], 852) == pytest.approx(-20, abs=0.3)
    assert tone_level(floats(made)[160:3040], 1477) == pytest.approx(-20, abs=0.3)
    assert len(generate("p", gap_ms=300)) == 300 * 32


def test_what_is_no_digit_is_refused() -> None:
    with pytest.raises(ValueError, match="'x' is no DTMF digit"):
        generate("12x")


@pytest.mark.parametrize("at", [0, 3, 7, 10, 13, 19])
def test_forty_milliseconds_are_enough_and_twenty_three_are_not(at: float) -> None:
    for digit in DIGITS:
        assert digits(key(digit, 40, at=at)) == digit
        assert digits(key(digit, 23, at=at)) == ""


@pytest.mark.parametrize("at", [0, 4, 9, 15])
def test_a_pause_of_forty_milliseconds_makes_two_digits_and_a_dropout_of_ten_does_not(at: float) -> None:
    tone = sine(770, 60) + sine(1336, 60)
    two = np.concatenate([quiet(at), tone, quiet(40), tone, quiet(100)])
    one = np.concatenate([quiet(at), tone, quiet(10), tone, quiet(100)])
    assert digits(two) == "55"
    assert digits(one) == "5"


def test_one_digit_may_follow_another_without_a_pause() -> None:
    both = np.concatenate([sine(770, 80) + sine(1336, 80), sine(697, 80) + sine(1209, 80), quiet(60)])
    events = hear(both)
    assert [(event.kind, event.digit) for event in events] == [
        ("start", "5"),
        ("end", "5"),
        ("start", "1"),
        ("end", "1"),
    ]
    assert events[2].at_ms == pytest.approx(80, abs=15)


@pytest.mark.parametrize("off", [-0.015, 0.015])
def test_frequencies_may_be_off_by_one_and_a_half_percent(off: float) -> None:
    for digit in DIGITS:
        assert digits(key(digit, 60, off=off)) == digit


@pytest.mark.parametrize("off", [-0.035, 0.035])
def test_three_and_a_half_percent_are_another_tone(off: float) -> None:
    for digit in DIGITS:
        assert digits(key(digit, 60, off=off)) == ""


@pytest.mark.parametrize("difference", [-7.0, -3.0, 0.0, 4.0])
def test_twist_within_the_limits_is_accepted(difference: float) -> None:
    assert digits(key("4", 60, low=-20, high=-20 + difference)) == "4"


@pytest.mark.parametrize("difference", [-10.0, 7.0])
def test_twist_beyond_the_limits_is_not(difference: float) -> None:
    assert digits(key("4", 60, low=-20, high=-20 + difference)) == ""


def test_level_limits() -> None:
    assert digits(key("8", 60, low=-4, high=-4)) == "8"
    assert digits(key("8", 60, low=-38, high=-38)) == "8"
    assert digits(key("8", 60, low=-48, high=-48)) == ""


def test_digits_are_heard_through_noise_at_15_db() -> None:
    for seed, digit in enumerate(DIGITS):
        tone = key(digit, 60)
        assert digits(tone + noise(200, dbfs=-25, seed=seed)[: tone.size]) == digit


def test_digits_survive_a_telephone_line() -> None:
    down, up = Resampler(16_000, 8_000), Resampler(8_000, 16_000)
    line = decode_ulaw(encode_ulaw(down.process(generate(DIGITS, tone_ms=60, pause_ms=60))))
    assert digits(up.process(line) + bytes(3200)) == DIGITS


def test_speech_noise_and_single_tones_are_no_digits() -> None:
    for seed in range(4):
        assert hear(voice(10_000, seed=seed, pitch=110 + 40 * seed)) == []
    assert hear(noise(10_000, dbfs=-15)) == []
    assert hear(sine(770, 500)) == []
    assert hear(sine(350, 500) + sine(440, 500)) == []
    assert hear(sine(697, 500) + sine(770, 500)) == []
    assert hear(key("5", 200) + np.concatenate([quiet(40), sine(600, 200), quiet(100)])) == []


def test_silence_is_skipped_but_counts() -> None:
    detector = DtmfDetector()
    for _ in range(50):
        assert detector.feed(SILENCE) == []
    events = [event for frame in split(generate("3")) for event in detector.feed(frame)]
    assert [event.at_ms for event in events] == [1000, 1100]


def test_a_tone_cut_off_by_the_shared_silence_ends() -> None:
    detector = DtmfDetector()
    for frame in split(generate("3", tone_ms=100, pause_ms=0)):
        detector.feed(frame)
    assert detector.digit == "3"
    assert detector.hearing
    events = [event for _ in range(5) for event in detector.feed(SILENCE)]
    assert [(event.kind, event.at_ms) for event in events] == [("end", 100)]
    assert not detector.hearing


def test_event_codes_are_those_of_rfc_4733() -> None:
    assert [event_code(digit) for digit in "0159*#ABCDd"] == [0, 1, 5, 9, 10, 11, 12, 13, 14, 15, 15]
    assert [digit_of(code) for code in (0, 9, 10, 11, 15, 16, -1)] == ["0", "9", "*", "#", "D", None, None]
    with pytest.raises(ValueError, match="no DTMF digit"):
        event_code("12")
