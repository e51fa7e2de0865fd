"""Callees who are away: a call fails, or waits for who comes of a push notification."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.calls import passes

from voxrun.legs.base import DialRequest
from voxrun.replay.away import Absence, Whereabouts
from voxrun.replay.resources import Resources
from voxrun.replay.script import Callee

FETCHES = """
require(Modules.PushService);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  const reach = () => {
    const other = VoxEngine.callUser({ username: 'bob', callerid: 'me', pushNotificationTimeout: 12000 });
    other.addEventListener(CallEvents.PushSent, ({ result }) => Logger.write(`push ${result}`));
    other.addEventListener(CallEvents.Ringing, () => Logger.write('rings'));
    other.addEventListener(CallEvents.Failed, ({ code, reason }) => Logger.write(`failed ${code} ${reason}`));
    other.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, other));
    other.addEventListener(CallEvents.Disconnected, reach);
  };
  reach();
});
"""
ALONE = FETCHES.replace("require(Modules.PushService);", "")


def test_who_comes_after_the_push_is_rung_and_stays(resources: Resources, tmp_path: Path) -> None:
    script = """
callees: {bob: {away: 4s, rings: 500ms, answers: 1500ms, does: [say: hello here is bob, hangup]}}
steps:
  - expect: {event: Call.PushSent, with: {result: sent}, within: 100ms}
  - expect: {log: rings, absent: true, within: 4s}
  - expect: {log: rings, within: 1s}
  - expect: {caller_hears: here is bob}
  - expect: {log: rings, within: 4s}
  - expect: {event: Call.PushSent, absent: true}
  - hangup
"""
    outcome = passes(resources, tmp_path, script, FETCHES)
    assert [moment.who for moment in outcome.timeline.moments if moment.kind == "pushed"] == ["bob"]


@pytest.mark.parametrize("away", ["true", "13s"])
def test_who_does_not_come_in_time_is_offline(resources: Resources, tmp_path: Path, away: str) -> None:
    script = f"""
callees: {{bob: {{away: {away}}}}}
steps:
  - expect: {{log: push sent}}
  - expect: {{log: failed, absent: true, within: 11s}}
  - expect: {{log: failed 480 User Offline, within: 2s}}
"""
    passes(resources, tmp_path, script, FETCHES)


def test_without_the_module_nobody_is_fetched(resources: Resources, tmp_path: Path) -> None:
    script = """
callees: {bob: {away: 1s}}
steps:
  - expect: {log: failed 480 User Offline, within: 100ms}
  - expect: {event: Call.PushSent, absent: true}
"""
    passes(resources, tmp_path, script, ALONE)


def test_how_long_a_call_waits_is_bounded_and_for_users_only() -> None:
    found = Whereabouts(lambda: 0)
    bob = Callee("bob", away=True, comes_ms=70_000)
    pushed = DialRequest("user", "bob", options={"push": 99_000})
    assert found.absence(bob, pushed) == Absence(True, None, 60_000)
    assert found.absence(bob, DialRequest("user", "bob", options={"push": 1})) == Absence(True, None, 10_000)
    assert found.absence(bob, DialRequest("pstn", "bob", options={"push": 99})) == Absence(False, None, 0)
    assert found.absence(Callee("bob"), pushed) is None


def test_a_second_call_meets_who_is_on_the_way() -> None:
    now = 0
    found = Whereabouts(lambda: now)
    bob = Callee("bob", away=True, comes_ms=5000)
    request = DialRequest("user", "bob", options={"push": 20_000})
    first = found.absence(bob, request)
    now = 2000
    second = found.absence(bob, request)
    assert first is not None
    assert second is not None
    assert (first.comes_ms, second.comes_ms) == (5000, 3000)
    assert (second.delayed(bob).rings_ms, second.delayed(bob).answers_ms) == (3500, 5000)
    now = 5000
    assert found.absence(bob, request) is None
