import hashlib

import numpy as np
import pytest
from signals import floats, noise, pcm, rms_db, sine, tone_level, voice

from voxrun.media.resample import RATES, Converter, Resampler, convert, supported

PAIRS = [(a, b) for a in RATES for b in RATES if a != b]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_twenty_milliseconds_in_are_twenty_milliseconds_out(source: int, target: int) -> None:
    resampler = Resampler(source, target)
    block = pcm(sine(440, 20, rate=source))
    assert {len(resampler.process(block)) for _ in range(5)} == {target // 50 * 2}
    assert resampler.delay_ms <= 2.6


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_file_conversion_is_in_place_and_true_to_below_90_db(source: int, target: int) -> None:
    made = floats(convert(pcm(sine(1000, 500, rate=source)), source, target))
    ideal = sine(1000, 500, rate=target)
    assert made.size == ideal.size
    edge = target // 50
    assert rms_db((made - ideal)[edge:-edge]) < -90


@pytest.mark.parametrize("chunk", [1, 2, 333, 882, 5000])
def test_the_result_does_not_depend_on_how_the_stream_was_cut(chunk: int) -> None:
    stream = pcm(voice(300))
    for source, target in ((44_100, 16_000), (8_000, 16_000), (16_000, 22_050)):
        whole = Resampler(source, target)
        expected = whole.process(stream) + whole.flush()
        pieces = Resampler(source, target)
        parts = [pieces.process(stream[i : i + chunk]) for i in range(0, len(stream), chunk)]
        assert b"".join(parts) + pieces.flush() == expected


@pytest.mark.parametrize(("source", "target"), [*PAIRS[::5], (16_000, 16_000)])
def test_a_file_converted_piece_by_piece_is_the_file_converted_at_once(source: int, target: int) -> None:
    stream = pcm(voice(120)) + b"\x01\x02"
    converter = Converter(source, target)
    parts = [converter.process(stream[start : start + 502]) for start in range(0, len(stream), 502)]
    assert b"".join([*parts, converter.finish()]) == convert(stream, source, target)


def test_the_same_bytes_on_every_machine() -> None:
    """The arithmetic is exact, so a digest can be written down."""
    data = (np.arange(16_000) * 7919 % 65_536 - 32_768).astype("<i2").tobytes()
    live = Resampler(16_000, 44_100).process(data)
    assert hashlib.sha256(live).hexdigest()[:16] == "ef73f5485f48c47a"
    assert hashlib.sha256(convert(data, 48_000, 16_000)).hexdigest()[:16] == "f7253a2faeec7c02"


def test_what_the_lower_rate_cannot_carry_is_taken_out() -> None:
    for quality, at_most in (("live", -68), ("file", -95)):
        down = Resampler(48_000, 16_000, quality)  # type: ignore[arg-type]
        out = floats(down.process(pcm(sine(10_000, 400, rate=48_000))))[2000:]
        assert rms_db(out) < at_most
    telephone = Resampler(16_000, 8_000)
    assert rms_db(floats(telephone.process(pcm(sine(4_600, 400))))[1000:]) < -68


def test_speech_frequencies_pass_a_telephone_leg_unharmed() -> None:
    there, back = Resampler(16_000, 8_000), Resampler(8_000, 16_000)
    for hz in (300, 1000, 3000):
        out = floats(back.process(there.process(pcm(sine(hz, 400)))))[2000:]
        assert tone_level(out, hz) == pytest.approx(-10, abs=0.2)
        assert tone_level(out, 8_000 - hz) < -65


def test_silence_stays_silence_and_a_constant_stays_itself() -> None:
    resampler = Resampler(8_000, 16_000)
    assert resampler.process(bytes(3200)) == bytes(6400)
    constant = np.full(1600, 1234, "<i2").tobytes()
    assert set(floats(resampler.process(constant))[200:]) == {1234.0}


def test_loud_audio_saturates_instead_of_wrapping() -> None:
    square = np.where(np.arange(4800) // 24 % 2 == 0, 32767, -32768).astype("<i2").tobytes()
    made = floats(convert(square, 48_000, 44_100))
    assert made.max() == 32767
    assert made.min() == -32768
    assert np.abs(np.diff(made)).max() < 65_535


def test_equal_rates_pass_through_untouched() -> None:
    data = pcm(noise(30))
    assert Resampler(16_000, 16_000).process(data) is data
    assert convert(data, 24_000, 24_000) is data


def test_the_end_of_a_stream_is_not_lost() -> None:
    resampler = Resampler(8_000, 16_000)
    data = pcm(voice(200))
    total = resampler.process(data) + resampler.flush()
    assert len(total) == 2 * (len(data) + 2 * 20)
    assert resampler.flush() == bytes(2 * 40)  # and the next stream starts afresh


def test_a_pair_without_a_simple_ratio_is_refused() -> None:
    assert not supported(44_101, 16_000)
    assert not supported(0, 16_000)
    with pytest.raises(ValueError, match="44101 Hz to 16000 Hz"):
        Resampler(44_101, 16_000)


def test_nothing_comes_of_nothing() -> None:
    assert convert(b"", 8_000, 16_000) == b""
    assert Resampler(8_000, 16_000).process(b"") == b""
