"""libopus, called directly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxrun.legs.webrtc import opus
from voxrun.media.frames import FRAME_BYTES, SILENCE, split
from voxrun.media.levels import correlation, rms_dbfs


def voice() -> list[bytes]:
    """A second of something that sounds like a vowel and changes its pitch."""
    t = np.arange(16000) / 16000
    phase = 2 * np.pi * (120 * t + 20 * t * t)
    wave = sum(np.sin(k * phase) / k for k in range(1, 12))
    return list(split((4000 * wave).astype("<i2").tobytes()))


def test_the_library_is_found_and_says_its_version() -> None:
    assert opus.version().startswith("libopus ")


def test_without_a_library_it_says_where_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Iterator[str]:
        yield "/nowhere/libopus.so"

    monkeypatch.setattr(opus, "candidates", nowhere)
    opus.load.cache_clear()
    with pytest.raises(opus.OpusMissing, match="nowhere/libopus"):
        opus.load()
    opus.load.cache_clear()


@pytest.mark.parametrize("mode", ["lowdelay", "voip"])
def test_a_second_of_voice_survives(mode: opus.Application) -> None:
    encoder, decoder = opus.Encoder(mode), opus.Decoder()
    out = b"".join(decoder.decode(encoder.encode(frame)) for frame in voice())
    assert len(out) == 50 * FRAME_BYTES
    assert correlation(b"".join(voice()), out, 50).value > 0.85


def test_a_lost_packet_comes_back_from_the_fec_of_the_next() -> None:
    frames = voice()
    encoder = opus.Encoder("voip", 32_000, 5, fec=True, expected_loss=20)
    packets = [encoder.encode(frame) for frame in frames]
    likeness = {}
    for how in ("fec", "concealed"):
        decoder, out = opus.Decoder(), b""
        for number, packet in enumerate(packets):
            if number % 5 == 3:
                out += decoder.recover(packets[number + 1]) if how == "fec" else decoder.conceal()
            else:
                out += decoder.decode(packet)
        likeness[how] = correlation(b"".join(frames), out, 50).value
    assert likeness["fec"] > likeness["concealed"]
    assert likeness["fec"] > 0.85


def test_concealment_goes_on_with_the_sound_and_then_fades() -> None:
    encoder, decoder = opus.Encoder(), opus.Decoder()
    for frame in voice():
        last = decoder.decode(encoder.encode(frame))
    made_up = [decoder.conceal() for _ in range(20)]
    assert {len(frame) for frame in made_up} == {FRAME_BYTES}
    assert rms_dbfs(made_up[0]) > rms_dbfs(last) - 10
    assert rms_dbfs(made_up[-1]) < rms_dbfs(made_up[0]) - 10


def test_silence_costs_next_to_nothing_with_dtx() -> None:
    encoder = opus.Encoder("voip", 24_000, 5, dtx=True)
    sizes = [len(encoder.encode(SILENCE)) for _ in range(60)]
    assert min(sizes) <= 2


def test_a_packet_says_how_long_it_is() -> None:
    decoder = opus.Decoder()
    assert decoder.samples(opus.Encoder().encode(SILENCE)) == 320
    assert decoder.samples(b"") == 0


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=200))
def test_garbage_is_no_audio_and_does_no_harm(packet: bytes) -> None:
    decoder = opus.Decoder()
    assert len(decoder.decode(packet)) % 2 == 0
    assert len(decoder.decode(opus.Encoder().encode(SILENCE))) == FRAME_BYTES
