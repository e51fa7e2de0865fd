"""What is on a cassette beside its records: bodies and voices."""

from __future__ import annotations

from pathlib import Path

from voxrun.replay.cassette import PROVIDER, Cassette, TapedRequest, body_bytes


def test_a_body_is_read_from_the_cassette_only(tmp_path: Path) -> None:
    read = Cassette(tmp_path, {}, {})
    (tmp_path.parent / "outside").write_text("no")
    (tmp_path / "body-1.bin").write_text("yes")
    assert body_bytes(read, {"file": "../outside"}, str) == b""
    assert body_bytes(read, {"file": "body-1.bin"}, str) == b"yes"
    assert body_bytes(read, {"json": {"a": "«x»"}}, lambda t: t.replace("«x»", "y")) == b'{"a":"y"}'
    assert body_bytes(read, {}, str) == b""


def test_a_voice_that_is_not_there_is_silence_and_no_provider_no_speech(tmp_path: Path) -> None:
    read = Cassette(tmp_path, {}, {})
    assert read.sound(1) == b""
    assert not read.speaks
    read.requests[1] = TapedRequest(1, 0, PROVIDER, {})
    assert read.speaks
