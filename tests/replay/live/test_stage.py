"""Whole calls in real time: the same scripts, over WebRTC, against the served scenario."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.calls import AGENT, TALK, VOICE, write
from tests.replay.test_call_websockets import ROOM

from voxrun.replay.failure import report
from voxrun.replay.live.plan import LivePlan
from voxrun.replay.live.runner import play_live
from voxrun.replay.outcome import Outcome
from voxrun.replay.resources import Resources
from voxrun.replay.runner import steps_of

pytestmark = [pytest.mark.live, pytest.mark.flaky(reruns=1)]

TRANSFER = """
VoxEngine.addEventListener(AppEvents.Started, ({ accessURL }) => {
  const call = VoxEngine.callUser({ username: 'alice', callerid: '100', displayName: 'Shop' });
  VoxEngine.addEventListener(AppEvents.HttpRequest, ({ content, path }) => {
    Logger.write(`asked ${content} ${path.endsWith('/now')}`);
    call.sendDigits('12#');
    return { state: call.state() };
  });
  call.addEventListener(CallEvents.Ringing, () => Logger.write('ringing'));
  call.addEventListener(CallEvents.Disconnected, () => {
    const other = VoxEngine.callPSTN('+4915', '+4930');
    other.addEventListener(CallEvents.Failed, ({ code, reason }) => {
      Logger.write(`failed ${code} ${reason} ${new Date().getFullYear()}`);
      Net.httpRequest('https://crm.example/missed', ({ code }) => {
        Logger.write(`told ${code}`);
        VoxEngine.terminate();
      });
    });
  });
});
"""


def play(resources: Resources, folder: Path, script: str, scenario: str = TALK, **plan: object) -> Outcome:
    made = write(folder, VOICE + script, scenario)
    sessions = folder / "sessions"
    return play_live(made, steps_of(made), resources, LivePlan(**plan), sessions)  # type: ignore[arg-type]


def test_a_caller_talks_with_the_agent(resources: Resources, tmp_path: Path) -> None:
    steps = """
at: 2031-05-06T07:08:09Z
steps:
  - expect: answered
  - expect: {caller_hears: what can I do for you}
  - dtmf: "42"
  - expect: [{log: key 4}, {log: key 2}]
  - say: how is the weather in London
  - expect: {tool: lookUp, with: {city: London}, result: {sky: rain}}
  - expect: {caller_hears: It is rain in London.}
  - expect: {audio: {silence: 700ms}}
  - hangup
  - expect: {ended: caller}
  - expect: {session_ended: Normal termination}
"""
    outcome = play(resources, tmp_path, AGENT + steps)
    assert outcome.ok, report(outcome)
    assert (outcome.real_time, outcome.ai) == (True, "local")
    assert outcome.folder is not None
    assert outcome.folder.name.startswith("2031-05-06T07-08-")
    assert (outcome.folder / "recording.wav").is_file()
    assert any(each.event == "Call.ToneReceived" and each.fired == 2 for each in outcome.listeners)


def test_people_are_called_and_the_session_is_asked(resources: Resources, tmp_path: Path) -> None:
    script = """
start: {}
callees:
  alice: {rings: 300ms, answers: 800ms}
  "+4915": {rings: never, fails: {code: 486, reason: On the phone, after: 300ms}}
http: [{url: "https://crm.example/missed", reply: 204}]
steps:
  - expect: {call: alice, with: {kind: user}}
  - expect: [{log: ringing}, {event: Call.Connected}]
  - http: {path: /now, body: state, reply: {status: 200, json: {state: CONNECTED}}}
  - expect: [{log: asked state true}, {dtmf: "12#"}]
  - hangup
  - expect: {call: "+4915", with: {kind: pstn}}
  - expect: {log: failed 486 On the phone 2025}
  - expect: {http: "https://crm.example/missed"}
  - expect: {log: told 204}
  - expect: {session_ended: Normal termination}
"""
    outcome = play(resources, tmp_path, script, TRANSFER)
    assert outcome.ok, report(outcome)


def test_faults_and_callers_nobody_expects(resources: Resources, tmp_path: Path) -> None:
    script = """
faults: {refuse: 429}
steps:
  - expect: {log: status 429}
  - expect: {ended: scenario}
"""
    outcome = play(resources, tmp_path, AGENT + script)
    assert outcome.ok, report(outcome)
    nobody = "VoxEngine.addEventListener(AppEvents.Started, () => VoxEngine.callPSTN('+1', '+2'));"
    (tmp_path / "two").mkdir()
    failed = play(resources, tmp_path / "two", "start: {}\nwithin: 1s\nsteps: [{expect: {log: x}}]", nobody)
    assert "called pstn '+1', and nobody under 'callees'" in report(failed)
    assert "--real-time" in report(failed)


PHONES = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, destination }) => {
  const other = VoxEngine.callSIP(`sip:${destination}@example.com`);
  VoxEngine.easyProcess(call, other, () => call.transferTo({ to: 'sip:200@example.com', call: other }));
  other.addEventListener(CallEvents.Connected, ({ customData }) => Logger.write(`brought ${customData}`));
  call.addEventListener(CallEvents.TransferComplete, () => Logger.write('went over'));
});
"""


def test_telephones_transfer_and_re_invite(resources: Resources, tmp_path: Path) -> None:
    script = """
callees: {"sip:200@example.com": {answers: 300ms, custom_data: vip, reinvites: {body: pong}}}
call: {to: "200", client: sip, transfers: {after: 2s}}
steps:
  - expect: [{log: brought vip}, {transfer: "sip:200*", with: {attended: "sip:200@example.com"}}]
  - reinvite: {body: ping, mime: a/b}
  - expect: {reinvite: ping, with: {mime: a/b}, as: "sip:200@example.com"}
  - expect: {reinvite_accepted: pong}
  - expect: {log: went over}
  - expect: {ended: caller}
"""
    outcome = play(resources, tmp_path, script, PHONES)
    assert outcome.ok, report(outcome)


def test_websockets_come_to_the_sessions_url(resources: Resources, tmp_path: Path) -> None:
    script = """
start: {}
steps:
  - websocket: {name: ann}
  - websocket: {name: ben, does: [send: hello from ben]}
  - expect: {websocket: ann, text: hello from ben}
  - close: {code: 4000, reason: bye}
    as: ben
  - expect: {log: gone 4000 bye}
"""
    outcome = play(resources, tmp_path, script, ROOM)
    assert outcome.ok, report(outcome)
