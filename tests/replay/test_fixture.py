"""Calls in Python, in a pytest of their own."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from msgspec.structs import replace
from tests.replay.test_plugin import PYTHON, run, suite

from voxrun.replay.deeds import Hold, Info, Network, ReInvite, Transfer
from voxrun.replay.fixture import ScriptedCall
from voxrun.replay.script import Dtmf, Step


def test_calls_in_python(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    calls = tmp_path / "calls"
    calls.mkdir()
    suite(calls)
    found = run(
        calls, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--call-report", "out", "test_python.py"
    )
    assert "4 failed, 3 passed" in found.stdout, found.stdout + found.stderr
    assert "test_python.py:21: expected" in found.stdout
    assert 'agent_says: "good evening"' in found.stdout
    assert "did you mean 'agent_says'?" in found.stdout
    assert "a call has no 'sya' (did you mean 'say'?)" in found.stdout
    line = next(i for i, text in enumerate(PYTHON.splitlines(), 1) if "told here" in text)
    assert f"test_python.py:{line}: there is no file {calls / 'nope.js'}" in found.stdout
    assert not [each for each in ("During handling", "runner.py", "player.py") if each in found.stdout]
    # Paths are as people typed them.
    assert "Again: pytest test_python.py::test_that_fails\n" in found.stdout
    page = (calls / "out" / "index.html").read_text()
    places = re.findall(r'<span class="folder theirs">(.*?)</span>', page)
    assert (places.count("test_python.py"), places.count("good.call.yaml"), len(places)) == (4, 1, 5)


class Noted:
    """A call that only writes down its steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    async def perform(self, step: Step) -> None:
        assert step.where.startswith(f"{Path(__file__).name}:")
        self.steps.append(replace(step, where=""))


def test_telephones_have_their_steps() -> None:
    noted = Noted()
    call = ScriptedCall(noted, Path(__file__), ("bob",))  # type: ignore[arg-type]

    async def story() -> None:
        await call.hold()
        await call.hold(as_="bob")
        await call.unhold()
        await call.transfer("007", headers={"X-A": "1"}, as_="bob")
        await call.reinvite()
        await call.reinvite({"a": 1}, mime="a/b")
        await call.info("x", headers={"X-B": "2"}, as_="bob")
        await call.network("down")
        await call.dtmf("1", by="inband")

    asyncio.run(story())
    assert noted.steps == [
        Hold(),
        Hold(who="bob"),
        Hold(False),
        Transfer("007", {"X-A": "1"}, "bob"),
        ReInvite(),
        ReInvite('{"a":1}', "a/b"),
        Info("x", headers={"X-B": "2"}, who="bob"),
        Network(False),
        Dtmf("1", method="inband"),
    ]
