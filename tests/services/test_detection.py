"""What scenarios have listened for, as they see it."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.harness import Stage, play
from tests.media.signals import pcm, sine, voice

from voxrun.media.frames import SILENCE
from voxrun.media.tones import ToneGenerator, ToneName, progress_tone

BEEP = pcm(sine(1000, 500))

WATCH = """
let call;
VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  const show = (e) => { const {call: c, id, ...rest} = e; Logger.write(JSON.stringify(rest)); };
  %s
  call.answer();
});
"""
BEEPS = """
for (const name of ["BeepDetectionComplete", "BeepDetectionError"]) {
  call.addEventListener(CallEvents[name], show);
}
call.addEventListener(CallEvents.Connected, () => %s);
call.addEventListener(CallEvents.MessageReceived, () => call.disableBeepDetection());
"""


def told(stage: Stage) -> list[dict[str, object]]:
    return [json.loads(line) for line in stage.logs()]


@pytest.mark.covers("Call.enableBeepDetection", "CallEvents.BeepDetectionComplete")
def test_beep_detection_is_complete_after_a_beep_with_its_frequency_and_no_timeout() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % (BEEPS % "call.enableBeepDetection({timeout: 20000})"))
        await stage.until(lambda: leg.connected)
        leg.remote.speak(pcm(voice(2000)) + BEEP)
        await stage.until(stage.logs)
        assert 2.4 < stage.clock.now() < 3
        (event,) = told(stage)
        assert "timeout" not in event
        (hz,) = event["frequencies"]  # type: ignore[misc]
        assert abs(hz - 1000) <= 10
        leg.remote.speak(BEEP)
        await asyncio.sleep(30)
        assert len(stage.logs()) == 1

    play(story)


def test_beep_detection_that_times_out_says_timeout_true() -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(WATCH % (BEEPS % "call.enableBeepDetection({timeout: 5000})"))
        await stage.until(stage.logs)
        assert round(stage.clock.now()) == 5
        assert told(stage) == [{"name": "Call.BeepDetectionComplete", "timeout": True}]

    play(story)


@pytest.mark.covers("Call.disableBeepDetection")
def test_beep_detection_that_is_disabled_says_timeout_false() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % (BEEPS % "call.enableBeepDetection()"))
        await asyncio.sleep(1)
        leg.remote.message("off")
        leg.remote.message("off again")
        leg.remote.speak(BEEP)
        await asyncio.sleep(3)
        assert told(stage) == [{"name": "Call.BeepDetectionComplete", "timeout": False}]

    play(story)


@pytest.mark.covers("CallEvents.BeepDetectionError")
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("call.enableBeepDetection({frequencies: [1000, 50]})", "50 Hz is no frequency of a beep"),
        ("(call.enableBeepDetection(), call.enableBeepDetection())", "on already"),
    ],
)
def test_beep_detection_that_cannot_be_is_an_error_with_its_reason(what: str, reason: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(WATCH % (BEEPS % what))
        await stage.until(stage.logs)
        assert told(stage)[0]["name"] == "Call.BeepDetectionError"
        assert reason in str(told(stage)[0]["reason"])

    play(story)


def test_nothing_is_told_of_a_call_that_ended_while_it_listened() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % (BEEPS % "call.enableBeepDetection({timeout: 5000})"))
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await asyncio.sleep(10)
        assert stage.logs() == []

    play(story)


def tone(name: ToneName) -> bytes:
    generator = ToneGenerator(progress_tone("US", name))
    return b"".join(generator.next_frame() or SILENCE for _ in range(250))


TONES = "call.addEventListener(CallEvents.ToneDetected, show);"


@pytest.mark.covers("CallEvents.ToneDetected")
@pytest.mark.parametrize(("sound", "progress"), [(tone("busy"), True), (tone("dial"), True), (BEEP, False)])
def test_tone_detected_comes_once_in_a_call_and_says_which_kind(sound: bytes, progress: bool) -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % TONES)
        await stage.until(lambda: leg.connected)
        for _ in range(2):
            leg.remote.speak(sound + SILENCE * 50 + BEEP + SILENCE * 50)
        await asyncio.sleep(20)
        assert told(stage) == [
            {"name": "Call.ToneDetected", "ProgressTone": progress, "VoicemailTone": not progress}
        ]

    play(story)


def test_ringing_is_neither_a_dial_tone_nor_a_busy_tone() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % TONES)
        await stage.until(lambda: leg.connected)
        leg.remote.speak(tone("ringback") * 2)
        await asyncio.sleep(12)
        assert stage.logs() == []

    play(story)


def test_tone_detected_comes_only_after_connected() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const call = VoxEngine.callPSTN("1", "2");
      call.addEventListener(CallEvents.ToneDetected, () => Logger.write("tone " + call.state()));
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        leg = await stage.dialled_leg()
        leg.remote.early_media()
        leg.remote.speak(tone("busy"))
        await asyncio.sleep(6)
        assert stage.logs() == []
        leg.remote.answer()
        leg.remote.speak(tone("busy"))
        await asyncio.sleep(6)
        assert stage.logs() == ["tone CONNECTED"]

    play(story)


OLD = """
for (const name of ["ToneDetected", "VoicemailToneDetected", "VoicemailToneNotDetected"]) {
  call.addEventListener(CallEvents[name], show);
}
call.addEventListener(CallEvents.Connected, () => call.detectVoicemailTone(%s));
"""


@pytest.mark.covers("Call.detectVoicemailTone", "CallEvents.VoicemailToneDetected")
def test_detect_voicemail_tone_of_old_scenarios_gives_its_old_events_too() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % (OLD % "10"))
        await stage.until(lambda: leg.connected)
        leg.remote.speak(BEEP)
        await asyncio.sleep(30)
        assert [event["name"] for event in told(stage)] == ["Call.ToneDetected", "Call.VoicemailToneDetected"]

    play(story)


@pytest.mark.covers("CallEvents.VoicemailToneNotDetected")
@pytest.mark.parametrize(("argument", "seconds"), [("", 20), ("10", 10), ("'x'", 20)])
def test_a_voicemail_tone_that_does_not_come_is_told_after_the_time_that_was_given(
    argument: str, seconds: int
) -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(WATCH % (OLD % argument))
        await stage.until(stage.logs)
        assert round(stage.clock.now()) == seconds
        assert told(stage) == [{"name": "Call.VoicemailToneNotDetected"}]

    play(story)


@pytest.mark.covers("Call.detectProgressTone")
def test_detect_progress_tone_of_old_scenarios_hears_no_beeps() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(
            WATCH % ("call.addEventListener(CallEvents.Connected, () => call.detectProgressTone());")
        )
        await stage.until(lambda: leg.connected)
        leg.remote.speak(BEEP + SILENCE * 50 + tone("busy"))
        await stage.until(lambda: stage.events("Call.ToneDetected"))
        assert stage.events("Call.ToneDetected")[0]["data"] == {"ProgressTone": True, "VoicemailTone": False}

    play(story)


def test_a_session_with_everything_on_ends_without_a_word() -> None:
    source = """
    call.handleTones(true); call.handleMicStatus(true); call.enableBeepDetection({timeout: 1});
    call.monitorMediaStatistics({monitor: true, interval: 3}); call.detectVoicemailTone(1);
    call.addEventListener(CallEvents.ToneDetected, show);
    call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
    """

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(WATCH % source)
        await stage.until(lambda: leg.connected)
        leg.remote.hang_up()
        assert (await stage.ended()).reason == "Normal termination"
        assert stage.errors() == []

    play(story)
