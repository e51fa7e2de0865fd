"""The world of a call: everything in it is fixed, nothing of it is outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.calls import VOICE, fails, passes, write

from voxrun.errors import ScriptError
from voxrun.replay.resources import Resources
from voxrun.replay.script import Callee
from voxrun.replay.stage import application, find_callee


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


def test_it_is_known_afterwards_which_listeners_fired(resources: Resources, tmp_path: Path) -> None:
    scenario = """VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.addEventListener(CallEvents.ToneReceived, () => {});
  call.answer();
});"""
    outcome = passes(resources, tmp_path, "steps: [{expect: answered}, hangup]", scenario)
    found = {(listener.event, listener.where.split(":")[1], listener.fired) for listener in outcome.listeners}
    assert ("Call.Disconnected", "2", 1) in found
    assert ("Call.ToneReceived", "3", 0) in found


def test_the_caller_who_is_declined_because_the_session_is_over(resources: Resources, tmp_path: Path) -> None:
    text = fails(resources, tmp_path, "steps: [{say: hello}]", "VoxEngine.terminate();")
    assert "caller is not in the call any more" in text
