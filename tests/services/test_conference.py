"""Conferences in whole sessions: what their parties hear, their events, endpoints and limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.harness import Stage, play
from tests.media.signals import floats, pcm, sine, tone_level, voice

from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import FRAME_BYTES
from voxrun.media.levels import correlation
from voxrun.session.limits import Limits

EVENTS = """
require(Modules.Conference);
function watch(conf) {
  for (const name in ConferenceEvents) conf.addEventListener(ConferenceEvents[name], (e) =>
    Logger.write([e.name, e.conference === conf, e.endpointId ? e.endpointId.length : "", e.direction || "",
      e.mode || "", e.code || "", e.error || ""].filter((text) => text !== "").join(" ")));
  return conf;
}
"""
ROOM = (
    EVENTS
    + """
const conf = watch(VoxEngine.createConference({hd_audio: true}));
function join(call) {
  call.addEventListener(CallEvents.Connected, () => { %s });
  call.addEventListener(CallEvents.Disconnected, () => Logger.write("Disconnected"));
}
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  join(call);
  call.answer();
  for (const name of ["bob", "carol"].slice(0, %d)) join(VoxEngine.callUser(name, "conf"));
});
"""
)
BETWEEN = "VoxEngine.sendMediaBetween(call, conf);"
A, B = (pcm(voice(1200, seed=seed, pitch=pitch)) for seed, pitch in ((1, 110), (2, 190)))


async def gather(stage: Stage, source: str, guests: int) -> list[ScriptedLeg]:
    """The caller and so many guests, all connected."""
    legs = [await stage.call_in(source)]
    for number in range(guests):
        legs.append(await stage.dialled_leg(number))
        legs[-1].remote.answer()
    await stage.until(lambda: all(leg.connected for leg in legs))
    await asyncio.sleep(0.1)
    return legs


async def speak(legs: Sequence[ScriptedLeg], words: Sequence[bytes]) -> list[bytes]:
    """All speak at once; what each has heard."""
    for leg, said in zip(legs, words, strict=True):
        leg.remote.speak(said)
    await asyncio.sleep(1.6)
    return [leg.heard_pcm() for leg in legs]


def alike(heard: bytes, said: bytes) -> float:
    return correlation(said, heard, 2000).value


@pytest.mark.covers("VoxEngine.createConference", "Conference.add")
@pytest.mark.parametrize(
    "join", [BETWEEN, "conf.add({call, mode: 'FORWARD', direction: 'BOTH', scheme: {}});"]
)
def test_each_hears_the_others_and_never_himself(join: str) -> None:
    async def story(stage: Stage) -> None:
        legs = await gather(stage, ROOM % (join, 2), 2)
        tones = (440, 700, 1130)
        heard = await speak(legs, [pcm(sine(hz, 1200, dbfs=-20)) for hz in tones])
        for number, pcm_heard in enumerate(heard):
            middle = floats(pcm_heard[-32_000:-16_000])  # half a second in which all of them speak
            levels = [round(tone_level(middle, hz)) for hz in tones]
            assert levels.pop(number) < -70
            assert levels == [-20, -20]

    play(story)


def test_what_two_say_reaches_the_other_unchanged_and_within_three_frames() -> None:
    async def story(stage: Stage) -> None:
        legs = await gather(stage, ROOM % (BETWEEN, 1), 1)
        legs[0].remote.speak(A)
        start = round(asyncio.get_running_loop().time() * 1000)
        await asyncio.sleep(1.6)
        found = correlation(A, legs[1].heard_pcm(start), 500)
        assert found.value > 0.999
        assert 0 <= found.lag_ms <= 60

    play(story)


@pytest.mark.parametrize(
    ("direction", "caller_hears", "caller_is_heard"),
    [("SEND", False, True), ("RECEIVE", True, False), ("BOTH", True, True)],
)
def test_an_endpoint_s_direction_says_who_is_heard(
    direction: str, caller_hears: bool, caller_is_heard: bool
) -> None:
    join = f"conf.add({{call, mode: 'MIX', direction: call.incoming() ? '{direction}' : 'BOTH'}});"

    async def story(stage: Stage) -> None:
        legs = await gather(stage, ROOM % (join, 1), 1)
        heard = await speak(legs, [A, B])
        assert (alike(heard[0], B) > 0.9) is caller_hears
        assert (alike(heard[1], A) > 0.9) is caller_is_heard

    play(story)


@pytest.mark.covers("Call.stopMediaTo")
def test_media_can_be_taken_out_of_a_conference_and_back() -> None:
    """Muting a participant: call.stopMediaTo(conf)."""
    source = ROOM % (
        BETWEEN
        + "if (call.incoming()) { call.handleTones(true);"
        + "call.addEventListener(CallEvents.ToneReceived, (e) => e.tone === '0' ? call.stopMediaTo(conf)"
        + " : call.sendMediaTo(conf)); }",
        1,
    )

    async def story(stage: Stage) -> None:
        caller, guest = await gather(stage, source, 1)
        for key, audible in (("0", False), ("1", True)):
            caller.remote.press(key)
            await asyncio.sleep(0.2)
            since = round(asyncio.get_running_loop().time() * 1000)
            caller.remote.speak(A)
            await asyncio.sleep(1.6)
            assert (alike(guest.heard_pcm(since), A) > 0.9) is audible

    play(story)


@pytest.mark.covers(
    "ConferenceEvents.Started",
    "ConferenceEvents.Stopped",
    "Conference.addEventListener",
    "Conference.stop",
    "VoxEngine.destroyConference",
)
def test_started_comes_in_a_turn_of_its_own_and_stopped_once() -> None:
    source = (
        EVENTS
        + """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const conf = VoxEngine.createConference();
      Logger.write("created");
      watch(conf);
      setTimeout(() => { conf.stop(); conf.stop(); VoxEngine.destroyConference(conf); }, 1000);
      setTimeout(() => {
        conf.sendMediaTo(VoxEngine.createConference());
        Logger.write("end " + conf.getList().length);
      }, 1100);
    });"""
    )

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.until(lambda: "end 0" in stage.logs())
        assert stage.logs() == ["created", "Conference.Started true", "Conference.Stopped true", "end 0"]
        assert stage.logs("warning") == ["sendMediaTo ignored: the conference is stopped"]

    play(story)


@pytest.mark.covers(
    "ConferenceEvents.EndpointAdded",
    "ConferenceEvents.EndpointUpdated",
    "ConferenceEvents.EndpointManaged",
    "ConferenceEvents.EndpointRemoved",
    "Conference.getList",
    "Conference.get",
    "Endpoint.id",
    "Endpoint.getDirection",
    "Endpoint.getMode",
    "Endpoint.getCall",
    "Endpoint.setDisplayName",
    "Endpoint.manageEndpoint",
)
def test_an_endpoint_comes_and_goes_with_its_call() -> None:
    source = ROOM % (
        """
        const endpoint = conf.add({call, mode: "MIX", direction: "BOTH", displayName: "Alice"});
        Logger.write([endpoint.id().length, endpoint.getDirection(), endpoint.getMode(),
          endpoint.getCall() === call, conf.getList().length, conf.getList()[0] === endpoint,
          conf.get(endpoint.id()) === endpoint, conf.get("x"), JSON.stringify(endpoint)].join(" "));
        endpoint.setDisplayName("Bob");
        endpoint.manageEndpoint({all: []}).then(() => Logger.write("managed"));
        const left = () => Logger.write("left " + conf.getList().length);
        call.addEventListener(CallEvents.Disconnected, () => setTimeout(left, 50));
        """,
        0,
    )

    async def story(stage: Stage) -> None:
        (caller,) = await gather(stage, source, 0)
        await asyncio.sleep(0.5)
        caller.remote.hang_up()
        await stage.until(lambda: "left 0" in stage.logs())
        about = "true 32 BOTH MIX"
        assert stage.logs() == [
            "Conference.Started true",
            "32 BOTH MIX true 1 true true  {}",
            f"Conference.EndpointAdded {about}",
            f"Conference.EndpointUpdated {about}",
            f"Conference.EndpointManaged {about}",
            "managed",
            "Disconnected",
            f"Conference.EndpointRemoved {about}",
            "left 0",
        ]
        assert stage.logs("warning") == [
            "endpoint.manageEndpoint: it chooses video streams, and calls here have audio only"
        ]

    play(story)


@pytest.mark.covers("ConferenceEvents.ConferenceError")
def test_more_endpoints_than_the_limit_are_an_error_of_the_conference() -> None:
    source = ROOM % (
        "for (let i = 0; i < 3; i++) conf.add({call, direction: 'SEND'});"
        "setTimeout(() => Logger.write('list ' + conf.getList().length), 50);",
        0,
    )

    async def story(stage: Stage) -> None:
        await gather(stage, source, 0)
        await stage.until(lambda: "list 2" in stage.logs())
        assert stage.logs()[-2] == (
            "Conference.Error true 32 403 a conference may have 2 endpoints (the platform's figure is 100)"
        )

    play(story, limits=Limits(conference_endpoints=2))


def test_a_conference_ends_with_its_session_and_leaves_no_ticking() -> None:
    async def story(stage: Stage) -> None:
        (caller,) = await gather(stage, ROOM % (BETWEEN, 0), 0)
        assert stage.runtime is not None
        await stage.runtime.close()
        heard = len(caller.heard)
        await asyncio.sleep(1)
        assert len(caller.heard) == heard
        assert stage.ticker._nodes == {}

    play(story)


def test_a_stopped_conference_is_heard_by_nobody() -> None:
    source = ROOM % (BETWEEN + "setTimeout(() => conf.stop(), 1000);", 1)

    async def story(stage: Stage) -> None:
        legs = await gather(stage, source, 1)
        await asyncio.sleep(2)
        counts = [len(leg.heard) for leg in legs]
        heard = await speak(legs, [A, B])
        assert [len(leg.heard) for leg in legs] == counts
        assert all(len(pcm_) >= FRAME_BYTES for pcm_ in heard)

    play(story)


def test_more_conferences_than_the_limit_end_the_session() -> None:
    source = EVENTS + "for (let i = 0; i < 101; i++) VoxEngine.createConference();"

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.ended()
        assert stage.errors() == [
            "conference.create: a session may have 100 conferences at a time, each with an id of its own"
        ]

    play(story)
