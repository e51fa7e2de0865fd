"""Encodings of media over WebSockets: what goes in comes out, whatever comes in hurts nobody."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals import floats, pcm, sine

from voxrun.media.frames import FRAME_BYTES, split
from voxrun.media.stream_codec import (
    ALAW,
    BY_NAME,
    OPUS,
    PCM8,
    PCM16,
    PCM16_AT_8K,
    ULAW,
    Encoding,
    StreamDecoder,
    StreamEncoder,
    encoding_of,
)

EVERY = [*BY_NAME.values(), PCM16_AT_8K]
SPEECH = pcm(sine(440, 400, dbfs=-12))


def through(encoding: Encoding, sound: bytes) -> bytes:
    encoder, decoder = StreamEncoder(encoding), StreamDecoder(encoding)
    return b"".join(decoder.decode(encoder.encode(frame)) for frame in split(sound))


@pytest.mark.parametrize("encoding", EVERY, ids=str)
def test_what_is_encoded_is_decoded_to_the_same_sound(encoding: Encoding) -> None:
    before, after = floats(SPEECH), floats(through(encoding, SPEECH))
    likeness = max(
        float(np.corrcoef(before[800:4800], after[800 + late : 4800 + late])[0, 1]) for late in range(200)
    )
    assert likeness > 0.995


@pytest.mark.parametrize(
    ("encoding", "size"), [(PCM8, 320), (PCM16, 640), (ULAW, 160), (ALAW, 160), (PCM16_AT_8K, 320)], ids=str
)
def test_a_payload_of_20_ms_has_the_size_of_its_encoding(encoding: Encoding, size: int) -> None:
    encoder = StreamEncoder(encoding)
    assert {len(encoder.encode(frame)) for frame in split(SPEECH)} == {size}
    assert encoding.milliseconds(bytes(size)) == 20


def test_opus_gives_a_packet_for_each_20_ms_and_counts_at_48_khz() -> None:
    encoder = StreamEncoder(OPUS)
    sizes = [len(encoder.encode(frame)) for frame in split(SPEECH)]
    assert min(sizes) > 0
    assert (OPUS.frame_units, OPUS.milliseconds(b"x")) == (960, 20)


def test_pcm_is_little_endian() -> None:
    assert StreamEncoder(PCM16).encode(b"\x01\x02" * 320) == b"\x01\x02" * 320


@pytest.mark.parametrize(
    ("name", "rate", "encoding"),
    [
        ("PCM8", 8000, PCM8),
        ("PCM16", 16000, PCM16),
        ("pcm16", None, PCM16),
        ("ULAW", 8000, ULAW),
        ("ALAW", None, ALAW),
        ("OPUS", 48000, OPUS),
        ("audio/x-mulaw", 8000, ULAW),
        (" audio/pcma", 8000, ALAW),
        ("audio/l16", 16000, PCM16),
        ("audio/l16", 8000, PCM16_AT_8K),
        ("PCM16", 8000, PCM16_AT_8K),
    ],
)
def test_what_peers_declare_is_understood(name: str, rate: int | None, encoding: Encoding) -> None:
    assert encoding_of(name, rate) is encoding


@pytest.mark.parametrize(
    ("name", "rate", "told"),
    [
        ("MP3", 8000, "none of PCM8"),
        ("PCM8", 16000, "PCM8 has 8000 samples a second, not 16000"),
        ("ULAW", 16000, "ULAW has 8000"),
        ("PCM16", 24000, "PCM16 has 16000"),
        ("PCM16", "16000", "PCM16 has 16000"),
        (None, None, "none of"),
        ({"a": 1}, None, "none of"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(name: object, rate: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        encoding_of(name, rate)


@given(st.sampled_from(EVERY), st.lists(st.binary(max_size=1500), max_size=5))
def test_no_payload_is_too_broken(encoding: Encoding, payloads: list[bytes]) -> None:
    decoder = StreamDecoder(encoding)
    for payload in payloads:
        assert len(decoder.decode(payload)) % 2 == 0


@given(st.sampled_from([PCM8, PCM16]), st.binary(max_size=63).filter(lambda data: len(data) % 2 == 1))
def test_half_a_sample_does_not_shift_what_follows(encoding: Encoding, odd: bytes) -> None:
    whole, broken = StreamDecoder(encoding), StreamDecoder(encoding)
    whole.decode(odd[:-1])
    broken.decode(odd)
    assert whole.decode(b"\x10\x20" * 160) == broken.decode(b"\x10\x20" * 160)


def test_after_garbage_opus_goes_on() -> None:
    encoder, decoder = StreamEncoder(OPUS), StreamDecoder(OPUS)
    packets = [encoder.encode(frame) for frame in split(SPEECH)]
    decoder.decode(packets[0])
    assert decoder.decode(b"") == b""
    decoder.decode(b"\xff" * 50_000)
    decoder.decode(b"\x03\x00no packet")
    assert sum(len(decoder.decode(packet)) for packet in packets[1:]) > 15 * FRAME_BYTES


def test_the_codec_library_is_imported_with_the_first_opus_stream() -> None:
    program = (
        "import sys\n"
        "from voxrun.media.stream_codec import *\n"
        "StreamEncoder(ULAW).encode(bytes(640))\n"
        "assert 'av' not in sys.modules\n"
        "StreamDecoder(OPUS)\n"
        "assert 'av' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
