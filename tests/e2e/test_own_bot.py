"""A bot of one's own in a process of its own, as a newcomer starts it, and voxrun in another one."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.e2e.rig import SCENARIOS, journal_of, plain_environment, voxrun, wait_for
from tests.e2e.sounds import channels, piecewise, trimmed

pytestmark = pytest.mark.live

SCENARIO = SCENARIOS / "websocket-bot.js"
SERVER = SCENARIOS / "websocket-bot" / "server.py"
PHRASE = "how is the weather in london"


class Parrot:
    """The server as a process, with what it prints."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(SERVER), *words],
            env=plain_environment(),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(iter(self.process.stderr.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def url(self) -> str:
        """Where it listens, once it is printed."""
        return wait_for(lambda: re.search(r"listens at (ws://[\d.]+:\d+)", self.text))[1]


@contextmanager
def parrot(*words: str) -> Generator[Parrot]:
    bot = Parrot(*words)
    try:
        yield bot
    finally:
        bot.process.kill()
        bot.process.wait(10)


def call(url: str, tmp_path: Path, *words: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One call without a browser; gives how it went and the session's folder."""
    sessions = tmp_path / "sessions"
    options = ("--secret", f"BOT_URL={url}", "--port", "0", "--ai", "local", "--sessions", sessions)
    done = voxrun(SCENARIO, "--call", "--say", PHRASE, *words, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = sessions.iterdir()
    return done, folder


def test_the_server_script_says_again_what_the_caller_says_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    with parrot("--port", "0") as bot:
        _, folder = call(bot.url(), tmp_path)
        bot.process.send_signal(signal.SIGINT)
        assert bot.process.wait(10) == 0
    heard, said = channels(folder / "recording.wav")
    voice = trimmed(said)
    assert piecewise(heard, voice) > 0.85  # it went there and back as mu-law, 8 kHz
    assert re.search(r"heard \d\.\d s", bot.text)
    assert "Traceback" not in bot.text
    assert journal_of(folder)[-1]["reason"] == "Normal termination"
    replayed = voxrun("replay", folder)
    assert replayed.returncode == 0, replayed.stdout


def test_a_server_that_dies_during_the_call_is_missed_and_the_caller_told(tmp_path: Path) -> None:
    with parrot("--port", "0") as bot:
        url = bot.url()

        def die() -> None:
            wait_for(lambda: "heard " in bot.text)
            bot.process.kill()

        killer = threading.Thread(target=die)
        killer.start()
        done, folder = call(url, tmp_path, "--seconds", "30")
        killer.join(10)
    log = (folder / "log.txt").read_text()
    assert "no bot (error), next try in 500 ms" in log
    assert "that was the last try" in log
    assert "The call is over" in done.stdout
    assert journal_of(folder)[-1]["reason"] == "Normal termination"


def test_a_port_in_use_is_one_plain_message() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, str(SERVER), "--port", str(port)], capture_output=True, text=True, timeout=30
        )
    assert done.returncode == 2
    assert f"cannot listen at 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
