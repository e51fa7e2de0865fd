import numpy as np
import pytest
from signals import RATE, noise, pcm, quiet, sine, voice

from voxrun.media.frames import SILENCE
from voxrun.media.levels import FLOOR_DBFS, correlation, gain, is_silence, peak, rms_dbfs


def test_a_full_scale_sine_is_minus_3_dbfs_and_silence_is_the_floor() -> None:
    assert rms_dbfs(pcm(sine(1000, 100, dbfs=-3.0103))) == pytest.approx(-3.01, abs=0.02)
    assert rms_dbfs(SILENCE) == FLOOR_DBFS
    assert rms_dbfs(b"") == FLOOR_DBFS


def test_an_odd_trailing_byte_is_ignored() -> None:
    data = pcm(sine(500, 40))
    assert rms_dbfs(data + b"\x7f") == rms_dbfs(data)
    assert peak(data + b"\x7f") == peak(data)


def test_peak_knows_the_most_negative_sample() -> None:
    assert peak(np.array([5, -32768, 7], "<i2").tobytes()) == 32768
    assert peak(b"") == 0


def test_silence_is_zeros_or_whatever_lies_under_the_threshold() -> None:
    hiss = pcm(noise(200, dbfs=-70))
    assert is_silence(SILENCE)
    assert is_silence(bytes(640))
    assert not is_silence(hiss)
    assert is_silence(hiss, threshold_dbfs=-60)
    assert not is_silence(pcm(sine(300, 20)), threshold_dbfs=-60)


def test_gain_changes_the_level_and_saturates() -> None:
    data = pcm(sine(700, 100, dbfs=-20))
    assert rms_dbfs(gain(data, -12)) == pytest.approx(-32, abs=0.05)
    assert peak(gain(data, 60)) == 32768


def test_correlation_finds_late_and_quiet_audio_in_a_longer_noisy_recording() -> None:
    said = voice(2000, seed=3)
    heard = np.concatenate([quiet(333), said / 6, quiet(900)]) + noise(3233, dbfs=-65)
    found = correlation(pcm(said), pcm(heard), 1000)
    assert found.value > 0.95
    assert found.lag == round(0.333 * RATE)
    assert found.lag_ms == pytest.approx(333)


def test_correlation_finds_audio_that_starts_before_the_recording() -> None:
    said = voice(2000, seed=4)
    found = correlation(pcm(said), pcm(said[4000:]), 500)
    assert found.value > 0.99
    assert found.lag == -4000
    assert correlation(pcm(said), pcm(said[4000:]), 500, min_lag_ms=0).value < 0.5


def test_another_voice_does_not_correlate() -> None:
    assert correlation(pcm(voice(4000, seed=5)), pcm(voice(4000, seed=6, pitch=190)), 500).value < 0.1


def test_silence_never_correlates_and_an_inverted_wave_counts_as_different() -> None:
    said = voice(500)
    assert correlation(pcm(said), bytes(16000)).value == 0.0
    assert correlation(bytes(16000), pcm(said)).value == 0.0
    assert correlation(b"", b"").value == 0.0
    assert correlation(pcm(said), pcm(-said), 0).value == pytest.approx(-1.0, abs=1e-6)


def test_a_sliver_of_overlap_is_not_evidence() -> None:
    said = sine(400, 1000)
    late = np.concatenate([quiet(995), said[:80]])
    assert abs(correlation(pcm(said), pcm(late), 999).value) < 0.5
