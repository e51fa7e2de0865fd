import numpy as np
import pytest
from signals import floats, pcm, sine

from voxrun.media.frames import SILENCE
from voxrun.media.mix import mix

ONE, TWO = pcm(sine(500, 20, dbfs=-20)), pcm(sine(900, 20, dbfs=-20))


def test_the_mix_is_the_sum() -> None:
    assert (floats(mix([ONE, TWO, ONE])) == 2 * floats(ONE) + floats(TWO)).all()


def test_silence_is_free_and_a_single_voice_stays_the_same_object() -> None:
    assert mix([]) is SILENCE
    assert mix([SILENCE, SILENCE]) is SILENCE
    assert mix([SILENCE, ONE, SILENCE]) is ONE


def test_the_mix_saturates_instead_of_wrapping() -> None:
    loud = np.array([30_000, -30_000, 1], "<i2").tobytes()
    assert floats(mix([loud, loud])).tolist() == [32767, -32768, 2]


def test_frames_of_different_lengths_do_not_mix() -> None:
    with pytest.raises(ValueError):
        mix([ONE, TWO[:100]])
