"""js/call.js: what a scenario may ask of a call, and what it may tell it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform

WHOLE = {"progressive": False}
GET = {"method": "GET", "headers": [], "body": {}, **WHOLE}


def commands(platform: Platform) -> list[tuple[str, dict[str, Any]]]:
    return [(c.kind, dict(c.data)) for c in platform.sent("call.")]


@pytest.mark.covers("Call.toString")
def test_what_it_knows(platform: Platform) -> None:
    platform.call_in(
        "Logger.write([call.id(), call.callerid(), call.number(), call.displayName(), call.clientType(),"
        "call.incoming(), call.state(), call.vad(), call.customData(), '' + call, call.toString()]"
        ".join('|'));",
        customData="cd",
    )
    assert platform.logs() == ["c1|alice|100|Alice|user|true|ALERTING|false|cd|Call c1|Call c1"]


def test_headers_are_a_copy(platform: Platform) -> None:
    platform.call_in("call.headers()['X-Id'] = 'changed'; Logger.write(call.headers()['X-Id']);")
    assert platform.logs() == ["7"]


@pytest.mark.parametrize(
    ("code", "kind", "data"),
    [
        ("call.answer()", "answer", {"headers": {}}),
        ("call.answer({'X-A': 1, 'X-B': null})", "answer", {"headers": {"X-A": "1"}}),
        ("call.answer(null)", "answer", {"headers": {}}),
        ("call.answer(['nonsense'])", "answer", {"headers": {}}),
        ("call.reject(486, {'X-A': 'b'})", "reject", {"code": 486, "headers": {"X-A": "b"}}),
        ("call.reject()", "reject", {"code": 603, "headers": {}}),
        ("call.decline(603)", "reject", {"code": 603, "headers": {}}),
        ("call.hangup()", "hangup", {"headers": {}}),
        ("call.ring()", "ring", {"headers": {}}),
        ("call.startEarlyMedia()", "earlymedia", {"headers": {}}),
        ("call.handleTones(true)", "tones", {"on": True, "type": "0"}),
        ("call.handleTones(false)", "tones", {"on": False, "type": "0"}),
        ("call.handleTones(true, DTMFType.IN_BAND)", "tones", {"on": True, "type": "2"}),
        ("call.handleMicStatus(true)", "mic", {"on": True}),
        ("call.handleMicStatus(false)", "mic", {"on": False}),
        ("call.sendDigits('1p#A')", "dtmf", {"digits": "1p#A"}),
        ("call.sendDigits(12)", "dtmf", {"digits": "12"}),
        ("call.sendMessage({a: 1})", "message", {"text": "[object Object]"}),
        ("call.sendMessage('x'.repeat(8192))", "message", {"text": "x" * 8192}),
        ("call.sendInfo('a/b', 'c', {H: 'v'})", "info", {"mime": "a/b", "body": "c", "headers": {"H": "v"}}),
        ("call.say('hi')", "say", {"text": "hi", "voice": "", "options": {}, **WHOLE}),
        ("call.say('hi', Language.US_ENGLISH_FEMALE)", "say",
         {"text": "hi", "voice": "Language.US_ENGLISH_FEMALE", "options": {}, **WHOLE}),
        ("call.say('hi', {language: 'x', ttsOptions: {pitch: 'low'}})", "say",
         {"text": "hi", "voice": "x", "options": {"pitch": "low"}, **WHOLE}),
        ("call.say(5, undefined, {rate: 'fast'})", "say",
         {"text": "5", "voice": "", "options": {"rate": "fast"}, **WHOLE}),
        ("call.startPlayback('u', true)", "play", {**GET, "url": "u", "loop": True}),
        ("call.startPlayback('u', {loop: false})", "play", {**GET, "url": "u", "loop": False}),
        ("call.startPlayback({url: 'u'})", "play", {**GET, "url": "u", "loop": False}),
        ("call.stopPlayback()", "stopplay", {}),
    ],
)  # fmt: skip
def test_methods_become_commands(platform: Platform, code: str, kind: str, data: dict[str, Any]) -> None:
    result = platform.call_in(code + ";")
    assert result.error is None, result.error.message
    assert commands(platform) == [(f"call.{kind}", data)]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("call.reject(200)", "the code must be 300 to 699, got 200"),
        ("call.reject('busy')", "the code must be 300 to 699, got busy"),
        ("call.sendDigits('1x')", "'x' is no digit"),
        ("call.sendMessage('ü'.repeat(4097))", "8194 bytes, the limit is 8192"),
        ("call.sendInfo('a/b', 'x'.repeat(8193))", "8193 bytes, the limit is 8192"),
        ("call.startPlayback()", "needs a URL"),
        ("call.transferTo({})", "call.transferTo needs 'to'"),
    ],
)
def test_mistakes_are_errors_with_their_line(platform: Platform, code: str, message: str) -> None:
    error = platform.call_in(code + ";").error
    assert error is not None
    assert message in error.message
    assert error.where.startswith("a.js:1:")


def test_states_of_an_incoming_call(platform: Platform) -> None:
    platform.call_in(
        "const say = () => Logger.write(call.state()); say(); call.ring(); say(); call.answer(); say();"
        "for (const e of [CallEvents.Connected, CallEvents.Disconnected]) call.addEventListener(e, say);"
    )
    platform.fire("Call.Connected", "c1")
    platform.fire("Call.Disconnected", "c1")
    assert platform.logs() == ["ALERTING", "PROGRESSING", "PROGRESSING", "CONNECTED", "TERMINATED"]


def test_a_call_that_is_over_takes_no_command_and_says_so(platform: Platform) -> None:
    platform.call_in(
        "call.addEventListener(CallEvents.Disconnected, () => { call.hangup(); call.say('late'); });"
    )
    result = platform.fire("Call.Disconnected", "c1")
    assert result.error is None
    assert commands(platform) == []
    assert platform.logs("warning") == ["say ignored: the call is over"]


@pytest.mark.parametrize("name", ["answer", "ring", "startEarlyMedia", "reject"])
def test_what_is_for_incoming_calls_is_ignored_on_an_outgoing_one(platform: Platform, name: str) -> None:
    platform.boot(f"VoxEngine.callUser('bob').{name}();")
    assert [c.kind for c in platform.sent("call.")] == ["call.dial"]
    assert f"call.{name}() ignored" in platform.logs("warning")[0]


def test_custom_data_of_a_call_is_its_own(platform: Platform) -> None:
    platform.call_in(
        "Logger.write(call.customData('mine') + VoxEngine.customData());"
        "call.addEventListener(CallEvents.Connected, () => Logger.write(call.customData()));"
    )
    platform.fire("Call.Connected", "c1", customData="from the answer")
    assert platform.logs() == ["mine", "from the answer"]


def test_long_custom_data_of_a_call_is_warned_about_and_kept(platform: Platform) -> None:
    platform.call_in("call.customData('ü'.repeat(101)); Logger.write(call.customData().length);")
    assert platform.logs() == ["101"]
    assert "202 bytes, the platform keeps 200" in platform.logs("warning")[0]


def test_unknown_members_are_undefined(platform: Platform) -> None:
    platform.call_in("Logger.write(typeof call.fly + ('fly' in call));")
    assert platform.logs() == ["undefinedfalse"]
