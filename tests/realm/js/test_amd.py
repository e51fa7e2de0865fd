"""modules/amd.js and ai.js: what a scenario gives a detector, and what it may ask of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform


def created(platform: Platform, source: str) -> dict[str, Any]:
    result = platform.boot(f"AMD.create({source});")
    assert result.error is None, result.error.message
    (command,) = platform.sent("amd.create")
    return dict(command.data)


@pytest.mark.parametrize(
    ("source", "timeout", "human", "voicemail"),
    [
        ("", 6500, 0, 0),
        ("{model: AMD.Model.RU}", 6500, 0, 0),
        ("{timeout: 0}", 0, 0, 0),
        ("{timeout: 20000, thresholds: {human: 0.8, voicemail: 0.55, mimic: 0.5}}", 20_000, 80, 55),
        ("{thresholds: {human: 1, voicemail: 70}}", 6500, 100, 70),
        ("{timeout: '5000', thresholds: {human: 'x', voicemail: -1}}", 5000, 0, 0),
        ("{timeout: null, thresholds: null}", 6500, 0, 0),
    ],
)
def test_what_a_detector_is_made_with(
    source: str, timeout: int, human: int, voicemail: int, platform: Platform
) -> None:
    assert created(platform, source) == {"timeout": timeout, "human": human, "voicemail": voicemail}
    assert platform.logs("warning") == []


@pytest.mark.parametrize("timeout", ["-1", "20001", "NaN", "'soon'"])
def test_a_timeout_that_cannot_be_is_the_default_and_said(timeout: str, platform: Platform) -> None:
    assert created(platform, f"{{timeout: {timeout}}}")["timeout"] == 6500
    assert "0 to 20000 ms" in platform.logs("warning")[0]


@pytest.mark.covers(
    "AMD.AnsweringMachineDetector.id",
    "AMD.AnsweringMachineDetector.call",
    "AMD.AnsweringMachineDetector.model",
    "AMD.AnsweringMachineDetector.timeout",
    "AMD.Model",
)
@pytest.mark.parametrize("module", ["", "require(Modules.AMD);", "require(Modules.AI);"])
def test_a_detector_knows_its_call_with_and_without_a_module(module: str, platform: Platform) -> None:
    platform.call_in(
        module + "const amd = AMD.create({call, model: AMD.Model.CO, timeout: 5000});"
        "const free = AMD.create({model: AMD.Model.US});"
        "Logger.write(JSON.stringify([typeof amd.id(), amd.call === call, free.call === undefined, amd.model,"
        " amd.timeout, amd, amd instanceof AMD.AnsweringMachineDetector]));"
    )
    assert platform.logs() == ['["string",true,true,"colombia",5000,{},true]']


@pytest.mark.covers(
    "AMD.ResultClass", "AMD.ResultSubtype", "AMD.AnsweringMachineDetector.removeEventListener"
)
def test_the_event_has_the_platform_s_fields(platform: Platform) -> None:
    platform.call_in(
        "const amd = AMD.create({call}), gone = () => Logger.write('gone');"
        "amd.addEventListener(AMD.Events.DetectionComplete, gone);"
        "amd.removeEventListener(AMD.Events.DetectionComplete, gone);"
        "amd.addEventListener(AMD.Events.DetectionComplete, (e) => Logger.write(JSON.stringify(e)"
        " + (e.amd === amd) + (e.resultClass === AMD.ResultClass.VOICEMAIL)"
        " + (e.resultSubtype === AMD.ResultSubtype.NONE)));"
        "amd.detect();"
    )
    target = platform.sent("amd.create")[0].target
    assert platform.sent("amd.detect")[0].data == {"call": "c1"}
    fields = {"resultClass": "VOICEMAIL", "resultSubtype": "NONE", "confidence": 90}
    platform.fire("AMD.Events.DetectionComplete", target, **fields)
    assert platform.logs() == [
        '{"name":"AMD.Events.DetectionComplete","amd":{},"call":{},"callId":"c1","resultClass":"VOICEMAIL",'
        '"resultSubtype":"NONE","confidence":90}truetruetrue'
    ]


@pytest.mark.parametrize("value", ["undefined", "null", "7", "{}", "VoxEngine"])
def test_detect_voicemail_without_a_call_rejects(value: str, platform: Platform) -> None:
    platform.boot(f"require(Modules.AI); AI.detectVoicemail({value}).catch((e) => Logger.write(e.message));")
    assert platform.logs()[0].startswith("AI.detectVoicemail needs a call, got ")
    assert platform.sent("amd") == []


def test_dialogflow_is_not_here_and_says_so(platform: Platform) -> None:
    error = platform.boot("require(Modules.AI); AI.createDialogflow({});").error
    assert error is not None
    assert "AI.createDialogflow()" in error.message
