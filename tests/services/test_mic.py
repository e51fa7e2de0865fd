"""handleMicStatus: who speaks, and who stopped, even when no packet comes any more."""

from __future__ import annotations

import asyncio

from tests.harness import Stage, play
from tests.media.signals import pcm, voice

WATCH = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  call.handleMicStatus(true);
  call.addEventListener(CallEvents.MicStatusChange, (e) => Logger.write(e.active + " " + Date.now()));
  call.addEventListener(CallEvents.MessageReceived, () => call.handleMicStatus(false));
});
"""


def statuses(stage: Stage) -> list[tuple[str, int]]:
    return [(status, int(at) - 1_736_154_000_000) for status, at in (line.split() for line in stage.logs())]


def test_speech_is_told_when_it_starts_and_when_it_ends() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH)
        await asyncio.sleep(1)
        leg.remote.speak(pcm(voice(1500)))
        await asyncio.sleep(5)
        assert [status for status, _ in statuses(stage)] == ["true", "false"]
        began, ended = (at for _, at in statuses(stage))
        assert 1000 < began < 1500
        assert 2300 < ended < 3200

    play(story)


def test_who_stops_sending_in_mid_word_has_stopped_speaking() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH)
        await asyncio.sleep(1)
        leg.remote.speak(pcm(voice(5000)))
        await stage.until(lambda: len(stage.logs()) == 1)
        leg.remote.stop_sending()
        stopped = stage.clock.now()
        await stage.until(lambda: len(stage.logs()) == 2, 2)
        assert statuses(stage)[1][0] == "false"
        assert stage.clock.now() - stopped < 0.8

    play(story)


def test_packets_that_come_again_are_heard_again() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH)
        leg.remote.speak(pcm(voice(4000)))
        await stage.until(lambda: len(stage.logs()) == 1)
        leg.remote.stop_sending()
        await asyncio.sleep(10)
        leg.remote.resume_sending()
        await asyncio.sleep(10)
        assert [status for status, _ in statuses(stage)] == ["true", "false", "true", "false"]

    play(story)


def test_nothing_is_told_by_default() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH.replace("call.handleMicStatus(true);", ""))
        leg.remote.speak(pcm(voice(1500)))
        await asyncio.sleep(5)
        assert stage.errors() == stage.logs() == []

    play(story)


def test_switched_off_it_tells_nothing() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH)
        leg.remote.message("off")
        await asyncio.sleep(1)
        leg.remote.speak(pcm(voice(1500)))
        await asyncio.sleep(5)
        assert stage.logs() == []

    play(story)


def test_nothing_is_told_of_a_call_that_ended_in_mid_word() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH)
        leg.remote.speak(pcm(voice(5000)))
        await stage.until(lambda: len(stage.logs()) == 1)
        leg.remote.hang_up()
        await asyncio.sleep(5)
        assert len(stage.logs()) == 1

    play(story)
