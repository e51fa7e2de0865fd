"""pytest runs call scripts and calls in Python: names, markers, options, JUnit files, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.replay.calls import AGENT, TALK, VOICE, write

from voxrun.replay import plugin

GOOD = VOICE + AGENT + "tags: [quick]\nsteps:\n  - expect: {caller_hears: good morning}\n  - hangup\n"
BAD = VOICE + AGENT + "title: It goes wrong\nsteps:\n  - expect: {agent_says: good evening, within: 5s}\n"
WITH_REPORTS = ("good.call.yaml", "bad.call.yaml", "--report", "out", "-n", "2")
PYTHON = """
AGENT = {"voice": {"engine": "espeak"}, "greeting": "Good morning.", "rules": []}

def test_by_hand(voxrun):
    async def story(call):
        await call.expect("answered")
        await call.expect(agent_says="good morning", within="5s")
        await call.dtmf("01")
        await call.expect({"log": "key 0"}, {"log": "key 1"})
        tone = {"event": "Call.ToneReceived", "with_": {"tone": 1}}
        await call.expect(any_order=[{"audio": {"silence": "300ms"}}, tone])
        await call.wait("1s")
        await call.hangup()
        await call.expect(ended="caller")

    outcome = voxrun.play(story, scenario="good.js", agent=AGENT)
    assert outcome.ok

def test_that_fails(voxrun):
    async def story(call):
        await call.expect(agent_says="good evening", within="2s")

    voxrun.play(story, scenario="good.js", agent=AGENT)

def test_a_script(voxrun):
    voxrun.script("good.call.yaml")

def test_a_mistake(voxrun):
    async def story(call):
        await call.expect(agent_sais="x")

    voxrun.play(story, scenario="good.js", agent=AGENT)

def test_a_word(voxrun):
    async def story(call):
        await call.sya("x")

    voxrun.play(story, scenario="good.js", agent=AGENT)

def test_no_file(voxrun):
    voxrun.play(None, scenario="nope.js")  # told here

def test_sockets(voxrun):
    async def story(call):
        await call.websocket(name="ann", does=[{"send": "hello"}])
        await call.expect(websocket="ann", text="you said hello")
        await call.send({"a": 1}, as_="ann")
        await call.expect({"websocket": "ann", "text": 'you said {"a":1}'})
        await call.close(4000, "bye", as_="ann")
        await call.expect(log="gone 4000 bye")
        await call.close(1006, as_="bot")
        await call.expect(log="lost 1006")

    voxrun.play(story, scenario="sockets.js", websockets=[{"url": "wss://bot.example/", "name": "bot"}])
"""
SOCKETS = """
VoxEngine.allowWebSocketConnections();
VoxEngine.addEventListener(AppEvents.WebSocket, ({ websocket: guest }) => {
  guest.onmessage = ({ text }) => guest.send('you said ' + text);
  guest.onclose = ({ code, reason }) => Logger.write(`gone ${code} ${reason}`);
});
VoxEngine.createWebSocket('wss://bot.example/').onclose = ({ code }) => Logger.write(`lost ${code}`);
"""


WATCHING = """
def pytest_voxrun_progress(item, part, ms):
    with open("told", "a") as file:
        file.write(f"{item.name} {part} {ms}\\n")
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=110,
    )


def suite(folder: Path) -> None:
    write(folder, GOOD, TALK, "good")
    write(folder, BAD, TALK, "bad")
    (folder / "sockets.js").write_text(SOCKETS)
    (folder / "wrong.js").write_text("1")
    (folder / "wrong.call.yaml").write_text("steps:\n  - sya: hello\n")
    (folder / "test_python.py").write_text(PYTHON)


def test_scripts_are_tests(tmp_path: Path) -> None:
    suite(tmp_path)
    (tmp_path / "conftest.py").write_text(WATCHING)
    (tmp_path / "out" / "old").mkdir(parents=True)
    (tmp_path / "out" / "old" / "outcome.json").write_text("{}")
    found = run(tmp_path, "-m", "voxrun.cli.main", "test", *WITH_REPORTS, "--junitxml", "r.xml")
    assert found.returncode == 1, found.stdout + found.stderr
    assert "ok " in found.stdout
    assert "bad.call.yaml:" in found.stdout
    assert "Closest, at" in found.stdout
    assert "\nFAILED bad.call.yaml::bad - bad.call.yaml:" in found.stdout
    assert "nodes" not in found.stdout
    assert "Again: voxrun test bad.call.yaml --seed 1" in found.stdout
    assert "Traceback" not in found.stdout + found.stderr
    assert "bad 0.0 1000\nbad 0.0 2000\n" in (tmp_path / "told").read_text()
    cases = {case.get("name"): case for case in ET.parse(tmp_path / "r.xml").getroot().iter("testcase")}
    assert set(cases) == {"good", "bad"}
    assert cases["bad"].find("failure") is not None
    assert {p.get("name") for p in cases["good"].iter("property")} >= {"seed", "call_seconds"}
    failed = Path(found.stdout.partition("Files: ")[2].split()[0])  # as it was typed
    assert (tmp_path / failed / "journal.jsonl").is_file()
    assert f"Report: {failed / 'report.html'}" in found.stdout
    assert "Reports: out/index.html" in found.stdout
    page = (tmp_path / "out" / "index.html").read_text()
    assert page.rindex("bad.call.yaml") < page.rindex("good.call.yaml")
    assert "old" not in {path.name for path in (tmp_path / "out").iterdir()}


def test_the_index_is_headed_by_what_was_played() -> None:
    def headed(*args: str) -> str:
        started = SimpleNamespace(args=args, invocation_params=SimpleNamespace(dir=Path("/ann/calls")))
        return plugin._title(cast(Any, started))

    assert headed(".") == headed("/ann/calls") == "calls"
    assert headed("a.call.yaml", "sub") == "a.call.yaml, sub"
    assert headed() == "Calls"


def test_exit_codes(tmp_path: Path) -> None:
    suite(tmp_path)
    for arguments, code, message in (
        (("good.call.yaml", "-k", "good", "-m", "quick"), 0, "1 passed"),
        (
            ("wrong.call.yaml", "good.call.yaml"),
            2,
            "wrong.call.yaml:2:5: 'sya' is no step (did you mean 'say'?)",
        ),
        (("nothing-here",), 2, "no such file or folder"),
        (("good.call.yaml", "-k", "zebra"), 2, "no call in good.call.yaml fits -k 'zebra'"),
    ):
        found = run(tmp_path, "-m", "voxrun.cli.main", "test", *arguments)
        assert found.returncode == code, found.stdout + found.stderr
        assert message in found.stdout + found.stderr
        assert "Traceback" not in found.stdout + found.stderr


def test_our_modules_are_imported_as_they_are() -> None:
    folder = [str(Path(plugin.__file__).parent)]
    found = plugin.FINDER.find_spec("voxrun.replay.player", folder)
    assert found is not None
    assert isinstance(found.loader, SourceFileLoader)
    assert plugin.FINDER.find_spec("other.replay.player", folder) is None
    assert plugin.FINDER.find_spec("voxrun", None) is None


def test_the_plugin_costs_a_run_of_other_tests_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        "import sys\ndef test_x():\n    assert 'voxrun.replay.plugin' in sys.modules\n"
        "    assert not {'numpy', 'av', 'httpx', 'quickjs'} & set(sys.modules)\n"
    )
    found = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_x.py")
    assert "1 passed" in found.stdout, found.stdout


def test_an_interruption_that_was_held_back_is_forgotten_and_the_next_one_counts() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        signal.raise_signal(signal.SIGINT)
        plugin.listen_to_interruptions()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        plugin.listen_to_interruptions()  # nothing is held back: nothing changes
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


TAPED = f"""
cassette: {Path(__file__).parent / "fixtures" / "cassette-v1"}
steps: [hangup]
"""
SHORT = (
    VOICE
    + "tags: [quick]\nsteps:\n  - expect: answered\n  - dtmf: '7'\n  - expect: {log: key 7}\n  - hangup\n"
)


@pytest.mark.live
def test_the_same_scripts_in_real_time(tmp_path: Path) -> None:
    write(tmp_path, AGENT + SHORT, TALK, "short")
    write(tmp_path, TAPED, TALK, "taped")
    write(tmp_path, GOOD, TALK, "good")
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout = 1\n")  # scripts have deadlines of their own
    own = "import pytest\npytestmark = pytest.mark.timeout(60)\n"
    (tmp_path / "test_python.py").write_text(own + PYTHON)
    command = ("-m", "voxrun.cli.main", "test", ".", "--real-time", "-k")
    found = run(tmp_path, *command, "short or taped or by_hand")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "ok " in found.stdout
    assert "2 passed, 1 skipped" in found.stdout
    assert "taped.call.yaml:2:" in found.stdout
    assert "the voice AI is on a cassette" in found.stdout
    found = run(tmp_path, *command, "taped")
    assert found.returncode == 2, found.stdout + found.stderr
    assert "no call was played: each was skipped, for the reason that is told above" in found.stderr
