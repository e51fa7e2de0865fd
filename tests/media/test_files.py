import io
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signals import floats, pcm, sine, tone_level, voice

from voxrun.errors import ConfigError, PeerError, VoxrunError
from voxrun.media.files import AudioFileWriter, decode_audio, decode_stereo, interleave
from voxrun.media.levels import correlation


def wav(audio: bytes, rate: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    memory = io.BytesIO()
    with wave.open(memory, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(audio)
    return memory.getvalue()


def encoded(folder: Path, kind: str, audio: bytes) -> bytes:
    path = folder / f"x.{kind}"
    writer = AudioFileWriter(path, 1, kind)  # type: ignore[arg-type]
    writer.write(audio)
    writer.close()
    return path.read_bytes()


def test_a_wav_at_our_rate_comes_back_byte_for_byte(tmp_path: Path) -> None:
    audio = pcm(voice(300))
    (tmp_path / "a.wav").write_bytes(wav(audio))
    assert decode_audio(wav(audio)) == audio
    assert decode_audio(tmp_path / "a.wav") == audio
    assert decode_audio(str(tmp_path / "a.wav")) == audio


@pytest.mark.parametrize("rate", [8_000, 11_025, 12_345, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_becomes_16_khz(rate: int) -> None:
    made = floats(decode_audio(wav(pcm(sine(1000, 500, rate=rate)), rate)))
    assert made.size == pytest.approx(8000, abs=40)
    assert tone_level(made[800:-800], 1000) == pytest.approx(-10, abs=0.1)


def test_stereo_is_mixed_at_half_volume_or_kept_apart() -> None:
    left, right = sine(500, 200), sine(2000, 200)
    content = wav(interleave([pcm(left), pcm(right)]), channels=2)
    assert np.abs(floats(decode_audio(content)) - (left + right) / 2).max() <= 1
    assert decode_stereo(content) == (pcm(left), pcm(right))
    assert decode_stereo(wav(pcm(left))) == (pcm(left), pcm(left))


def test_eight_bit_wav_is_read_too() -> None:
    content = wav(
        (np.round(127 * np.sin(np.arange(8000) * 0.2)) + 128).astype(np.uint8).tobytes(), 8_000, 1, 1
    )
    assert len(decode_audio(content)) == 2 * 16_000


@pytest.mark.parametrize("kind", ["mp3", "flac"])
def test_compressed_audio_is_read(tmp_path: Path, kind: str) -> None:
    audio = pcm(voice(1500))
    found = correlation(audio, decode_audio(encoded(tmp_path, kind, audio)), 100)
    assert found.value > 0.95


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac"])
def test_a_file_that_was_cut_off_is_refused_unless_lenient(tmp_path: Path, kind: str) -> None:
    audio = pcm(voice(3000))
    content = encoded(tmp_path, kind, audio)
    half = content[: len(content) // 2]
    with pytest.raises(PeerError, match=r"^http://a/b: is (damaged or )?cut off"):
        decode_audio(half, name="http://a/b", error=PeerError)
    assert 1000 < len(decode_audio(half, lenient=True)) / 32 < 2000


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_wav_written_to_a_pipe_has_no_size_and_is_fine(size: int) -> None:
    audio = pcm(voice(200))
    content = bytearray(wav(audio))
    content[40:44] = size.to_bytes(4, "little")
    assert decode_audio(bytes(content)) == audio


@pytest.mark.parametrize(
    "content",
    [
        b"hello " * 500,
        b"<!doctype html><html><body>404</body></html>" * 40,
        b"RIFF",
        b"ID3" + bytes(300),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
)
def test_what_is_no_audio_is_refused_and_playlists_open_nothing(content: bytes) -> None:
    with pytest.raises(ConfigError, match=r"^greeting: (is not an audio file|holds no audio)"):
        decode_audio(content, name="greeting")


def test_a_strangers_playlist_does_not_read_files_that_are_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "private.wav").write_bytes(wav(pcm(voice(300))))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PeerError, match="is not an audio file"):
        decode_audio(b"ffconcat version 1.0\nfile private.wav\n", error=PeerError)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("ogg", "libopus", 48_000),
        ("webm", "libopus", 48_000),
        ("mp4", "aac", 44_100),
        ("adts", "aac", 16_000),
    ],
)
def test_the_usual_containers_are_read(container: str, codec: str, rate: int) -> None:
    audio = pcm(voice(1000))
    memory = io.BytesIO()
    with av.open(memory, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.frombuffer(audio, "<i2").reshape(1, -1), "s16", "mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):  # type: ignore[union-attr, arg-type]
            file.mux(packet)
    assert correlation(audio, decode_audio(memory.getvalue()), 200).value > 0.9


def test_missing_empty_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.wav: cannot be read: No such file"):
        decode_audio(tmp_path / "nowhere.wav")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        decode_audio(tmp_path)
    (tmp_path / "empty.wav").touch()
    with pytest.raises(ConfigError, match=r"empty\.wav: is empty"):
        decode_audio(tmp_path / "empty.wav")
    with pytest.raises(ConfigError, match="holds no audio"):
        decode_audio(wav(b""))


def test_audio_longer_than_allowed_is_refused_while_decoding() -> None:
    with pytest.raises(ConfigError, match=r"longer than 0\.5 seconds"):
        decode_audio(wav(pcm(voice(1000))), max_seconds=0.5)
    assert decode_audio(wav(pcm(voice(500))), max_seconds=0.5)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_headers_never_raise_anything_but_our_errors(data: st.DataObject) -> None:
    content = bytearray(wav(b"\1\2" * 400))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, 60))] = data.draw(st.integers(0, 255))
    try:
        decode_audio(bytes(content), max_seconds=5)
    except VoxrunError:
        pass


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb"]))
def test_random_bytes_never_raise_anything_but_our_errors(content: bytes, start: bytes) -> None:
    try:
        decode_audio(start + content, max_seconds=5)
    except VoxrunError:
        pass
