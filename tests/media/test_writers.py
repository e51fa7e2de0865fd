import os
import signal
import stat
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from signals import floats, pcm, sine, tone_level, voice

from voxrun.errors import ConfigError
from voxrun.media.files import decode_audio, decode_stereo
from voxrun.media.levels import correlation
from voxrun.media.writers import AudioFileWriter, EncodedWriter, WavWriter, interleave, wav_header, write_wav


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def read_wave(path: Path) -> tuple[int, int, bytes]:
    with wave.open(str(path)) as file:
        return file.getnchannels(), file.getframerate(), file.readframes(file.getnframes())


def test_a_wav_file_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path, audio = tmp_path / "a.wav", pcm(voice(500))
    write_wav(path, audio)
    assert read_wave(path) == (1, 16_000, audio)
    assert mode(path) == 0o600


def test_a_file_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x" * 5000)
    path.chmod(0o644)
    write_wav(path, b"\1\0" * 10, channels=2, sample_rate=8_000)
    assert mode(path) == 0o600
    assert read_wave(path) == (2, 8_000, b"\1\0" * 10)


def test_the_wav_file_is_valid_after_every_second_while_it_grows(tmp_path: Path) -> None:
    writer = WavWriter(tmp_path / "a.wav", 2)
    audio = interleave([pcm(voice(3500)), pcm(voice(3500, seed=2))])
    for start in range(0, len(audio), 1280):
        writer.write(audio[start : start + 1280])
        held = read_wave(writer.path)[2]
        assert audio.startswith(held)
        assert start + 1280 - len(held) < 64_000
    writer.close()
    writer.close()
    assert read_wave(writer.path)[2] == audio
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"ab")


def test_bytes_that_make_no_whole_sample_are_kept_for_the_next_write(tmp_path: Path) -> None:
    writer = WavWriter(tmp_path / "a.wav", 2)
    for byte in b"abcdefghij":
        writer.write(bytes([byte]))
        writer.flush()
    writer.close()
    assert read_wave(writer.path)[2] == b"abcdefgh"


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac"])
def test_a_killed_process_loses_at_most_the_last_seconds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"killed.{kind}"
    program = (
        "import sys, numpy as np\n"
        "from voxrun.media.writers import AudioFileWriter\n"
        f"w = AudioFileWriter({str(path)!r}, 2, {kind!r})\n"
        "t = np.arange(16000 * 5)\n"
        "x = (8000 * np.sin(t * 0.1)).astype('<i2').repeat(2).tobytes()\n"
        "for i in range(0, len(x), 1280): w.write(x[i:i + 1280])\n"
        "print('written', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    left, right = decode_stereo(path, lenient=kind == "flac")
    assert 3.5 < len(left) / 32_000 <= 5.1
    assert left == right


@pytest.mark.parametrize(
    ("kind", "rate"), [("mp3", 16_000), ("mp3", 48_000), ("flac", 16_000), ("flac", 8_000)]
)
def test_encoded_stereo_keeps_its_channels_apart(tmp_path: Path, kind: str, rate: int) -> None:
    path = tmp_path / f"a.{kind}"
    one, two = pcm(voice(3000, seed=1)), pcm(voice(3000, seed=2, pitch=190))
    writer = AudioFileWriter(path, 2, kind, sample_rate=rate)  # type: ignore[arg-type]
    audio = interleave([one, two])
    for start in range(0, len(audio), 1000):
        writer.write(audio[start : start + 1000])
    writer.close()
    writer.close()
    assert mode(path) == 0o600
    left, right = decode_stereo(path)
    assert len(left) / 32 == pytest.approx(3000, abs=150)
    assert correlation(one, left, 100).value > 0.95
    assert correlation(two, right, 100).value > 0.95
    assert correlation(one, right, 100).value < 0.1


def test_flac_is_lossless(tmp_path: Path) -> None:
    audio = pcm(voice(1000))
    writer = EncodedWriter(tmp_path / "a.flac", 1, "flac")
    writer.write(audio[:777])
    writer.write(audio[777:])
    writer.close()
    assert decode_audio(tmp_path / "a.flac") == audio
    with pytest.raises(ValueError, match="closed"):
        writer.write(b"ab")


def test_the_platforms_default_recording_is_mp3_at_8_khz_and_32_kbits(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    writer = AudioFileWriter(path, 1, "mp3", sample_rate=8_000, bit_rate=32_000)
    writer.write(pcm(sine(1000, 5000)))
    writer.close()
    assert path.stat().st_size == pytest.approx(5 * 4000, rel=0.1)
    assert tone_level(floats(decode_audio(path))[8000:72_000], 1000) == pytest.approx(-10, abs=0.5)


def test_the_end_of_converted_audio_is_in_the_file(tmp_path: Path) -> None:
    writer = AudioFileWriter(tmp_path / "a.wav", 1, sample_rate=48_000)
    writer.write(pcm(voice(1000)) + b"x")
    writer.close()
    _, rate, held = read_wave(tmp_path / "a.wav")
    assert rate == 48_000
    assert len(held) >= 48_000 * 2
    assert np.abs(floats(held)[-2000:]).max() > 0


def test_an_empty_recording_is_a_valid_file(tmp_path: Path) -> None:
    WavWriter(tmp_path / "a.wav").close()
    assert read_wave(tmp_path / "a.wav") == (1, 16_000, b"")
    for kind in ("mp3", "flac"):
        AudioFileWriter(tmp_path / f"a.{kind}", 2, kind).close()  # type: ignore[arg-type]
        assert (tmp_path / f"a.{kind}").exists()


def test_what_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        WavWriter(tmp_path / "no" / "a.wav")
    with pytest.raises(ConfigError, match="MP3 has no sample rate of 20000 Hz; use one of 8000"):
        AudioFileWriter(tmp_path / "a.mp3", 1, "mp3", sample_rate=20_000)
    with pytest.raises(ConfigError, match="Unknown audio format 'wma'"):
        AudioFileWriter(tmp_path / "a.wma", 1, "wma")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="1 or 2 channels"):
        WavWriter(tmp_path / "a.wav", 6)
    assert os.listdir(tmp_path) == []


def test_more_than_four_gigabytes_keep_the_largest_size() -> None:
    header = wav_header(5_000_000_000, 2, 16_000)
    assert header[4:8] == header[40:44] == b"\xff" * 4


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac"])
def test_a_full_disk_is_said_in_one_sentence_and_closing_goes_on(kind: str) -> None:
    """/dev/full refuses every write, as a full disk does."""
    before = mode(Path("/dev/full"))
    with pytest.raises(ConfigError, match=r"^Cannot write the audio file /dev/full: No space left on device"):
        _fill(AudioFileWriter("/dev/full", 1, kind))  # type: ignore[arg-type]
    assert mode(Path("/dev/full")) == before


def _fill(writer: AudioFileWriter) -> None:
    try:
        for _ in range(200):
            writer.write(pcm(voice(100)))
    finally:
        writer.close()


def test_a_disk_that_fills_up_leaves_what_was_written(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys\n"
        "from voxrun.media.writers import WavWriter\n"
        "from voxrun.errors import ConfigError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        f"w = WavWriter({str(tmp_path / 'a.wav')!r})\n"
        "try:\n"
        "    for _ in range(300): w.write(b'ab' * 320)\n"
        "except ConfigError as e:\n"
        "    print(e)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "File too large" in done.stdout
    channels, rate, held = read_wave(tmp_path / "a.wav")
    assert (channels, rate) == (1, 16_000)
    assert len(held) >= 64_000
    assert set(held) == set(b"ab")
