"""The world of a call: everything in it is fixed, nothing of it is outside."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import fails, passes

from voxrun.replay.resources import Resources


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
