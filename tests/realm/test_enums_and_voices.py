"""js/surface.js and js/voices.js as scenarios see them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import BootInfo, Script, TurnResult


def result_of(source: str) -> TurnResult:
    """What evaluating a script gives."""

    async def boot() -> TurnResult:
        realms = InlineRealms()
        try:
            realm = await realms.open("s")
            result = await realm.boot(BootInfo((Script("a.js", source),), seed=1, start_ms=0))
            await realm.close()
        finally:
            await realms.close()
        return result

    return asyncio.run(boot())


def value_of(expression: str) -> Any:
    """What a scenario logs as JSON."""
    result = result_of(f"Logger.write(JSON.stringify([{expression}]));")
    assert result.error is None, result.error
    texts = [str(value) for command in result.commands for value in command.data.values()]
    return json.loads(next(text for text in texts if text.startswith("[")))[0]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("CallEvents.Connected", "Call.Connected"),
        ("CallEvents.VideoTrackCreated", "Call.Video.TrackCreated"),
        ("AppEvents.WebSocket", "AppEvents.NewWebSocketConnection"),
        ("PlayerEvents.PlaybackBuffering", "Player.Buffering"),
        ("WebSocketEvents.MEDIA_STARTED", "WebSocket.MediaEventStarted"),
        ("WebSocketCloseCode.CLOSE_ABNORMAL", 1006),
        ("DTMFType.ALL", 0),
        ("RecordExpireTime.THREEMONTHS", ""),
        ("Modules.Ultravox", "ultravox"),
        ("Modules.Player", "player"),
        ("CallEvents.Nothing === undefined", True),
        ("Modules.Nothing === undefined", True),
    ],
)
def test_enums_need_no_require(expression: str, value: object) -> None:
    assert value_of(expression) == value


@pytest.mark.covers(
    "ASRLanguage",
    "ASRModelList",
    "ASRProfileList",
    "DialogflowLanguage",
    "Language",
    "VoiceList",
)
@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("VoiceList.Amazon.en_US_Joanna", "VoiceList.Amazon.en_US_Joanna"),
        ("VoiceList.Amazon.Neural.en_US_Joanna", "VoiceList.Amazon.Neural.en_US_Joanna"),
        ("VoiceList.ElevenLabs.Alice", "VoiceList.ElevenLabs.Alice"),
        ("VoiceList.SaluteSpeech.createBrandVoice('me')", "VoiceList.SaluteSpeech.createBrandVoice(me)"),
        ("VoiceList.NotYetKnown.xx_Somebody", "VoiceList.NotYetKnown.xx_Somebody"),
        ("VoiceList.Amazon", "VoiceList.Amazon"),
        ("`${VoiceList.Amazon} ` + VoiceList", "VoiceList.Amazon VoiceList"),
        ("VoiceList.Amazon === VoiceList.Amazon", True),
        ("Language.US_ENGLISH_FEMALE", "Language.US_ENGLISH_FEMALE"),
        ("Language.Premium.US_ENGLISH_FEMALE", "Language.Premium.US_ENGLISH_FEMALE"),
        ("Language.misspelt", "Language.misspelt"),
        ("ASRProfileList.Google.en_US", "ASRProfileList.Google.en_US"),
        ("ASRLanguage.ENGLISH_US", "en-US"),
        ("ASRLanguage.KLINGON", "ASRLanguage.KLINGON"),
        ("Object.keys(ASRLanguage).length > 100", True),
        ("Object.keys(VoiceList)", []),
        ("ASRModelList.Tinkoff.any", "ASRModelList.Tinkoff.any"),
        ("DialogflowLanguage.GERMAN", "DialogflowLanguage.GERMAN"),
        (
            "{voice: VoiceList.Google, language: Language}",
            {"voice": "VoiceList.Google", "language": "Language"},
        ),
        ("VoiceList.hasOwnProperty('x')", False),
        ("(Proxy = Symbol = null, VoiceList.Fresh.x_y)", "VoiceList.Fresh.x_y"),
        ("typeof VoiceList.then", "undefined"),
    ],
)
def test_lookups_take_any_member_and_give_its_name(expression: str, value: object) -> None:
    assert value_of(expression) == value


@pytest.mark.covers("require")
@pytest.mark.parametrize(
    "module", ["Net", "Player", "WebSocket", "ASR", "Conference", "PushService", "CallList"]
)
def test_modules_that_only_open_the_core_can_be_required(module: str) -> None:
    assert result_of(f"require(Modules.{module}); require(Modules.{module});").error is None


@pytest.mark.parametrize("module", ["Modules.OpenAI", "'deepgram'"])
def test_a_module_that_is_not_built_yet_says_so(module: str) -> None:
    error = result_of(f"require({module});").error
    assert error is not None
    assert "voxrun does not have it yet" in error.message


def test_an_unknown_module_can_be_caught() -> None:
    assert value_of("(() => { try { require('nope'); } catch (e) { return 'caught'; } })()") == "caught"
