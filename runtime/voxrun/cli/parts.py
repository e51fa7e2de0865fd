"""What voxrun is made of, looked at part by part: the eyes of ``voxrun doctor``.

Each function looks at one part and tells what it found; none of them raises for a part that is missing or
broken, and none talks to another machine.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import shutil
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from voxrun.config import Settings
from voxrun.errors import VoxrunError
from voxrun.secret_values import CLOUD_KEY

BROWSERS: Final = {
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
"""Programs by which each of the two may go."""

State = Literal["ok", "missing", "broken", "note"]


class Part(Struct, frozen=True):
    """One line of the report. ``needed``: without it the main job, a call to a scenario, does not work."""

    name: str
    state: State
    detail: str
    what_for: str
    fix: str = ""
    needed: bool = False


def python() -> Part:
    version = ".".join(map(str, sys.version_info[:3]))
    old = sys.version_info < (3, 11)
    fix = "install Python 3.11 or newer, remove .venv, run bin/voxrun" if old else ""
    return Part("python", "broken" if old else "ok", version, "runs voxrun", fix, needed=True)


ENGINE_TESTS: Final = {
    "JavaScript engine": "runs scenarios",
    "engine internals": "notices unhandled rejections everywhere, counts the CPU time of a turn exactly",
    "promise rejections": "ends a session at an unhandled rejection, as the platform does",
    "CPU limit": "ends a session that does not let go",
    "call depth": "ends a session that recurses without end",
    "memory limit": "ends a session that takes all memory",
    "language level": "lets pass only what the platform's engine knows",
}
"""What each self-test of the engine is for."""

DEGRADED: Final = frozenset({"engine internals", "promise rejections", "language level"})
"""Tests without which scenarios still run."""


def engine(rows: Iterable[tuple[str, bool, str]] | None = None) -> list[Part]:
    """The JavaScript engine; ``rows`` are (what, whether it holds, detail), tried out when not given."""
    if rows is None:
        from voxrun.realm.selftest import self_test

        rows = self_test()
    return [_engine_part(*row) for row in rows]


def _engine_part(name: str, holds: bool, detail: str) -> Part:
    fix = (
        "" if holds else "bin/voxrun sets it up again when .venv is removed; pip install --upgrade quickjs-ng"
    )
    what_for = ENGINE_TESTS.get(name, "runs scenarios")
    return Part(name, "ok" if holds else "broken", detail, what_for, fix, name not in DEGRADED)


def webrtc() -> Part:
    """Call ourselves over loopback."""
    what_for = "calls from the browser"
    versions = ", ".join(f"{name} {_version(name)}" for name in ("aiortc", "aioice"))
    try:
        from voxrun.legs.webrtc.aiortc_private import self_test

        problem = asyncio.run(self_test())
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
    if problem:
        detail = f"{versions}: {problem}; calls take the slow path of aiortc's own tracks"
        return Part("webrtc", "broken", detail, what_for, "bin/voxrun sets it up again", True)
    detail = f"{versions}; a call over loopback connects; audio takes the fast path, {_opus()}"
    return Part("webrtc", "ok", detail, what_for, needed=True)


def _opus() -> str:
    from voxrun.legs.webrtc import opus

    try:
        return opus.version()
    except opus.OpusMissing as missing:
        return f"Opus through PyAV at five times the CPU, because libopus was not found: {missing}"


def espeak() -> Part:
    what_for = "speaks for the local AI and for say(); there for every language"
    return _speaker("espeak", what_for, "pip install espeakng-loader", needed=True)


def piper() -> Part:
    what_for = "the natural English voice; without it espeak speaks"
    return _speaker("piper", what_for, "pip install 'voxrun[speech]'", needed=False)


def _speaker(engine: str, what_for: str, fix: str, *, needed: bool) -> Part:
    from voxrun.speech.engines import engine_version

    version = engine_version(engine)
    if version is None:
        return Part(engine, "missing", "not installed", what_for, fix, needed)
    try:
        seconds = asyncio.run(_spoken(engine))
    except VoxrunError as error:
        return Part(engine, "broken", f"{version}: {error}", what_for, fix, needed)
    if seconds == 0:
        return Part(engine, "broken", f"{version}: says nothing", what_for, fix, needed)
    return Part(engine, "ok", f"{version}; speaks", what_for, needed=needed)


async def _spoken(engine: str) -> float:
    """Seconds of audio that one word gives."""
    from voxrun.speech.base import Voice
    from voxrun.speech.client import SpeechProcess
    from voxrun.speech.engines import PIPER, PIPER_VOICE

    speech = SpeechProcess(on_disk=False)
    voice = Voice(engine=engine, name=PIPER_VOICE if engine == PIPER else "en-us")
    try:
        return len(await speech.render("Hello", voice)) / 32_000
    finally:
        await speech.close()


def recogniser() -> Part:
    what_for = "understands people, in English: phrases of agent files, and createASR with phraseHints"
    if importlib.util.find_spec("pocketsphinx") is None:
        return Part("pocketsphinx", "missing", "not installed", what_for, "pip install 'voxrun[speech]'")
    return Part("pocketsphinx", "ok", _version("pocketsphinx"), what_for)


def dictation(settings: Settings) -> Part:
    """The Whisper model; whether it works is tried by its first call."""
    from voxrun.speech.engines import WHISPER, engine_version
    from voxrun.speech.whisper import WhisperDictation

    what_for = "createASR understands whatever people say, in the model's languages"
    folder, version = settings.speech.whisper, engine_version(WHISPER)
    if folder is None:
        detail = f"no model is set ({version or 'faster-whisper is not installed'})"
        fix = "pip install 'voxrun[dictation]', and in voxrun.toml: [speech] whisper = FOLDER"
        return Part("whisper", "note", detail, what_for, fix)
    problem = WhisperDictation(folder).missing
    if problem:
        return Part("whisper", "broken", problem, what_for, "docs/configuration.md says what a model is")
    return Part("whisper", "ok", f"{version}; model {folder}", what_for)


def browser(name: str) -> Part:
    """One of ``BROWSERS``."""
    programs = BROWSERS[name]
    found = next((path for path in map(shutil.which, programs) if path), None)
    what_for = "browser tests of voxrun itself; you can call with any browser"
    if found is None:
        return Part(name, "missing", "not found", what_for, f"apt install {programs[0]}")
    return Part(name, "ok", found, what_for)


def cloud_key(env: Mapping[str, str]) -> Part:
    """Whether the cloud's key is there; never what it is."""
    if env.get(CLOUD_KEY):
        return Part(CLOUD_KEY, "ok", "set", "the Ultravox cloud is used unless --ai local is given")
    what_for = "the Ultravox cloud; without it the local emulator is used"
    return Part(CLOUD_KEY, "note", "not set", what_for)


def port(host: str, number: int) -> Part:
    what_for = "the page and the signalling"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            detail = f"{host}:{number} cannot be used: {error.strerror}"
            return Part("port", "note", detail, what_for, "another one: --port 0 takes one that is free")
    return Part("port", "ok", f"{host}:{number} is free", what_for)


def sessions(folder: Path) -> Part:
    """Whether session folders can be made where they belong."""
    what_for = "journals, logs and recordings"
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    probe = above / ".voxrun-doctor"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        detail = f"{above} cannot be written: {error.strerror}"
        return Part("sessions", "broken", detail, what_for, "another folder: --sessions DIR", needed=True)
    return Part("sessions", "ok", str(folder), what_for, needed=True)


def microphone(settings: Settings) -> Part:
    what_for = "your voice in a call from the page"
    if settings.server.is_loopback:
        detail = "the browser asks for it; the page works on this machine without https"
    else:
        detail = "browsers give it to other machines over https only"
    fix = "no microphone at hand: voxrun FILE.js --call --say TEXT"
    return Part("microphone", "note", detail, what_for, fix)


def settings_file(settings: Settings) -> Part:
    what_for = "settings; docs/configuration.md"
    return Part("voxrun.toml", "note", str(settings.file) if settings.file else "none, none needed", what_for)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"
