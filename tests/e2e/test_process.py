"""voxrun as a process: what a terminal shows, how it ends, and what is left when it is killed."""

from __future__ import annotations

import asyncio
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
from tests.e2e.rig import ROOT, SCENARIOS, journal_of, plain_environment, voxrun, wait_for
from tests.e2e.sounds import channels, correlation, tone
from tests.e2e.telephone import Telephone

from voxrun.media.files import decode_audio
from voxrun.session.replay import replay

pytestmark = pytest.mark.live

SAMPLES = {
    "inbound": (["when is breakfast", "goodbye"], "Breakfast is from seven to ten"),
    "function-calling": (["what is the weather in london", "goodbye"], "In London it is 12 degrees"),
    "barge-in": (["who are you", "goodbye"], "I am Homer."),
    "dtmf-to-text": (["where is my parcel", "goodbye"], "Goodbye!"),
}


class Process:
    """A voxrun that serves, with its output as it comes."""

    def __init__(self, *words: str | Path, cwd: Path) -> None:
        command = [sys.executable, "-u", "-m", "voxrun.cli.main", *map(str, words)]
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            env=plain_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def url(self) -> str:
        """The page's address, once it is printed."""
        found = wait_for(
            lambda: re.search(r"Open\s+(http://\S+)/", self.text) or self.process.poll() is not None
        )
        assert not isinstance(found, bool), self.text
        return found[1]

    def end(self, how: signal.Signals) -> int:
        """Send a signal; gives the exit code."""
        self.process.send_signal(how)
        code = self.process.wait(30)
        self._reader.join(5)
        return code


@contextmanager
def serving(tmp: Path, script: str | Path, *words: str) -> Generator[Process]:
    path = script if isinstance(script, Path) else tmp / "scenario.js"
    if isinstance(script, str):
        path.write_text(script)
    process = Process(path, "--port", "0", "--ai", "local", "--sessions", tmp / "sessions", *words, cwd=tmp)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
            process.process.wait(10)


def only_folder(tmp: Path) -> Path:
    (folder,) = (tmp / "sessions").iterdir()
    return folder


ECHO = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.answer();
  call.sendMediaTo(call);
});
"""


def test_ctrl_c_ends_calls_cleanly_and_finishes_recordings(tmp_path: Path) -> None:
    async def story(process: Process) -> None:
        async with Telephone(process.url(), hum=tone(400, 1)) as phone:
            await phone.call()
            await phone.until(lambda: len(phone.heard) > 3 * 32_000)
            assert await asyncio.to_thread(process.end, signal.SIGINT) == 0
            await phone.over()

    with serving(tmp_path, ECHO) as process:
        asyncio.run(story(process))
    assert "Ending calls and finishing recordings..." in process.text
    assert process.text.rstrip().endswith("Done.")
    assert "Traceback" not in process.text
    journal = journal_of(only_folder(tmp_path))
    assert (journal[-1]["state"], journal[-1]["reason"]) == ("ended", "Terminated administratively")
    assert [record["kind"] for record in journal if record["k"] == "event"][-2:] == [
        "Application.Terminating",
        "Application.Terminated",
    ]
    left, right = channels(only_folder(tmp_path) / "recording.wav")
    assert correlation(left, tone(400, 2)) > 0.9
    assert correlation(right, tone(400, 2)) > 0.9


RECORDED = """
require(Modules.Recorder);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.addEventListener(CallEvents.Connected, () => {
    for (const form of [{ name: "a" }, { name: "b", lossless: true }, { name: "c", format: "wav" }])
      call.sendMediaTo(VoxEngine.createRecorder(form));
    let count = 0;
    setInterval(() => Logger.write(`count ${++count}`), 100);
  });
  call.answer();
  call.sendMediaTo(call);
});
"""


def test_a_killed_voxrun_loses_two_seconds_of_its_recordings_at_most_and_nothing_of_its_journal(
    tmp_path: Path,
) -> None:
    async def story(process: Process) -> float:
        async with Telephone(process.url(), hum=tone(400, 1)) as phone:
            await phone.call()
            await phone.until(lambda: len(phone.heard) > 5 * 32_000)
            children = family(process.process.pid)
            assert children
            seconds = asyncio.get_running_loop().time() - phone.arrivals[0].at
            process.end(signal.SIGKILL)
            await asyncio.to_thread(wait_for, lambda: not [pid for pid in children if alive(pid)])
            return seconds

    with serving(tmp_path, RECORDED) as process:
        seconds = asyncio.run(story(process))
    folder = only_folder(tmp_path)
    kept = {name: decode_audio(folder / name, lenient=True) for name in ("a.mp3", "b.flac", "c.wav")}
    left, right = channels(folder / "recording.wav")
    for pcm in (*kept.values(), left, right):
        assert seconds - 2 <= len(pcm) / 32_000 < seconds + 1
        assert correlation(pcm, tone(400, 2)) > 0.9
    counts = [int(count) for count in re.findall(r"count (\d+)", process.text)]
    journal = journal_of(folder)  # every line is whole
    noted = [record["text"] for record in journal if record["k"] == "log" and record["level"] == "write"]
    assert len(counts) > 40
    assert noted[: len(counts)] == [f"count {n}" for n in counts]
    assert f"count {counts[-1]}" in (folder / "log.txt").read_text()


def family(pid: int) -> list[int]:
    """Process ids of all descendants."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and parent(int(entry.name)) == pid:
            found += [int(entry.name), *family(int(entry.name))]
    return found


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_port_in_use_is_told_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(ECHO)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = voxrun("a.js", "--port", port, "--ai", "local", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"voxrun: Port {port} on 127.0.0.1 is in use: take another with --port")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_holds_a_conversation_without_a_browser(tmp_path: Path, name: str) -> None:
    phrases, answer = SAMPLES[name]
    words = [word for phrase in phrases for word in ("--say", phrase)]
    sessions = tmp_path / "sessions"
    done = voxrun(
        SCENARIOS / f"{name}.js", "--call", *words, "--port", "0", "--ai", "local", "--sessions", sessions
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "local Ultravox emulator" in done.stdout.splitlines()[1]
    for phrase in phrases:
        assert f"caller says: {phrase}" in done.stdout
    assert answer in done.stdout
    assert re.search(r"The call is over \(.*\): 2 phrases said", done.stdout)
    folder = only_folder(tmp_path)
    assert f"Session: {folder}" in done.stdout
    assert journal_of(folder)[-1]["reason"] == "Normal termination"
    assert replay(folder, {}) == 0


def test_the_command_as_people_type_it_works_from_another_folder(tmp_path: Path) -> None:
    command = [
        str(ROOT / "bin" / "voxrun"),
        str(SCENARIOS / "inbound.js"),
        "--call",
        "--say",
        "goodbye",
        "--port",
        "0",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=plain_environment(), capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Thank you for calling. Goodbye!" in done.stdout
    assert (tmp_path / ".voxrun" / "sessions").is_dir()


def test_a_call_to_a_scenario_that_rejects_it_says_so_and_fails(tmp_path: Path) -> None:
    (tmp_path / "no.js").write_text(
        "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {"
        " call.addEventListener(CallEvents.Failed, VoxEngine.terminate); call.reject(486); });"
    )
    done = voxrun("no.js", "--call", "--say", "hello", "--port", "0", "--ai", "local", cwd=tmp_path)
    assert done.returncode == 1
    assert "did not take the call: 486" in done.stdout


def test_the_caller_of_a_killed_voxrun_does_not_stay_behind(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text(ECHO)
    words = ["a.js", "--call", "--say", "hello", "--seconds", "100", "--port", "0", "--ai", "local"]
    process = Process(*words, cwd=tmp_path)
    try:
        wait_for(lambda: "connected" in process.text)
        children = family(process.process.pid)
        assert len(children) > 1
    finally:
        process.end(signal.SIGKILL)
    wait_for(lambda: not [pid for pid in children if alive(pid)])
