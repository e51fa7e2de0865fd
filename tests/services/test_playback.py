"""call.say and call.startPlayback: events, replacement, errors."""

from __future__ import annotations

import asyncio
import io
import wave

import httpx
import pytest
from tests.harness import Stage, play

SAY = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  for (const name of ["PlaybackReady", "PlaybackStarted", "PlaybackFinished"]) {
    call.addEventListener(CallEvents[name], (e) => Logger.write(name + " " + (e.duration ?? e.error ?? "")));
  }
  call.addEventListener(CallEvents.Connected, () => { %s });
});
"""


def story_of(code: str, logs: int, then: object = None) -> Stage:
    async def story(stage: Stage) -> None:
        stage.net.routes["/a.wav"] = lambda request: httpx.Response(200, content=wav(16_000))
        stage.net.routes["/big.wav"] = lambda request: httpx.Response(200, content=b"x" * (11 * 1024 * 1024))
        stage.net.routes["/bad.wav"] = lambda request: httpx.Response(200, content=b"this is no audio")
        stage.net.routes["/gone.wav"] = lambda request: httpx.Response(404)
        stage.net.routes["/slow.wav"] = slow
        leg = await stage.call_in(SAY % code)
        await stage.until(lambda: len(stage.logs()) >= logs)
        stage.speech.leg = leg  # type: ignore[attr-defined]

    return play(story)


async def slow(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(13)
    return httpx.Response(200, content=wav(100))


def wav(samples: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x05\x10" * samples)
    return out.getvalue()


@pytest.mark.covers(
    "Call.say",
    "CallEvents.PlaybackFinished",
    "CallEvents.PlaybackReady",
    "CallEvents.PlaybackStarted",
)
def test_say_is_ready_started_and_finished_and_the_caller_hears_it() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SAY % 'call.say("Hello", VoiceList.Amazon.en_US_Joanna);')
        await stage.until(lambda: len(stage.logs()) == 3)
        assert stage.logs() == ["PlaybackReady ", "PlaybackStarted 300", "PlaybackFinished "]
        assert leg.heard_pcm()[:9600] == b"\x10\x20" * 4800

    play(story)


@pytest.mark.parametrize(
    "call",
    [
        'call.say("Hi")',
        'call.say("Hi", Language.US_ENGLISH_FEMALE)',
        'call.say("Hi", Language.MISSPELT)',
        'call.say("Hi", {voice: VoiceList.Amazon.en_US_Joanna})',
        'call.say("Hi", {language: Language.RU_RUSSIAN_FEMALE})',
        'call.say("Hi", {language: undefined})',
        'call.say("Hi", VoiceList.Google.en_US_Neural2_F, {pitch: "low"})',
        'call.say("Hi", {voice: VoiceList.Google.X, ttsOptions: {rate: "slow"}, progressivePlayback: true})',
    ],
)
def test_every_form_of_say_speaks(call: str) -> None:
    stage = story_of(call + ";", 3)
    assert stage.logs()[-1] == "PlaybackFinished "
    assert stage.speech.said[0][0] == "Hi"


def test_a_text_over_the_limit_is_an_error_of_playback_finished() -> None:
    stage = story_of('call.say("x".repeat(1501));', 1)
    assert stage.logs() == ["PlaybackFinished the text has 1501 characters, the limit is 1500"]


def test_a_second_say_replaces_the_first_at_once() -> None:
    stage = story_of('call.say("a long first text"); setTimeout(() => call.say("Hi"), 200);', 5)
    assert stage.logs() == [
        "PlaybackReady ",
        "PlaybackStarted 1020",
        "PlaybackReady ",
        "PlaybackStarted 120",
        "PlaybackFinished ",
    ]


@pytest.mark.covers("Call.stopPlayback")
def test_stop_playback_is_silent_and_gives_no_event() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(
            SAY % 'call.say("a long text");'
            'setTimeout(() => { call.stopPlayback(); Logger.write("stopped"); }, 200);'
        )
        await asyncio.sleep(3)
        assert stage.logs() == ["PlaybackReady ", "PlaybackStarted 660", "stopped"]
        assert len(leg.heard) <= 10

    play(story)


@pytest.mark.covers("Call.startPlayback")
def test_a_file_plays_from_its_url_and_is_fetched_once() -> None:
    code = (
        'call.startPlayback("http://x/a.wav"); setTimeout(() => call.startPlayback("http://x/a.wav"), 2000);'
    )
    stage = story_of(code, 6)
    assert stage.logs()[:3] == ["PlaybackReady ", "PlaybackStarted 1000", "PlaybackFinished "]
    assert len(stage.net.requests) == 1


@pytest.mark.parametrize("form", ['"http://x/a.wav", true', '"http://x/a.wav", {loop: true}'])
def test_a_loop_never_finishes(form: str) -> None:
    async def story(stage: Stage) -> None:
        stage.net.routes["/a.wav"] = lambda request: httpx.Response(200, content=wav(1000))
        leg = await stage.call_in(SAY % f"call.startPlayback({form});")
        await asyncio.sleep(5)
        assert stage.logs() == ["PlaybackReady ", "PlaybackStarted 62"]
        assert len(leg.heard) > 240

    play(story)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "answered 404"),
        ("bad", "cannot play"),
        ("big", "larger than"),
        ("slow", "Timeout is reached"),
    ],
)
def test_files_that_cannot_be_played_say_why(name: str, message: str) -> None:
    stage = story_of(f'call.startPlayback("http://x/{name}.wav");', 1)
    assert stage.logs()[0].startswith("PlaybackFinished ")
    assert message in stage.logs()[0]


def test_nothing_is_told_of_a_playback_whose_call_is_over() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(SAY % 'call.say("a long text that goes on");')
        await stage.until(lambda: len(stage.logs()) == 2)
        leg.remote.hang_up()
        await asyncio.sleep(5)
        assert len(stage.logs()) == 2

    play(story)


TOO_EARLY = """
function early(call, later) {
  call.addEventListener(CallEvents.PlaybackFinished, () => { Logger.write("over"); later(); });
  call.addEventListener(CallEvents.Connected, () => call.say("now"));
  call.say("nobody hears this");
}
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => early(call, call.answer));
VoxEngine.addEventListener(AppEvents.Started, (e) => { %s });
"""
NOW = b"\x10\x20" * 960 * 3


@pytest.mark.parametrize("incoming", [True, False])
def test_what_is_said_before_early_media_or_the_answer_is_heard_by_nobody(incoming: bool) -> None:
    out = 'early(VoxEngine.callPSTN("+4930", "+4940"), () => {});'

    async def story(stage: Stage) -> None:
        if incoming:
            leg = await stage.call_in(TOO_EARLY % "")
        else:
            await stage.start(TOO_EARLY % out)
            leg = await stage.dialled_leg()
        await stage.until(stage.logs)
        leg.remote.answer()
        await stage.until(lambda: len(stage.logs()) == 2)
        assert leg.heard_pcm() == NOW
        remedy = "startEarlyMedia()" if incoming else "wait for Connected"
        (warning,) = stage.logs("warning")
        assert warning.startswith("say is heard by nobody yet")
        assert remedy in warning

    play(story)
