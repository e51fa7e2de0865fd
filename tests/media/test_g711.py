import sys
import warnings

import numpy as np
import pytest
from signals import floats, pcm, rms_db, sine

from voxrun.media.g711 import (
    ALAW_SILENCE,
    ULAW_SILENCE,
    decode_alaw,
    decode_ulaw,
    encode_alaw,
    encode_ulaw,
)

CODES = bytes(range(256))
EVERY_SAMPLE = np.arange(-32768, 32768).astype("<i2").tobytes()
LAWS = [(encode_ulaw, decode_ulaw), (encode_alaw, decode_alaw)]


def test_known_points_of_both_laws() -> None:
    assert encode_ulaw(bytes(2)) == bytes([ULAW_SILENCE])
    assert decode_ulaw(bytes([ULAW_SILENCE])) == bytes(2)
    assert encode_alaw(bytes(2)) == bytes([ALAW_SILENCE])
    assert floats(decode_alaw(bytes([ALAW_SILENCE])))[0] == 8
    assert floats(decode_ulaw(b"\x80\x00")).tolist() == [32124, -32124]
    assert floats(decode_alaw(b"\xaa\x2a")).tolist() == [32256, -32256]


@pytest.mark.parametrize(("encode", "decode"), LAWS)
def test_every_code_survives_the_round_trip(encode, decode) -> None:  # type: ignore[no-untyped-def]
    values = decode(CODES)
    assert decode(encode(values)) == values


@pytest.mark.parametrize(("encode", "decode"), LAWS)
def test_the_scale_is_monotonic_and_symmetric(encode, decode) -> None:  # type: ignore[no-untyped-def]
    made = floats(decode(encode(EVERY_SAMPLE)))
    assert (np.diff(made) >= 0).all()
    assert (made[:32768] == -made[32768:][::-1]).all()  # one's complement: -1 mirrors 0
    relative = np.abs(made - floats(EVERY_SAMPLE)) / np.maximum(np.abs(floats(EVERY_SAMPLE)), 512)
    assert relative.max() < 0.037


@pytest.mark.parametrize(("encode", "decode"), LAWS)
@pytest.mark.parametrize("level", [-10.0, -25.0, -35.0])
def test_the_signal_to_noise_ratio_is_that_of_a_telephone_line(encode, decode, level) -> None:  # type: ignore[no-untyped-def]
    tone = sine(1020, 500, dbfs=level, rate=8000)
    assert level - rms_db(floats(decode(encode(pcm(tone)))) - tone) > 33


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library with 3.13")
def test_decoding_agrees_with_the_old_standard_library() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop
    assert decode_ulaw(CODES) == audioop.ulaw2lin(CODES, 2)
    assert decode_alaw(CODES) == audioop.alaw2lin(CODES, 2)
    for ours, theirs in (
        (encode_ulaw(EVERY_SAMPLE), audioop.lin2ulaw(EVERY_SAMPLE, 2)),
        (encode_alaw(EVERY_SAMPLE), audioop.lin2alaw(EVERY_SAMPLE, 2)),
    ):
        # it rounds negative samples the other way, so decision points may be one step of the input off
        assert ours[32768:] == theirs[32768:]
        assert sum(a != b for a, b in zip(ours, theirs, strict=True)) < 1600


def test_an_odd_trailing_byte_is_ignored() -> None:
    assert encode_ulaw(b"\0\0\0") == encode_ulaw(b"\0\0")
    assert encode_alaw(b"") == decode_alaw(b"") == b""
