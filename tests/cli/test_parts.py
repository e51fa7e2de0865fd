from __future__ import annotations

import socket
from pathlib import Path

import pytest

from voxrun.cli import parts
from voxrun.config import load_settings


def test_python_is_needed_and_there() -> None:
    part = parts.python()
    assert (part.state, part.needed) == ("ok", True)


def test_a_broken_promise_of_the_engine_is_told_with_what_it_is_for() -> None:
    limit, rejections = parts.engine(
        [("CPU limit", False, "expected cpu"), ("promise rejections", False, "not noticed")]
    )
    assert (limit.state, limit.needed, limit.detail) == ("broken", True, "expected cpu")
    assert limit.fix
    assert not rejections.needed


@pytest.mark.live
def test_the_engine_here_keeps_its_promises() -> None:
    found = parts.engine()
    assert {part.name for part in found} == set(parts.ENGINE_TESTS)
    assert [(part.name, part.detail) for part in found if part.state != "ok"] == []


@pytest.mark.live
def test_a_call_over_loopback_shows_that_webrtc_works() -> None:
    part = parts.webrtc()
    assert (part.state, part.detail.split()[0]) == ("ok", "aiortc")


@pytest.mark.live
def test_the_voice_that_always_works_is_heard() -> None:
    assert parts.espeak().state == "ok"


@pytest.mark.live
def test_the_natural_voice_is_told_but_not_needed() -> None:
    part = parts.piper()
    assert part.state in ("ok", "missing")
    assert not part.needed


def test_the_recogniser_is_told_but_not_needed() -> None:
    assert not parts.recogniser().needed


def test_both_browsers_are_looked_for_and_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "firefox-esr").write_text("#!/bin/sh\n")
    (tmp_path / "firefox-esr").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {name: parts.browser(name) for name in parts.BROWSERS}
    assert (found["firefox"].state, found["firefox"].detail) == ("ok", str(tmp_path / "firefox-esr"))
    assert (found["chromium"].state, found["chromium"].fix) == ("missing", "apt install chromium")
    assert not any(part.needed for part in found.values())


def test_a_whisper_model_is_told_when_it_is_set(tmp_path: Path) -> None:
    settings = load_settings(env={}, cwd=tmp_path)
    assert parts.dictation(settings).state == "note"
    wrong = load_settings(env={}, cwd=tmp_path, options={"speech.whisper": tmp_path})
    part = parts.dictation(wrong)
    assert part.state == "broken"
    assert not part.needed
    assert "model.bin" in part.detail or "voxrun[dictation]" in part.detail


def test_the_key_of_the_cloud_is_never_shown() -> None:
    part = parts.cloud_key({"ULTRAVOX_API_KEY": "hunter2"})
    assert part.detail == "set"
    assert "hunter2" not in repr(part)
    assert parts.cloud_key({}).state == "note"


@pytest.mark.live
def test_a_port_in_use_is_told_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        part = parts.port("127.0.0.1", taken.getsockname()[1])
        assert part.state == "note"
        assert "--port 0" in part.fix
    assert parts.port("127.0.0.1", 0).state == "ok"


def test_the_folder_of_sessions_is_tried_without_leaving_anything(tmp_path: Path) -> None:
    assert parts.sessions(tmp_path / "a" / "b").state == "ok"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    part = parts.sessions(tmp_path / "file")
    assert (part.state, part.needed) == ("broken", True)
    assert "--sessions" in part.fix


def test_the_settings_file_and_the_microphone_are_notes(tmp_path: Path) -> None:
    settings = load_settings(env={}, cwd=tmp_path)
    assert parts.settings_file(settings).detail.startswith("none")
    assert parts.microphone(settings).state == "note"
    away = load_settings(env={}, cwd=tmp_path, options={"server.host": "0.0.0.0", "server.tls": "off"})
    assert "https" in parts.microphone(away).detail
