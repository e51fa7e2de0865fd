"""How alike two pieces of sound are."""

from __future__ import annotations

import numpy as np
import pytest

from voxrun.media.g711 import decode_ulaw, encode_ulaw
from voxrun.media.levels import gain
from voxrun.replay.waves import RATE, decimated, find, find_in, likeness, rms, shape


def noise(seed: int, ms: int, scale: int = 3000) -> bytes:
    """Sound of which no part is like another, below 1 kHz."""
    raw = np.random.default_rng(seed).normal(0, scale, ms * 2 + 8)
    return np.repeat(raw, 8)[: ms * 16].astype("<i2").tobytes()


def test_a_piece_is_found_where_it_is_from_whatever_was_done_to_it() -> None:
    whole = noise(1, 2000)
    piece = whole[700 * 32 : 1000 * 32]
    for heard in (piece, gain(piece, 0.2), decode_ulaw(encode_ulaw(piece))):
        probe = decimated(heard)
        score, at = find_in(probe, whole)
        assert score > 0.98
        assert at == 700 * RATE // 1000
        assert find(probe, decimated(whole)) == pytest.approx((score, at))
    assert find_in(decimated(noise(2, 300)), whole)[0] < 0.4
    assert find_in(decimated(whole), piece)[0] < 0.6  # longer than what it is looked for in
    assert find_in(decimated(bytes(9600)), whole)[0] == 0


def test_pieces_of_one_length_are_alike_or_not() -> None:
    one, other = decimated(noise(1, 100)), decimated(noise(2, 100))
    assert likeness(one, one) == pytest.approx(1)
    assert likeness(one[:-3], one[3:]) == pytest.approx(1)  # within 1 ms
    assert likeness(one, -one) < 0.5
    assert likeness(one, other) < 0.4
    assert likeness(one[:4], other[:4]) == 1  # too short to tell


def test_sound_begins_and_ends_where_it_is_audible() -> None:
    wave, first, last = shape(bytes(320 * 32) + noise(3, 200) + bytes(100 * 32))
    assert (wave.size, first) == (620 * RATE // 1000, 320)
    assert last == pytest.approx(520, abs=1)
    assert shape(bytes(3200))[1:] == (0, 100)
    assert rms(decimated(bytes(3200))) == rms(wave[:0]) == 0
    assert rms(np.full(8, -5, np.float32)) == 5
