"""A recording is drawn, measured, and put into the page; what is wrong with it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.media.signals import pcm, quiet, voice

from voxrun.media.files import decode_stereo
from voxrun.media.levels import correlation
from voxrun.media.writers import interleave, write_wav
from voxrun.report.sound import PEAK_MS, Recording, read_recording

AT = 300


def stereo(path: Path, left: bytes, right: bytes) -> Path:
    from voxrun.media.writers import AudioFileWriter

    writer = AudioFileWriter(path, 2)
    writer.write(interleave([left, right]))
    writer.close()
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """The agent speaks for a second, then the caller."""
    left = pcm(np.concatenate([quiet(500), voice(1000, seed=2), quiet(1500)]))
    right = pcm(np.concatenate([quiet(2000), voice(800, seed=5), quiet(200)]))
    return read_recording(stereo(tmp_path / "recording.wav", left, right), "c1", AT)


def test_each_side_speaks_when_it_speaks_in_session_time(recording: Recording) -> None:
    (heard,) = recording.heard_spans
    (spoken,) = recording.spoken_spans
    assert abs(heard.start - (AT + 500)) <= 40
    assert abs(heard.end - (AT + 1500)) <= 60
    assert abs(spoken.start - (AT + 2000)) <= 40
    assert abs(spoken.end - (AT + 2800)) <= 60


def test_the_outline_has_a_value_for_every_10_ms_and_is_flat_in_silence(recording: Recording) -> None:
    assert recording.length_ms == 3000
    assert len(recording.heard) == len(recording.spoken) == 3000 // PEAK_MS
    assert max(recording.heard[:49]) == 0
    assert max(recording.heard[60:140]) > 100
    assert max(recording.spoken[:199]) == 0


def test_what_is_listened_to_is_the_recording_channel_by_channel(
    recording: Recording, tmp_path: Path
) -> None:
    left, right = decode_stereo(recording.audio)
    original_left, original_right = decode_stereo(tmp_path / "recording.wav")
    assert correlation(original_left, left, 100).value > 0.9
    assert correlation(original_right, right, 100).value > 0.9
    assert correlation(original_left, right, 100).value < 0.3
    assert len(recording.audio) < 3 * 6_000


def test_a_report_without_sound_has_its_outline_still(tmp_path: Path) -> None:
    path = stereo(tmp_path / "r.wav", pcm(voice(500)), pcm(quiet(500)))
    silent = read_recording(path, "c", 0, listen=False)
    assert silent.audio == b""
    assert silent.note == ""
    assert len(silent.heard) == 50


def test_a_file_that_was_cut_off_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    path = stereo(tmp_path / "r.wav", pcm(voice(2000)), pcm(quiet(2000)))
    path.write_bytes(path.read_bytes()[: 44 + 64_000 + 3])
    cut = read_recording(path, "c", 0)
    assert cut.length_ms == 1000
    assert cut.note == ""
    assert cut.audio


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all, but long enough for a header" * 3])
def test_what_is_no_recording_is_told_and_nothing_else_fails(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "recording.wav"
    path.write_bytes(content)
    broken = read_recording(path, "c", 0)
    assert broken.note.startswith("recording.wav cannot be read")
    assert (broken.length_ms, broken.audio, broken.heard) == (0, b"", b"")


def test_a_missing_or_foreign_file_is_told(tmp_path: Path) -> None:
    assert "cannot be read" in read_recording(tmp_path / "recording.wav", "c", 0).note
    write_wav(tmp_path / "mono.wav", pcm(voice(100)))
    assert "no stereo recording" in read_recording(tmp_path / "mono.wav", "c", 0).note


def test_a_recording_of_a_call_without_audio_is_empty_but_fine(tmp_path: Path) -> None:
    empty = read_recording(stereo(tmp_path / "r.wav", b"", b""), "c", 0)
    assert (empty.length_ms, empty.audio, empty.note) == (0, b"", "")
