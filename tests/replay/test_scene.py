"""What the world of a call has in common, whatever its time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.calls import VOICE, fails, write

from voxrun.errors import ScriptError
from voxrun.replay.resources import Resources
from voxrun.replay.scene import application, find_callee, listeners_of
from voxrun.replay.script import Callee


def test_the_first_callee_whose_number_fits() -> None:
    callees = (Callee("+4930*"), Callee("+49*"), Callee("bob"))
    assert find_callee(callees, "+49301") is callees[0]
    assert find_callee(callees, "+49401") is callees[1]
    assert find_callee(callees, "bob") is callees[2]
    assert find_callee(callees, "bobby") is None


def test_scripts_are_named_as_seen_from_the_call_script(tmp_path: Path) -> None:
    script = write(tmp_path, VOICE + "secrets: {A: b}\nlimits: {idle_ms: 1000}\nsteps: [hangup]", "1")
    made = application(script, None)
    assert [entry.name for entry in made.scripts] == ["it.js"]
    assert made.secrets["A"] == "b"
    assert made.secrets["ULTRAVOX_API_KEY"]
    assert (made.limits.idle_ms, made.limits.timers) == (1000, 100)
    (tmp_path / "it.js").write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptError, match=r"it\.js"):
        application(script, None)


def test_who_is_called_and_not_there_is_trouble(resources: Resources, tmp_path: Path) -> None:
    scenario = "VoxEngine.addEventListener(AppEvents.Started, () => VoxEngine.callPSTN('+491', '+492'));"
    script = "start: {}\ncallees: {'+493': {}}\nsteps: [{expect: {log: x}}]"
    assert "called pstn '+491', and nobody under 'callees' has that number" in fails(
        resources, tmp_path, script, scenario
    )


def test_listeners_come_out_of_the_journal() -> None:
    row = {"label": "Call", "event": "Call.Failed", "where": "a.js:1:2", "fired": 3}
    (found,) = listeners_of({"k": "listeners", "listeners": [row]})
    assert (found.event, found.where, found.fired) == ("Call.Failed", "a.js:1:2", 3)
