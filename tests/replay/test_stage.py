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


GATE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, callerid }) => {
  Logger.write(`${callerid} in ${Date.now() - 1736154000000}`);
  call.answer();
  const conf = VoxEngine.callConference("conf_1", callerid, "");
  conf.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, conf));
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
});
"""
ROOM = """
require(Modules.Conference);
const conf = VoxEngine.createConference();
VoxEngine.addEventListener(AppEvents.Started, (e) => Logger.write("room " + e.conference_name));
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, conf));
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("left"));
  call.answer();
});
"""


def test_several_callers_meet_in_a_conference_and_each_step_has_its_person(
    resources: Resources, tmp_path: Path
) -> None:
    (tmp_path / "room.js").write_text(ROOM)
    script = """
callers: {bob: {from: bob, headers: {X-A: b}, voice: en-gb}}
conferences: {"conf_*": room.js}
steps:
  - expect: [answered, {log: caller in 0}, {log: room undefined}]
  - wait: 2s
  - call: bob
  - expect: [{answered: null, as: bob}, {log: bob in 20}, {call: conf_1, with: {callerid: bob}}]
  - say: hello out there
    as: bob
  - expect: {caller_hears: hello out there}
  - expect: {caller_hears: hello out there, as: bob, absent: true}
  - hangup: {as: bob}
  - expect: [{ended: bob, as: bob}, {log: left}]
  - call: bob
  - expect: {answered: null, as: bob}
  - say: here I am again
  - expect: {caller_hears: here I am again, as: bob}
"""
    outcome = passes(resources, tmp_path, script, GATE)
    assert sum(record["k"] == "header" for record in outcome.records) == 4
    fired = {listener.event: listener.fired for listener in outcome.listeners if "room.js" in listener.where}
    assert fired["Call.Connected"] == 3


def test_who_is_in_a_call_cannot_call_again(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "room.js").write_text(ROOM)
    script = "conferences: {conf_1: room.js}\nsteps: [{expect: answered}, {call: caller}]"
    assert "it.call.yaml:3:29: caller is in a call already" in fails(resources, tmp_path, script, GATE)


def test_a_conference_can_be_started_without_a_caller(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "room.js").write_text(ROOM)
    script = """
start: {conference: conf_1, custom_data: x}
callers: {bob: {}}
conferences: {conf_1: room.js}
steps:
  - expect: {log: room conf_1}
  - call: bob
  - expect: {event: Application.CallAlerting, with: {destination: conf_1}}
  - hangup: {as: bob}
  - expect: {log: left}
"""
    passes(resources, tmp_path, script, GATE)
