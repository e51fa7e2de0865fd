"""The people of a call: what happens to them is on the timeline, what they hear is kept with its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.replay.test_audio_facts import tone

from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.graph import Source
from voxrun.replay.people import Person, Sound
from voxrun.replay.timeline import Timeline
from voxrun.services.ticker import LoopTicker
from voxrun.session.virtual import run_virtual


def on_stage(story: Callable[[Person, Timeline], Awaitable[None]], incoming: bool = True) -> Timeline:
    timeline = Timeline()

    async def main(_: object) -> None:
        ticker = LoopTicker()
        person = Person("alice", ticker, incoming, timeline, asyncio.get_running_loop().time())
        await story(person, timeline)
        ticker.close()

    run_virtual(main)
    return timeline


def test_frames_next_to_each_other_are_one_stretch_and_silence_is_none() -> None:
    sound = Sound()
    loud = tone(20)
    assert sound.add(100, loud)
    assert not sound.add(120, loud)
    assert not sound.add(140, SILENCE)
    assert not sound.add(150, bytes(FRAME_BYTES))
    assert not sound.add(160, loud)
    assert sound.add(260, loud)
    assert sound.stretches == [[100, 180], [260, 280]]
    assert sound.last == 280
    assert sound.within(110, 270) == [(110, 180), (260, 270)]
    assert Sound().last is None


def test_the_audio_of_a_stretch_of_time_has_its_silences() -> None:
    sound = Sound()
    sound.add(100, tone(20))
    sound.add(140, tone(20, 900))
    assert sound.pcm(100, 180) == tone(20) + SILENCE + tone(20, 900) + SILENCE
    assert sound.pcm(0, 40) == SILENCE * 2


def test_what_the_scenario_does_to_a_person_is_seen() -> None:
    async def story(person: Person, _: Timeline) -> None:
        person.ring({})
        person.early_media({})
        person.answer({})
        person.answer({})
        person.send_dtmf("12")
        person.send_message("hi")
        person.send_info("text/plain", "body", {})
        await asyncio.sleep(1)
        person.hangup({})

    moments = on_stage(story).moments
    kinds = ["ringing", "early_media", "answered", "dtmf", "message", "info", "ended"]
    assert [moment.kind for moment in moments] == kinds
    assert {moment.who for moment in moments} == {"alice"}
    assert (moments[-1].at, moments[-1].text) == (1000, "scenario")


def test_transfers_and_re_invites_of_the_scenario_are_seen_and_asked_where_a_phone_can() -> None:
    asked: list[str] = []

    async def story(person: Person, timeline: Timeline) -> None:
        person.on_transfer = lambda: asked.append("transfer")
        person.on_reinvite = lambda: asked.append("reinvite")
        person.answer({})
        person.transfer("7", None, {})
        person.reinvite("a/b", "ping", {})
        assert asked == []  # a phone of a user of the application can neither
        person.can_transfer = person.can_reinvite = True
        other = Person("bob", LoopTicker(), False, timeline, 0.0)
        person.transfer("bob", other, {"X-A": "1"})
        person.reinvite("a/b", "ping", {})
        person.answer_refer(200, "OK")
        person.answer_refer(486, "Busy")
        person.accept_reinvite("a/b", "pong", {})
        person.reject_reinvite(488, "No", {})
        person.hangup({})
        person.transfer("8", None, {})
        person.reinvite("a/b", "late", {})

    told = [(moment.kind, moment.text) for moment in on_stage(story).moments]
    assert told[3:9] == [
        ("transfer", "bob"),
        ("reinvite", "ping"),
        ("transferred", "success"),
        ("transferred", "486"),
        ("reinvite_accepted", "pong"),
        ("reinvite_rejected", "488"),
    ]
    assert asked == ["transfer", "reinvite"]


def test_who_ended_the_call() -> None:
    async def hangs_up(person: Person, _: Timeline) -> None:
        person.answer({})
        person.remote.hang_up()

    async def rejected(person: Person, _: Timeline) -> None:
        person.reject(486, "Busy", {})

    assert on_stage(hangs_up).moments[-1].text == "alice"
    last = on_stage(rejected).moments[-1]
    assert (last.text, last.data["code"]) == ("scenario", 486)


def test_speaking_takes_as_long_as_the_audio_and_ends_with_the_call() -> None:
    async def story(person: Person, _: Timeline) -> None:
        person.answer({})
        await person.speak(tone(1000))
        assert 1000 <= person.now <= 1020
        assert person.voice.stretches[0][1] - person.voice.stretches[0][0] == 1000
        asyncio.get_running_loop().call_later(0.5, person.remote.hang_up)
        await person.speak(tone(5000))
        assert person.now <= 1540

    on_stage(story)


def test_what_is_heard_wakes_whoever_waits_for_it() -> None:
    async def story(person: Person, timeline: Timeline) -> None:
        person.answer({})
        assert person.quiet_for() == 0
        asyncio.get_running_loop().call_later(3, person.sink.write, tone(20), Source())
        await timeline.changed(10)
        assert person.now == 3000
        await asyncio.sleep(1)
        assert person.quiet_for() == 980

    on_stage(story)


def test_which_frame_of_several_would_begin_a_stretch() -> None:
    sound = Sound()
    assert sound.begins_at([20, 40, 60], [0, 50, 100]) == 2
    sound.add(60, tone(20))
    assert sound.begins_at([80, 100, 120], [500, 500, 0]) is None
    assert sound.begins_at([80, 100, 120, 140, 160], [500, 0, 0, 0, 500]) == 4


def test_who_refuses_has_ended_it() -> None:
    async def refuses(person: Person, _: Timeline) -> None:
        person.remote.refuse(486, "Busy")

    async def given_up(person: Person, _: Timeline) -> None:
        person.hangup({})

    assert on_stage(refuses, incoming=False).moments[-1].text == "alice"
    assert on_stage(given_up, incoming=False).moments[-1].text == "scenario"
