"""Conferences by name: calls of several sessions join the one that runs it."""

from __future__ import annotations

import asyncio

import pytest
from tests.harness import Stage, play
from tests.media.signals import pcm, voice

from voxrun.legs.base import IncomingInfo
from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.levels import correlation
from voxrun.patterns import EndlessPattern
from voxrun.realm.port import Script
from voxrun.session.conferences import ConferenceRule, scripts_for
from voxrun.session.limits import Limits
from voxrun.session.messages import JsonObject

GATE = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.addEventListener(CallEvents.Connected, () => {
    const conf = VoxEngine.callConference("conf_7", call.callerid(), "Alice", {"X-Pin": "7"}, {});
    conf.addEventListener(CallEvents.Connected, () => {
      Logger.write("through " + conf.clientType());
      VoxEngine.sendMediaBetween(call, conf);
    });
    conf.addEventListener(CallEvents.Failed, (e) => { Logger.write("failed " + e.code); call.hangup(); });
    conf.addEventListener(CallEvents.Disconnected, () => { Logger.write("conf over"); call.hangup(); });
    call.addEventListener(CallEvents.Disconnected, () => { conf.hangup(); VoxEngine.terminate(); });
  });
});
"""
ROOM = """
require(Modules.Conference);
let conf;
VoxEngine.addEventListener(AppEvents.Started, (e) => {
  conf = VoxEngine.createConference();
  Logger.write("room for " + e.conference_name + " " + VoxEngine.customData());
});
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call, destination, callerid, displayName, headers}) => {
  Logger.write([destination, callerid, displayName, headers["X-Pin"], call.incoming()].join(" "));
  call.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, conf));
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("left " + callerid));
  call.answer();
});
"""
RULES = (ConferenceRule(r"conf_\d+", (Script("room.js", ROOM),)),)


async def dial_in(stage: Stage, name: str) -> ScriptedLeg:
    """One more caller of the gate."""
    assert stage.runtime is not None
    leg = ScriptedLeg(stage.ticker, incoming=True)
    await stage.runtime.incoming(leg, IncomingInfo("100", name))
    return leg


def said(stage: Stage, *parts: str) -> int:
    """How often a line is in the log of any session."""
    return stage.logs().count(" ".join(parts))


@pytest.mark.covers("VoxEngine.callConference")
def test_calls_of_several_sessions_join_the_one_that_runs_the_conference() -> None:
    async def story(stage: Stage) -> None:
        stage.start_runtime(GATE, conferences=RULES)
        assert stage.runtime is not None
        alice, bob = [await dial_in(stage, name) for name in ("alice", "bob")]
        await stage.until(lambda: said(stage, "through user") == 2)
        assert len(stage.runtime.sessions()) == 3
        assert said(stage, "room for undefined ") == 1
        assert said(stage, "conf_7 alice Alice 7 true") == said(stage, "conf_7 bob Alice 7 true") == 1
        words = pcm(voice(1200))
        alice.remote.speak(words)
        await asyncio.sleep(1.6)
        assert correlation(words, bob.heard_pcm(), 2000).value > 0.99
        assert correlation(words, alice.heard_pcm(), 2000).value < 0.2
        bob.remote.hang_up()
        await stage.until(lambda: said(stage, "left bob") == 1)
        assert not alice.over

    play(story)


def test_two_who_call_at_the_same_moment_are_in_one_session() -> None:
    async def story(stage: Stage) -> None:
        stage.start_runtime(GATE, conferences=RULES)
        await asyncio.gather(*(dial_in(stage, f"guest{n}") for n in range(5)))
        await stage.until(lambda: said(stage, "through user") == 5)
        assert said(stage, "room for undefined ") == 1

    play(story)


def test_when_everybody_has_left_the_conference_ends_and_the_next_call_begins_another() -> None:
    async def story(stage: Stage) -> None:
        stage.start_runtime(GATE, conferences=RULES)
        for expected in (1, 2):
            leg = await dial_in(stage, "alice")
            await stage.until(lambda expected=expected: said(stage, "through user") == expected)
            assert said(stage, "room for undefined ") == expected
            leg.remote.hang_up()
            await asyncio.sleep(61)
        assert stage.runtime is not None
        assert {info.state for info in stage.runtime.sessions()} == {"ended"}

    play(story)


def test_a_conference_that_ends_hangs_up_on_its_callers() -> None:
    async def story(stage: Stage) -> None:
        rooms = ROOM + "setTimeout(VoxEngine.terminate, 3000);"
        stage.start_runtime(GATE, conferences=(ConferenceRule(".*", (Script("room.js", rooms),)),))
        leg = await dial_in(stage, "alice")
        await stage.until(lambda: leg.over)
        assert said(stage, "conf over") == 1

    play(story)


@pytest.mark.parametrize(
    "broken",
    ["this is no JavaScript", "throw new Error('no');", "VoxEngine.terminate();"],
    ids=["syntax", "error", "ends"],
)
def test_a_conference_whose_scenario_fails_refuses_the_call(broken: str) -> None:
    async def story(stage: Stage) -> None:
        stage.start_runtime(GATE, conferences=(ConferenceRule(".*", (Script("room.js", broken),)),))
        leg = await dial_in(stage, "alice")
        await stage.until(lambda: leg.over)
        assert said(stage, "failed 503") == 1
        assert stage.runtime is not None
        assert len(stage.runtime.sessions()) <= 3

    play(story)


def test_one_who_hangs_up_before_the_conference_answers_leaves_nothing_behind() -> None:
    async def story(stage: Stage) -> None:
        silent = ROOM.replace("call.answer();", "")
        stage.start_runtime(GATE, conferences=(ConferenceRule(".*", (Script("room.js", silent),)),))
        leg = await dial_in(stage, "alice")
        await stage.until(lambda: said(stage, "conf_7 alice Alice 7 true") == 1)
        leg.remote.hang_up()
        await stage.until(lambda: said(stage, "left alice") == 1)

    play(story)


def test_a_full_conference_refuses_with_403() -> None:
    async def story(stage: Stage) -> None:
        stage.start_runtime(GATE, conferences=RULES)
        for name in ("alice", "bob", "carol"):
            await dial_in(stage, name)
            await asyncio.sleep(1)
        assert said(stage, "through user") == 2
        assert said(stage, "failed 403") == 1

    play(story, limits=Limits(conference_calls=2))


@pytest.mark.covers("AppEvents.Started")
def test_start_conference_names_it_and_joins_the_one_that_runs() -> None:
    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(GATE, conferences=RULES)
        first = await runtime.start_conference("conf_7", "data")
        assert await runtime.start_conference("conf_7", "other data") == first
        await stage.until(lambda: said(stage, "room for conf_7 data") == 1)
        await dial_in(stage, "alice")
        await stage.until(lambda: said(stage, "through user") == 1)
        assert len(runtime.sessions()) == 2

    play(story)


def test_without_a_rule_of_its_own_a_conference_runs_the_same_scripts_and_says_so() -> None:
    both = ROOM.replace("  Logger.write([dest", "  if (destination === '100') return;\n  Logger.write([dest")
    both += GATE.replace("({call}) => {", "({call, destination}) => { if (destination !== '100') return;")

    async def story(stage: Stage) -> None:
        await stage.call_in(both)
        await stage.until(lambda: said(stage, "through user") == 1)
        assert any("runs the scripts that everybody calls" in text for text in stage.logs("system"))

    play(story)


def test_ids_of_different_sessions_are_different_although_the_seed_is_fixed() -> None:
    async def story(stage: Stage) -> None:
        stage.start_runtime(GATE, conferences=RULES)
        await dial_in(stage, "alice")
        await dial_in(stage, "bob")
        await stage.until(lambda: said(stage, "through user") == 2)
        dialled: list[JsonObject] = stage.commands("call.dial")
        assert len({str(record["id"]) for record in dialled}) == 2

    play(story)


def test_a_rule_must_match_the_whole_name_and_the_first_one_wins() -> None:
    one, two, rest = ((Script(name, ""),) for name in ("one.js", "two.js", "rest.js"))
    rules = (ConferenceRule("a+", one), ConferenceRule("a.*", two))
    assert scripts_for("aa", rules, rest) is one
    assert scripts_for("aab", rules, rest) is two
    assert scripts_for("baa", rules, rest) is rest


def test_a_pattern_that_finds_no_end_fails_the_call_with_its_place() -> None:
    rule = ConferenceRule(r"(conf_|\w+)+!", (Script("room.js", ROOM),), "voxrun.toml:7")
    with pytest.raises(EndlessPattern, match=r"^voxrun\.toml:7: the regular expression"):
        scripts_for("conf_" * 30, (rule,), ())
