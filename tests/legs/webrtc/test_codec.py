"""Codecs: what goes in comes out, and nothing breaks them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.legs.webrtc.codec import make_codec
from voxrun.legs.webrtc.sdp import Codec
from voxrun.media.frames import FRAME_BYTES, SILENCE, split
from voxrun.media.levels import correlation, rms_dbfs

CODECS = [Codec("opus", 111, 48000), Codec("G722", 9, 8000), Codec("PCMU", 0, 8000), Codec("PCMA", 8, 8000)]


def chirp() -> bytes:
    t = np.arange(16000) / 16000
    return bytes((8000 * np.sin(2 * np.pi * (300 + 700 * t) * t)).astype("<i2").tobytes())


@pytest.mark.parametrize("codec", CODECS, ids=lambda c: c.name)
def test_a_second_of_sound_survives(codec: Codec) -> None:
    coder = make_codec(codec)
    out = b"".join(coder.decode(coder.encode(frame)) for frame in split(chirp()))
    assert correlation(chirp(), out, 50).value > 0.98
    assert len(out) > 0.99 * len(chirp()) - FRAME_BYTES


@pytest.mark.parametrize("codec", CODECS, ids=lambda c: c.name)
def test_silence_stays_silent(codec: Codec) -> None:
    coder = make_codec(codec)
    assert all(rms_dbfs(coder.decode(coder.encode(SILENCE))) < -60 for _ in range(10))


def test_an_opus_frame_is_20_ms_of_its_clock() -> None:
    assert make_codec(CODECS[0]).frame_units == 960
    assert make_codec(CODECS[1]).frame_units == 160


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(CODECS), st.binary(max_size=300))
def test_a_payload_that_is_no_audio_does_no_harm(codec: Codec, payload: bytes) -> None:
    coder = make_codec(codec)
    assert len(coder.decode(payload)) % 2 == 0
    assert coder.decode(b"") == b""
    coder.encode(SILENCE)
    assert coder.decode(coder.encode(SILENCE)) is not None
