"""playProgressTone: heard until something else is."""

from __future__ import annotations

import asyncio

import pytest
from tests.harness import Stage, play
from tests.media.signals import floats, tone_level

SOURCE = """
let call;
VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  call.addEventListener(CallEvents.MessageReceived, () => call.say("hello"));
  %s
});
"""


@pytest.mark.covers("Call.playProgressTone")
@pytest.mark.parametrize(("country", "hz"), [("'US'", 440), ("'RU'", 425), ("'ru'", 425), ("", 440)])
def test_play_progress_tone_before_the_answer_needs_early_media(country: str, hz: int) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SOURCE % f"call.startEarlyMedia(); call.playProgressTone({country});")
        await asyncio.sleep(0.7)
        assert tone_level(floats(leg.heard_pcm())[:8000], hz) > -30
        assert not leg.connected

    play(story)


def test_without_early_media_it_is_ignored_with_a_warning() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SOURCE % "call.playProgressTone('US');")
        await asyncio.sleep(1)
        assert leg.heard == []
        assert "startEarlyMedia" in stage.logs("warning")[0]

    play(story)


def test_what_is_played_later_replaces_it() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SOURCE % "call.answer(); call.playProgressTone('US');")
        await asyncio.sleep(1)
        leg.remote.message("speak")
        await asyncio.sleep(2)
        assert len(leg.heard_pcm()) > 2 * 16_000
        assert leg.heard_pcm(since_ms=1400) == b""  # "hello" took 0.3 s, and the tone does not come back

    play(story)


def test_a_second_tone_replaces_the_first_and_the_end_of_the_call_ends_it() -> None:
    async def story(stage: Stage) -> None:
        source = "call.answer(); call.playProgressTone('US'); call.playProgressTone('RU');"
        leg = await stage.call_in(SOURCE % source)
        await asyncio.sleep(0.7)
        heard = floats(leg.heard_pcm())[:8000]
        assert tone_level(heard, 425) > -30
        assert tone_level(heard, 480) < -60
        leg.remote.hang_up()
        await asyncio.sleep(1)
        assert leg.sink.sources == []

    play(story)


def test_a_country_that_is_not_known_is_an_error_that_names_those_that_are() -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(SOURCE % "call.answer(); call.playProgressTone('DE');")
        assert (await stage.ended()).reason == "JS session error"
        assert "US and RU" in stage.errors()[0]

    play(story)
