"""Decoding while the file still comes in: the same audio, earlier."""

from __future__ import annotations

import contextlib
import io
import threading

import av
import numpy as np
import pytest
from signals import pcm, voice

from voxrun.errors import PeerError
from voxrun.media.files import decode_audio
from voxrun.media.stream_decoder import StreamDecoder

FORMATS = [
    ("mp3", "libmp3lame", 44_100, "stereo"),
    ("wav", "pcm_s16le", 8_000, "mono"),
    ("flac", "flac", 44_100, "mono"),
    ("ogg", "libopus", 48_000, "mono"),
]


def encoded(container: str, codec: str, rate: int, layout: str, ms: int = 3000) -> bytes:
    memory = io.BytesIO()
    samples = np.frombuffer(pcm(voice(ms)), "<i2")
    with av.open(memory, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):  # type: ignore[union-attr, arg-type]
            file.mux(packet)
    return memory.getvalue()


def fed(data: bytes, step: int = 1500) -> tuple[bytes, int]:
    """(the audio, how many bytes had come when there was the first of it)."""
    decoder = StreamDecoder("song", PeerError, 60)
    out, first = b"", 0
    try:
        for start in range(0, len(data), step):
            out += decoder.feed(data[start : start + step])
            first = first or (min(len(data), start + step) if out else 0)
        return out + decoder.finish(), first or len(data)
    finally:
        decoder.close()


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form[0])
def test_it_gives_what_decoding_the_whole_file_gives(form: tuple[str, str, int, str]) -> None:
    data = encoded(*form)
    whole = decode_audio(data)
    streamed, first = fed(data)
    # The end of an MP3 file, up to a frame of padding, is only known to who sees the whole file.
    assert streamed[: len(whole)] == whole
    assert len(streamed) - len(whole) <= (2400 if form[0] == "mp3" else 0)
    if form[0] in ("mp3", "ogg"):
        assert first < len(data) / 2


def test_what_comes_out_does_not_depend_on_the_pieces() -> None:
    data = encoded(*FORMATS[0])
    assert fed(data, 100)[0] == fed(data, 7777)[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "song: is not an audio file"),
        (b"<html>no such file</html>" * 300, "song: is not an audio file"),
        (encoded("wav", "pcm_s16le", 8000, "mono", 10)[:44], "song: "),
    ],
)
def test_what_is_no_audio_says_so(data: bytes, message: str) -> None:
    with pytest.raises(PeerError) as caught:
        fed(data)
    assert message in str(caught.value)


def test_what_is_too_long_ends() -> None:
    decoder = StreamDecoder("song", PeerError, 1)
    assert len(decoder.feed(encoded(*FORMATS[0]))) <= 32_000  # what was within the limit is given first
    with pytest.raises(PeerError, match="song: is longer than 1 seconds"):
        decoder.finish()
    decoder.close()


def test_close_ends_the_thread_whenever_it_comes() -> None:
    before = threading.active_count()
    data = encoded(*FORMATS[0])
    for given in (b"", data[:10_000], data):
        decoder = StreamDecoder("song", PeerError, 60)
        decoder.feed(given)
        decoder.close()
        decoder.close()
    assert threading.active_count() == before


def test_close_lets_go_of_a_feed_that_another_thread_waits_in() -> None:
    data = encoded(*FORMATS[0]) * 20

    def feed(decoder: StreamDecoder) -> None:
        with contextlib.suppress(PeerError):  # closed before there was anything to decode
            decoder.feed(data)

    for _ in range(5):
        decoder = StreamDecoder("song", PeerError, 3600)
        feeding = threading.Thread(target=feed, args=(decoder,))
        feeding.start()
        decoder.close()
        feeding.join(10)
        assert not feeding.is_alive()
