"""Recordings are encoded when somebody wants them, and are the same files then."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.full_disk import files_end_at
from tests.media.signals import pcm, voice
from tests.replay.calls import AGENT, TALK, VOICE, write

from voxrun.errors import ConfigError
from voxrun.media.files import decode_audio
from voxrun.replay.player import Player
from voxrun.replay.shelf import Shelf
from voxrun.services.recording_file import Form

RECORDED = TALK + (
    "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => call.record({ name: 'talk' }));\n"
)


def test_what_waits_is_encoded_in_the_end(tmp_path: Path) -> None:
    audio, shelf = pcm(voice(2000)), Shelf()
    writers = [
        shelf.open(Form(tmp_path / f"a.{kind}", False, kind, 16_000))  # type: ignore[arg-type]
        for kind in ("mp3", "flac", "wav")
    ]
    for writer in writers:
        for start in range(0, len(audio), 6400):
            writer.write(audio[start : start + 6400])
        writer.close()
    assert len(shelf.waiting) == 2
    assert decode_audio(tmp_path / "a.wav") == audio  # written at once
    assert (tmp_path / "a.flac").stat().st_size == 0
    shelf.finish()
    shelf.finish()
    assert decode_audio(tmp_path / "a.flac") == audio
    assert abs(len(decode_audio(tmp_path / "a.mp3")) - len(audio)) < 32 * 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.flac", "a.mp3", "a.wav"]


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.mp3"):
        Shelf().open(Form(tmp_path / "nowhere" / "a.mp3", False, "mp3", 16_000))


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    shelf = Shelf()
    with files_end_at(40_000):
        writer = shelf.open(Form(tmp_path / "a.mp3", False, "mp3", 16_000))
        with pytest.raises(ConfigError, match=r"a\.mp3"):
            writer.write(bytes(64_000))


@pytest.mark.parametrize(("last", "kept"), [("hangup", False), ("expect: {log: never, within: 1s}", True)])
def test_only_a_call_that_failed_leaves_its_recording(tmp_path: Path, last: str, kept: bool) -> None:
    steps = f"steps:\n  - expect: {{agent_says: good morning}}\n  - {last}\n"
    script = write(tmp_path, f"{VOICE}{AGENT}{steps}", RECORDED)
    player = Player()
    try:
        outcome = player.play(script)
    finally:
        player.close()
    assert outcome.ok is not kept
    assert outcome.folder is not None
    assert outcome.folder.exists() is kept
    if kept:
        (recording,) = outcome.folder.glob("talk*.mp3")
        assert len(decode_audio(recording, lenient=True)) > 32_000
