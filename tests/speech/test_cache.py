"""The phrase cache: remembers, bounds itself, survives damage."""

from __future__ import annotations

from pathlib import Path

import pytest

from voxrun.speech.cache import PhraseCache, default_folder, phrase_key


def test_a_phrase_is_there_for_the_next_process(tmp_path: Path) -> None:
    PhraseCache(tmp_path / "new").store("k", b"audio")
    assert PhraseCache(tmp_path / "new").load("k") == b"audio"
    assert PhraseCache(tmp_path / "new").load("other") is None


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 32 + b"audio"])
def test_a_damaged_file_is_ignored_and_written_again(tmp_path: Path, damage: bytes) -> None:
    PhraseCache(tmp_path).store("k", b"audio")
    (tmp_path / "k.pcm").write_bytes(damage)
    fresh = PhraseCache(tmp_path)
    assert fresh.load("k") is None
    fresh.store("k", b"audio")
    assert PhraseCache(tmp_path).load("k") == b"audio"


def test_no_half_written_file_stays_behind(tmp_path: Path) -> None:
    PhraseCache(tmp_path).store("k", b"audio")
    assert [path.name for path in tmp_path.iterdir()] == ["k.pcm"]


def test_the_folder_keeps_to_its_size(tmp_path: Path) -> None:
    cache = PhraseCache(tmp_path, disk_bytes=10_000)
    for number in range(30):
        cache.store(f"k{number:02}", bytes(1000))
    files = sorted(path.name for path in tmp_path.iterdir())
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000
    assert "k29.pcm" in files
    assert "k00.pcm" not in files


def test_memory_keeps_to_its_size_and_to_what_is_used() -> None:
    cache = PhraseCache(None, memory_bytes=3000)
    for key in ("a", "b", "c"):
        cache.store(key, bytes(1000))
    assert cache.load("a") is not None
    cache.store("d", bytes(1000))
    assert cache.load("b") is None
    assert cache.load("a") is not None


def test_a_folder_that_cannot_be_written_leaves_memory(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    cache = PhraseCache(blocker / "speech")
    cache.store("k", b"audio")
    assert cache.load("k") == b"audio"


def test_the_folder_follows_xdg() -> None:
    assert default_folder({"XDG_CACHE_HOME": "/var/c", "HOME": "/h"}) == Path("/var/c/voxrun/speech")
    assert default_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/voxrun/speech")


def test_parts_do_not_run_together_in_a_key() -> None:
    assert phrase_key("ab", "c") != phrase_key("a", "bc")
    assert phrase_key("a", "\ud800") == phrase_key("a", "\ud800")
