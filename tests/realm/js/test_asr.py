"""js/asr.js: createASR in all its forms, the object it gives, and call.vad()."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform


def created(platform: Platform, source: str) -> dict[str, Any]:
    """The data of the command that ``VoxEngine.createASR(source)`` sends."""
    result = platform.boot(f"require(Modules.ASR); VoxEngine.createASR({source});")
    assert result.error is None, result.error.message
    (command,) = platform.sent("asr.create")
    return dict(command.data)


@pytest.mark.parametrize(
    ("source", "language", "hints"),
    [
        ("{profile: ASRProfileList.Google.en_US}", "ASRProfileList.Google.en_US", []),
        ("{profile: 'en-US', phraseHints: ['yes', 'no']}", "en-US", ["yes", "no"]),
        ("{lang: 'ru-RU', dict: ['да', 'нет']}", "ru-RU", ["да", "нет"]),
        ("{profile: 'en-US', lang: 'ru-RU'}", "en-US", []),
        ("{language: 'de-DE'}", "de-DE", []),
        ("'en-US', ['yellow', 'green']", "en-US", ["yellow", "green"]),
        ("'en-US'", "en-US", []),
        ("{profile: 'en-US', dict: 'asr-dict-yand-maps'}", "en-US", []),
        ("{profile: 'en-US', model: ASRModelList.Microsoft}", "en-US", []),
        ("{speechContexts: [{phrases: ['a', 'b'], boost: 5}, {phrases: ['c']}]}", "", ["a", "b", "c"]),
        ("{adaptation: {phraseSets: [{phrases: [{value: 'a', boost: 2}]}]}}", "", ["a"]),
        ("{phraseHints: ['a', 7, null, '', ['b']]}", "", ["a", "b"]),
        ("{phraseHints: 'alone'}", "", ["alone"]),
        ("", "", []),
        ("null", "", []),
    ],
)
def test_every_form_of_create_asr(source: str, language: str, hints: list[str], platform: Platform) -> None:
    data = created(platform, source)
    assert (data["language"], data["hints"]) == (language, hints)
    assert (data["interim"], data["single"]) == (False, False)


def test_the_old_language_names_are_taken(platform: Platform) -> None:
    assert created(platform, "{lang: ASRLanguage.RUSSIAN_RU}")["language"] in (
        "ASRLanguage.RUSSIAN_RU",
        "ru-RU",
    )


def test_interim_and_single_go_along(platform: Platform) -> None:
    data = created(platform, "{profile: 'en-US', interimResults: true, singleUtterance: true}")
    assert (data["interim"], data["single"]) == (True, True)


@pytest.mark.covers("ASR.id", "ASR.language", "ASR.dictionary")
def test_the_object_answers_at_once_and_its_methods_work_unbound(platform: Platform) -> None:
    platform.boot(
        "require(Modules.ASR);"
        "const asr = VoxEngine.createASR({profile: 'en-US', dict: ['yes', 'no']});"
        "const {id, language, dictionary, stop} = asr;"
        "dictionary().push('maybe');"
        "Logger.write(JSON.stringify([typeof id(), language(), dictionary(), asr, asr instanceof ASR]));"
        "setTimeout(stop, 1000);"
    )
    assert platform.logs() == ['["string","en-US",["yes","no"],{},true]']
    platform.fire("@timer", "1")
    platform.fire("@timer", "1")
    (create,), (stop,) = platform.sent("asr.create"), platform.sent("asr.stop")
    assert create.target == stop.target


def test_events_carry_their_asr(platform: Platform) -> None:
    platform.boot(
        "require(Modules.ASR);"
        "const asr = VoxEngine.createASR({profile: 'en-US'});"
        "asr.addEventListener(ASREvents.Result, (e) => Logger.write(JSON.stringify(e) + (e.asr === asr)));"
    )
    platform.fire("ASR.Result", platform.sent("asr.create")[0].target, text="yes", confidence=93)
    assert platform.logs() == ['{"name":"ASR.Result","asr":{},"text":"yes","confidence":93}true']


def test_without_require_it_runs_and_says_once_what_the_platform_wants(platform: Platform) -> None:
    platform.boot("VoxEngine.createASR({profile: 'en-US'}); VoxEngine.createASR({profile: 'en-US'});")
    assert platform.logs("warning") == ["VoxEngine.createASR: the platform wants require(Modules.ASR) first"]
    assert len(platform.sent("asr.create")) == 2


def test_with_require_nothing_is_said(platform: Platform) -> None:
    created(platform, "{profile: 'en-US'}")
    assert platform.logs("warning") == []


@pytest.mark.covers("ASR.removeEventListener")
def test_a_listener_that_was_removed_hears_no_more(platform: Platform) -> None:
    platform.boot(
        "require(Modules.ASR);"
        "const asr = VoxEngine.createASR({profile: 'en-US'}), gone = () => Logger.write('gone');"
        "asr.addEventListener(ASREvents.Result, gone);"
        "asr.addEventListener(ASREvents.Result, () => Logger.write('stays'));"
        "asr.removeEventListener(ASREvents.Result, gone);"
    )
    platform.fire("ASR.Result", platform.sent("asr.create")[0].target, text="yes", confidence=93)
    assert platform.logs() == ["stays"]


@pytest.mark.covers("Call.vad")
def test_vad_is_true_while_an_asr_hears_the_call(platform: Platform) -> None:
    platform.call_in(
        "require(Modules.ASR);"
        "const states = [call.vad()], note = () => states.push(call.vad());"
        "const one = VoxEngine.createASR({}), two = VoxEngine.createASR({});"
        "VoxEngine.sendMediaBetween(call, one); note();"
        "call.sendMediaTo(two); call.sendMediaTo(two); call.stopMediaTo(one); note();"
        "call.stopMediaTo(two); note();"
        "call.sendMediaTo(one); note(); one.stop(); note();"
        "Logger.write(JSON.stringify(states));"
    )
    assert platform.logs() == ["[false,true,true,false,true,false]"]


def test_an_asr_is_made_by_its_factory_alone(platform: Platform) -> None:
    result = platform.boot("try { new ASR('a', 'b', 'c'); } catch (error) { Logger.write(error.message); }")
    assert result.error is None
    assert platform.logs() == ["ASR has no public constructor"]


def test_a_scenario_may_name_its_own_variable_asr_and_spoil_what_is_built_in(platform: Platform) -> None:
    result = platform.boot(
        "require(Modules.ASR);"
        "const ASR = 1;"
        "Array.prototype.push = Array.isArray = () => { throw new Error('spoilt'); };"
        "VoxEngine.createASR({profile: 'en-US', phraseHints: JSON.parse('[\"a\"]')}).stop();"
    )
    assert result.error is None, result.error.message
    assert platform.sent("asr.create")[0].data["hints"] == ["a"]
