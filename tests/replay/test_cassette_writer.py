"""Files of a cassette: whole after every write, silence for holes, one message when the disk fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voxrun.errors import ConfigError
from voxrun.media.files import decode_audio
from voxrun.replay.cassette_writer import CassetteWriter, make_folder

FRAME = b"\1\2" * 320


def test_every_record_and_byte_is_in_the_file_at_once(tmp_path: Path) -> None:
    writer = CassetteWriter(tmp_path, lambda: 7, lambda message: None)
    writer.note("in", socket=1, text="ü\ud800")
    writer.append("a.pcm", b"12")
    writer.append("a.pcm", b"34")
    writer.frame(1, FRAME)
    lines = [json.loads(line) for line in (tmp_path / "cassette.jsonl").read_text().splitlines()]
    assert lines == [
        {"t": 7, "k": "in", "socket": 1, "text": "ü\ud800"},
        {"t": 7, "k": "sound", "leg": 1},
    ]
    assert (tmp_path / "a.pcm").read_bytes() == b"1234"
    assert decode_audio(tmp_path / "leg-1.wav") == FRAME
    writer.close()
    writer.close()
    writer.note("late")
    assert not writer.open


def test_a_hole_in_the_audio_is_silence_and_jitter_is_none(tmp_path: Path) -> None:
    times = [100, 145, 150, 400]
    writer = CassetteWriter(tmp_path, lambda: times[0], lambda message: None)
    while times:
        writer.frame(1, FRAME)
        del times[0]
    writer.close()
    pcm = decode_audio(tmp_path / "leg-1.wav")
    assert pcm == FRAME * 3 + bytes(640 * 12) + FRAME


def test_a_failing_disk_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    writer = CassetteWriter(tmp_path, lambda: 0, told.append)
    (tmp_path / "a.pcm").mkdir()
    writer.append("a.pcm", b"1")
    writer.append("b.pcm", b"1")
    writer.note("x")
    assert len(told) == 1
    assert "ends here" in told[0]
    assert not (tmp_path / "b.pcm").exists()


def test_two_sessions_never_share_a_folder(tmp_path: Path) -> None:
    make_folder(tmp_path / "new", "a")
    with pytest.raises(ConfigError, match="--cassette DIR"):
        make_folder(tmp_path / "new", "a")
