"""Answering machine detection in a session: every way to start it, every way it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from tests.harness import Stage, play
from tests.media.signals import Floats, pcm, quiet, sine, voice
from tests.services.parts import Given

from voxrun.errors import ScenarioError
from voxrun.legs.scripted import ScriptedLeg
from voxrun.services.amd import AmdService
from voxrun.services.units import Units
from voxrun.session.messages import Command

PERSON = voice(700)
MACHINE = np.concatenate([voice(2000), quiet(300), voice(3000, seed=2)])
BEEP = np.concatenate([voice(900), quiet(100), sine(1000, 400)])

SHOW = "const show = (e) => Logger.write(e.name + ' ' + e.resultClass + ' ' + e.message);"
OPTION = (
    SHOW
    + """
const amd = AMD.create({model: AMD.Model.EU_GENERAL});
amd.addEventListener(AMD.Events.DetectionComplete, show);
const call = VoxEngine.callPSTN("+4930", "+4940", {amd});
"""
)
DETECT = (
    SHOW
    + """
const call = VoxEngine.callUser("bob", "alice");
call.addEventListener(CallEvents.Connected, async () => {
  const amd = AMD.create({model: AMD.Model.US, %s});
  show(await amd.detect());
});
"""
)


async def answered(stage: Stage, source: str, after: float = 1.0) -> ScriptedLeg:
    await stage.start(source)
    leg = await stage.dialled_leg()
    await asyncio.sleep(after)
    leg.remote.answer()
    await asyncio.sleep(0.1)
    return leg


def detect(
    source: str,
    sound: Floats,
    seconds: float = 8.0,
    then: Callable[[Stage, ScriptedLeg], Awaitable[None]] | None = None,
) -> Stage:
    async def story(stage: Stage) -> None:
        leg = await answered(stage, source)
        leg.remote.speak(pcm(sound))
        if then is not None:
            await then(stage, leg)
        await asyncio.sleep(seconds)

    return play(story)


COMPLETE = "AMD.Events.DetectionComplete"


@pytest.mark.covers(
    "AMD.create", "AMD.Events.DetectionComplete", "AMD.AnsweringMachineDetector.addEventListener"
)
@pytest.mark.parametrize(
    ("sound", "result", "fields"),
    [
        (PERSON, "HUMAN", {"confidence"}),
        (MACHINE, "VOICEMAIL", {"confidence", "resultSubtype"}),
        (BEEP, "VOICEMAIL", {"confidence", "resultSubtype"}),
        (quiet(1000), "TIMEOUT", set()),
    ],
    ids=["person", "machine", "beep", "nobody"],
)
def test_a_detector_given_to_a_call_begins_by_itself(sound: Floats, result: str, fields: set[str]) -> None:
    stage = detect(OPTION, sound)
    assert stage.logs() == [f"{COMPLETE} {result} undefined"]
    (event,) = stage.events(COMPLETE)
    assert set(event["data"]) == {"resultClass", *fields}
    assert 50 <= event["data"].get("confidence", 50) <= 100


@pytest.mark.covers("AMD.AnsweringMachineDetector.detect")
def test_detect_gives_a_promise_of_the_event() -> None:
    assert detect(DETECT % "call", MACHINE).logs() == [f"{COMPLETE} VOICEMAIL undefined"]


def test_media_sent_to_a_detector_says_whose_call_it_is() -> None:
    source = DETECT.replace("show(await", "call.sendMediaTo(amd); show(await") % ""
    assert detect(source, PERSON).logs() == [f"{COMPLETE} HUMAN undefined"]


def test_media_may_be_sent_after_detect_in_the_same_turn() -> None:
    source = (
        DETECT.replace("show(await amd.detect());", "amd.detect().then(show); call.sendMediaTo(amd);") % ""
    )
    assert detect(source, PERSON).logs() == [f"{COMPLETE} HUMAN undefined"]


@pytest.mark.covers("AMD.Events.DetectionError")
def test_without_a_call_listeners_and_the_promise_are_told_the_error() -> None:
    source = DETECT.replace("show(await", "amd.addEventListener(AMD.Events.DetectionError, show); show(await")
    message = "The 'call' parameter is required, the operation will be skipped!"
    assert detect(source % "", PERSON).logs() == [f"AMD.Events.DetectionError undefined {message}"] * 2


@pytest.mark.parametrize(("timeout", "at"), [("timeout: 3000", 3.0), ("", 6.5), ("timeout: 99999", 6.5)])
def test_the_timeout_counts_from_the_answer(timeout: str, at: float) -> None:
    source = OPTION.replace("model: AMD.Model.EU_GENERAL", f"{timeout}")
    times: list[float] = []

    async def story(stage: Stage) -> None:
        await answered(stage, source, after=10)
        began = stage.clock.now()
        await stage.until(stage.logs, 10)
        times.append(stage.clock.now() - began)

    stage = play(story)
    assert stage.logs() == [f"{COMPLETE} TIMEOUT undefined"]
    assert abs(times[0] - (at - 0.1)) < 0.05


def test_a_hang_up_before_the_decision_is_call_ended() -> None:
    async def then(stage: Stage, leg: ScriptedLeg) -> None:
        await asyncio.sleep(0.5)
        leg.remote.hang_up()

    assert detect(OPTION, MACHINE, 1.0, then).logs() == [f"{COMPLETE} CALL_ENDED undefined"]


def test_a_call_that_nobody_answers_is_call_ended() -> None:
    async def story(stage: Stage) -> None:
        await stage.start(OPTION)
        leg = await stage.dialled_leg()
        leg.remote.refuse(486)
        await asyncio.sleep(1)
        assert stage.logs() == [f"{COMPLETE} CALL_ENDED undefined"]

    play(story)


def test_a_machine_whose_packets_stop_in_mid_sentence_is_no_person_waiting() -> None:
    async def then(stage: Stage, leg: ScriptedLeg) -> None:
        await asyncio.sleep(1.0)
        leg.remote.stop_sending()

    assert detect(OPTION, PERSON, 8.0, then).logs() == [f"{COMPLETE} HUMAN undefined"]


def test_thresholds_decide_how_sure_it_must_be() -> None:
    sure = OPTION.replace(
        "model: AMD.Model.EU_GENERAL", "thresholds: {voicemail: 0.9, human: 0.99}, timeout: 20000"
    )
    at: list[int] = []
    for source in (OPTION, sure):
        stage = detect(source, np.concatenate([voice(12_000), quiet(3000)]), 16)
        assert stage.logs() == [f"{COMPLETE} VOICEMAIL undefined"]
        at.append(stage.events(COMPLETE)[0]["t"])
    assert at[1] > at[0] + 5000


def test_a_detector_can_be_used_again() -> None:
    source = DETECT.replace(
        "show(await amd.detect());", "show(await amd.detect()); show(await amd.detect());"
    )
    stage = detect(source % "call", np.concatenate([PERSON, quiet(3000), MACHINE]), 12)
    assert [line.split()[1] for line in stage.logs()] == ["HUMAN", "VOICEMAIL"]


def test_two_who_wait_for_one_detection_both_learn_of_it() -> None:
    source = DETECT.replace("show(await amd.detect());", "amd.detect().then(show); amd.detect().then(show);")
    assert detect(source % "call", PERSON).logs() == [f"{COMPLETE} HUMAN undefined"] * 2


OLD = """
require(Modules.AI);
const call = VoxEngine.callPSTN("+4930", "+4940");
call.addEventListener(CallEvents.AudioStarted, () => {
  AI.detectVoicemail(call%s).then((e) => Logger.write("then " + e.name));
});
const show = (e) => Logger.write(e.name + " " + (e.call === call) + " " + typeof e.confidence);
call.addEventListener(AI.Events.VoicemailDetected, show);
call.addEventListener(AI.Events.VoicemailNotDetected, show);
"""


@pytest.mark.covers("AI.detectVoicemail", "AI.Events.VoicemailDetected")
@pytest.mark.parametrize("more", ["", ", {threshold: 0.7, model: 'ru'}", ", {threshold: 70}"])
def test_the_old_way_finds_a_machine(more: str) -> None:
    assert detect(OLD % more, MACHINE, 10).logs() == [
        "AI.Events.VoicemailDetected true number",
        "then AI.Events.VoicemailDetected",
    ]


@pytest.mark.covers("AI.Events.VoicemailNotDetected")
@pytest.mark.parametrize("sound", [PERSON, quiet(100)], ids=["person", "nobody"])
def test_the_old_way_finds_none(sound: Floats) -> None:
    assert detect(OLD % "", sound).logs() == [
        "AI.Events.VoicemailNotDetected true undefined",
        "then AI.Events.VoicemailNotDetected",
    ]


def test_the_end_of_a_session_ends_its_detectors() -> None:
    async def story(stage: Stage) -> None:
        leg = await answered(stage, OPTION)
        leg.remote.speak(pcm(MACHINE))
        await asyncio.sleep(0.5)

    assert play(story).logs() == []


def test_a_peer_to_peer_call_cannot_be_listened_to_and_the_error_names_it() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {
      const other = VoxEngine.callUserDirect(call, "bob", {callerid: "me"});
      const amd = AMD.create({call: other});
      amd.addEventListener(AMD.Events.DetectionError, (e) => {
        Logger.write(`${e.message} ${e.call === other} ${e.callId === other.id()}`);
      });
      amd.detect().then((e) => Logger.write(e.name));
    });
    """

    async def story(stage: Stage) -> None:
        await stage.call_in(source)
        await stage.until(lambda: len(stage.logs()) == 2)

    first, second = play(story).logs()
    assert first.startswith("A peer-to-peer call")
    assert first.endswith("true true")
    assert second == "AMD.Events.DetectionError"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("amd.create", {"timeout": "long", "human": 0, "voicemail": 0}),
        ("amd.create", {"timeout": 20_001, "human": 0, "voicemail": 0}),
        ("amd.create", {"timeout": 1, "human": 101, "voicemail": 0}),
        ("amd.create", {"timeout": 1, "human": 0, "voicemail": -1}),
        ("amd.detect", {"call": "c1"}),
    ],
)
def test_wrong_commands_are_refused(kind: str, data: dict[str, Any]) -> None:
    async def story(stage: Stage) -> None:
        service = AmdService(Given(stage.clock).context, Units(), None, None)  # type: ignore[arg-type]
        with pytest.raises(ScenarioError, match=kind):
            service.execute(Command(kind, "amd1", data))

    play(story)
