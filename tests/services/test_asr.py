"""VoxEngine.createASR in a session: events, media, stop, and what is told where nothing can be recognised."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.harness import Stage, play
from tests.media.signals import pcm, voice
from tests.services.hearing import Counter
from tests.services.parts import Given

from voxrun.errors import ScenarioError
from voxrun.services.asr import AsrService
from voxrun.services.units import Units
from voxrun.session.messages import Command

LISTEN = """
require(Modules.ASR);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
  call.answer();
  const asr = VoxEngine.createASR({profile: "en-US", phraseHints: ["yes"], singleUtterance: true});
  for (const name of Object.values(ASREvents)) {
    asr.addEventListener(name, (e) => {
      Logger.write(e.name + (e.text ? " " + e.text : "") + (e.asr === asr ? "" : "?"));
    });
  }
  call.sendMediaTo(asr);
  call.addEventListener(CallEvents.MessageReceived, (e) => eval(e.text)(call, asr));
});
"""


async def called(stage: Stage, ears: Counter | None = None, source: str = LISTEN) -> Any:
    stage.transcriber = ears or Counter()
    leg = await stage.call_in(source)
    await asyncio.sleep(0.1)
    return leg


@pytest.mark.covers(
    "VoxEngine.createASR",
    "ASR.addEventListener",
    "ASR.stop",
    "ASREvents.Started",
    "ASREvents.CaptureStarted",
    "ASREvents.SpeechCaptured",
    "ASREvents.Result",
    "ASREvents.Stopped",
)
def test_the_events_of_an_asr_come_in_order() -> None:
    async def story(stage: Stage) -> None:
        leg = await called(stage)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(3)
        leg.remote.message("(call, asr) => asr.stop()")
        await asyncio.sleep(1)
        assert stage.logs() == [
            "ASR.Started", "ASR.CaptureStarted", "ASR.SpeechCaptured", "ASR.Result one", "ASR.Stopped",
        ]  # fmt: skip
        (stopped,) = stage.events("ASR.Stopped")
        assert stopped["data"] == {"cost": "0", "duration": 3}

    play(story)


def test_after_stop_nothing_is_recognised_and_a_second_stop_does_nothing() -> None:
    async def story(stage: Stage) -> None:
        leg = await called(stage)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(1)
        leg.remote.message("(call, asr) => { asr.stop(); asr.stop(); call.sendMediaTo(asr); }")
        await asyncio.sleep(5)
        assert stage.logs() == ["ASR.Started", "ASR.CaptureStarted", "ASR.Stopped"]
        assert len(stage.commands("asr.stop")) == 1

    play(story)


@pytest.mark.parametrize(("switch", "told"), [("percent", 99), ("fraction", 0.99)])
def test_confidence_is_0_to_100_unless_the_switch_says_0_to_1(switch: str, told: float) -> None:
    async def story(stage: Stage) -> None:
        stage.transcriber = Counter()
        leg = await stage.call_in(LISTEN, asr_confidence=switch)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(3)
        assert stage.events("ASR.Result")[0]["data"]["confidence"] == told

    play(story)


def test_media_that_is_stopped_when_speech_was_captured_still_has_its_result() -> None:
    source = LISTEN.replace(
        "call.sendMediaTo(asr);",
        "call.sendMediaTo(asr); asr.addEventListener(ASREvents.SpeechCaptured, () => call.stopMediaTo(asr));",
    )

    async def story(stage: Stage) -> None:
        leg = await called(stage, Counter(slow=0.5), source)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(3)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(3)
        assert stage.logs()[-1] == "ASR.Result one"
        leg.remote.message("(call, asr) => call.sendMediaTo(asr)")
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(3)
        assert stage.logs()[-1] == "ASR.Result two"
        first, second = stage.events("ASR.Result")
        assert second["data"]["resultEndTime"] > first["data"]["resultEndTime"]

    play(story)


@pytest.mark.covers("ASREvents.InterimResult")
def test_interim_results_reach_a_scenario_that_asked_for_them() -> None:
    source = LISTEN.replace("singleUtterance: true", "interimResults: true")

    async def story(stage: Stage) -> None:
        leg = await called(stage, None, source)
        leg.remote.speak(pcm(voice(1500)))
        await asyncio.sleep(4)
        kinds = [line.split()[0] for line in stage.logs()]
        assert kinds[:3] == ["ASR.Started", "ASR.CaptureStarted", "ASR.InterimResult"]
        assert kinds[-2:] == ["ASR.SpeechCaptured", "ASR.Result"]

    play(story)


TWO = ["", ", enableSeparateRecognitionPerChannel: true"]


@pytest.mark.parametrize("more", TWO)
def test_two_sources_are_listened_to_apart_and_told_apart_on_demand(more: str) -> None:
    source = """
    require(Modules.ASR);
    const asr = VoxEngine.createASR({profile: "en-US" MORE});
    asr.addEventListener(ASREvents.Result, (e) => Logger.write(`${e.text} ${e.channelTag}`));
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      call.answer();
      VoxEngine.sendMediaBetween(call, asr);
      const other = VoxEngine.callUser("bob", "alice");
      other.addEventListener(CallEvents.Connected, () => other.sendMediaTo(asr));
    });
    """

    async def story(stage: Stage) -> None:
        alice = await called(stage, None, source.replace("MORE", more))
        bob = await stage.dialled_leg()
        bob.remote.answer()
        await asyncio.sleep(0.1)
        alice.remote.speak(pcm(voice(800)))
        bob.remote.speak(pcm(voice(900, seed=2)))
        await asyncio.sleep(4)
        assert stage.logs() == (["one 1", "two 2"] if more else ["one undefined", "two undefined"])
        assert isinstance(stage.transcriber, Counter)
        assert all(length < 1500 for length in stage.transcriber.lengths)

    play(story)


@pytest.mark.covers("ASREvents.ASRError")
@pytest.mark.parametrize("problem", ["install something", None])
def test_where_nothing_can_be_recognised_the_scenario_and_the_log_are_told(problem: str | None) -> None:
    async def story(stage: Stage) -> None:
        stage.transcriber = Counter(problem=problem) if problem else None
        leg = await stage.call_in(LISTEN)
        leg.remote.speak(pcm(voice(800)))
        await asyncio.sleep(3)
        assert stage.logs() == ["ASR.Error"]
        (error,) = stage.events("ASR.Error")
        assert error["data"]["error"] == (problem or "there is no recogniser in this run")
        assert any(
            f"speech is not recognised in this session: {error['data']['error']}" in line
            for line in stage.logs("system")
        )

    play(story)


def test_the_recogniser_is_prepared_for_the_hints() -> None:
    async def story(stage: Stage) -> None:
        await called(stage)
        assert isinstance(stage.transcriber, Counter)
        assert stage.transcriber.prepared == [("yes",)]

    play(story)


def test_the_end_of_a_call_ends_what_was_said_in_it() -> None:
    async def story(stage: Stage) -> None:
        leg = await called(stage)
        leg.remote.speak(pcm(voice(3000)))
        await asyncio.sleep(1)
        leg.remote.hang_up()
        await asyncio.sleep(1)
        assert stage.logs()[-3:] == ["ASR.CaptureStarted", "ASR.SpeechCaptured", "ASR.Result one"]

    play(story)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("asr.create", {"hints": "yes"}),
        ("asr.create", {"hints": [1]}),
        ("asr.create", {"hints": ["x"] * 5001}),
        ("asr.create", {"hints": ["x" * 1001]}),
        ("asr.create", {"language": 7}),
        ("asr.stop", {}),
    ],
)
def test_wrong_commands_are_refused(kind: str, data: dict[str, Any]) -> None:
    async def story(stage: Stage) -> None:
        service = AsrService(Given(stage.clock).context, Units(), None)  # type: ignore[arg-type]
        with pytest.raises(ScenarioError, match=kind):
            service.execute(Command(kind, "asr1", data))

    play(story)
