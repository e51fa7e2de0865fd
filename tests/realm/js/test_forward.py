"""js/forward.js: easyProcess and the forwarding helpers, event by event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.realm.js.conftest import Platform

EASY = "const other = VoxEngine.callUser('bob', 'me', 'Bob'); VoxEngine.easyProcess(call, other%s);"


def commands(platform: Platform, target: str) -> list[tuple[str, Mapping[str, Any]]]:
    """What was asked of one call after the dialling."""
    sent = [command for command in platform.commands if command.target == target]
    return [(c.kind, c.data) for c in sent if c.kind not in ("call.dial", "media.connect")]


def begin(platform: Platform, more: str = "") -> str:
    """Forward an incoming call; gives the id of the other one."""
    result = platform.call_in(EASY % more)
    assert result.error is None, result.error.message
    return platform.sent("call.dial")[0].target


@pytest.mark.covers("VoxEngine.easyProcess")
def test_easy_process_connects_the_two_calls_immediately(platform: Platform) -> None:
    other = begin(platform)
    edges = [(command.target, command.data["to"]) for command in platform.sent("media.connect")]
    assert edges == [("c1", other), (other, "c1")]


def test_easy_process_passes_on_ringing_early_media_and_the_answer(platform: Platform) -> None:
    other = begin(platform)
    platform.fire("Call.Ringing", other, headers={})
    platform.fire("Call.AudioStarted", other, headers={})
    platform.fire("Call.Connected", other, headers={"X-A": "b"})
    assert commands(platform, "c1") == [
        ("call.ring", {"headers": {}}),
        ("call.earlymedia", {"headers": {}}),
        ("call.answer", {"headers": {"X-A": "b"}}),
    ]


def test_easy_process_calls_on_established_when_the_first_call_is_connected(platform: Platform) -> None:
    other = begin(platform, ", (a, b) => Logger.write(a.id() + ' ' + b.id())")
    platform.fire("Call.Connected", other, headers={})
    assert platform.logs() == []
    platform.fire("Call.Connected", "c1", headers={})
    assert platform.logs() == [f"c1 {other}"]


def test_easy_process_direct_answers_directly(platform: Platform) -> None:
    platform.call_in(
        "const other = VoxEngine.callUserDirect(call, 'bob'); VoxEngine.easyProcess(call, other, null, true);"
    )
    other = platform.sent("call.dial")[0].target
    platform.fire("Call.Connected", other, headers={"X-A": "b"})
    assert platform.sent("media.connect") == []
    assert commands(platform, "c1") == [("call.answerdirect", {"peer": other, "headers": {"X-A": "b"}})]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("event", "data", "command"),
    [
        ("MessageReceived", {"text": "hi"}, ("call.message", {"text": "hi"})),
        (
            "InfoReceived",
            {"mimeType": "a/b", "body": "c", "headers": {"X-A": "b"}},
            ("call.info", {"mime": "a/b", "body": "c", "headers": {"X-A": "b"}}),
        ),
        (
            "ReInviteReceived",
            {"mimeType": "a/b", "body": "c", "headers": {}},
            ("call.reinvite", {"mime": "a/b", "body": "c", "headers": {}}),
        ),
        (
            "ReInviteAccepted",
            {"mimeType": "a/b", "body": "c", "headers": {}},
            ("call.acceptreinvite", {"mime": "a/b", "body": "c", "headers": {}}),
        ),
        (
            "ReInviteRejected",
            {"code": 603, "reason": "no", "headers": {}},
            ("call.rejectreinvite", {"code": 603, "reason": "no", "headers": {}}),
        ),
    ],
)
def test_easy_process_relays_both_ways(
    platform: Platform, first: bool, event: str, data: dict[str, Any], command: tuple[str, dict[str, Any]]
) -> None:
    other = begin(platform)
    source, target = ("c1", other) if first else (other, "c1")
    platform.fire(f"Call.{event}", source, **data)
    assert commands(platform, target) == [command]
    assert commands(platform, source) == []


@pytest.mark.parametrize(("mime", "local"), [("application/json", True), ("application/sdp", False)])
def test_easy_process_accepts_an_sdk_s_re_invite_itself_where_the_other_is_a_telephone(
    platform: Platform, mime: str, local: bool
) -> None:
    platform.call_in("const other = VoxEngine.callPSTN('4930'); VoxEngine.easyProcess(call, other);")
    other = platform.sent("call.dial")[0].target
    platform.fire("Call.ReInviteReceived", "c1", mimeType=mime, body="c", headers={})
    kind = "call.acceptreinvite" if local else "call.reinvite"
    asked = [(kind, {"mime": mime, "body": "c", "headers": {}})]
    assert commands(platform, "c1" if local else other) == asked
    assert commands(platform, other if local else "c1") == []


@pytest.mark.parametrize("event", ["Failed", "Disconnected"])
@pytest.mark.parametrize("first", [True, False])
def test_easy_process_ends_the_session_with_either_call(platform: Platform, first: bool, event: str) -> None:
    other = begin(platform)
    platform.fire(f"Call.{event}", "c1" if first else other)
    assert [command.kind for command in platform.sent("session.")] == ["session.terminate"]


@pytest.mark.parametrize("arguments", ["", "call", "call, null", "{}, call"])
def test_easy_process_needs_two_calls(platform: Platform, arguments: str) -> None:
    error = platform.call_in(f"VoxEngine.easyProcess({arguments});").error
    assert error is not None
    assert "VoxEngine.easyProcess needs two calls" in error.message


def test_its_listeners_are_not_listed_among_the_scenario_s(platform: Platform) -> None:
    begin(platform)
    rows = platform.realm.listeners()
    assert [row.event for row in rows] == ["Application.CallAlerting"]


FACTS = {"destination": "4930", "callerid": "alice", "toURI": "sip:4930@x", "displayName": "Alice"}


def forward(platform: Platform, helper: str) -> Mapping[str, Any]:
    """A call comes in to a scenario that is one helper; gives the call that it placed."""
    boot = platform.boot(f"VoxEngine.{helper};")
    assert boot.error is None, boot.error.message
    result = platform.fire(
        "Application.CallAlerting", "c1", fromURI="", headers={}, customData="", clientType="pstn", scheme="",
        **FACTS,
    )  # fmt: skip
    assert result.error is None, result.error.message
    (command,) = platform.sent("call.dial")
    return command.data


@pytest.mark.covers(
    "VoxEngine.forwardCallToPSTN",
    "VoxEngine.forwardCallToUser",
    "VoxEngine.forwardCallToUserDirect",
    "VoxEngine.forwardCallToSIP",
)
@pytest.mark.parametrize(
    ("helper", "expected"),
    [
        ("forwardCallToPSTN()", ("pstn", "4930", "alice")),
        ("forwardCallToPSTN((n) => '+' + n)", ("pstn", "+4930", "alice")),
        ("forwardCallToPSTN(null, null, {callerid: '555'})", ("pstn", "4930", "555")),
        (
            "forwardCallToPSTN(null, null, {callerid: '555', followDiversion: true})",
            ("pstn", "4930", "alice"),
        ),
        ("forwardCallToUser()", ("user", "4930", "alice")),
        ("forwardCallToUserDirect()", ("user", "4930", "alice")),
        ("forwardCallToSIP()", ("sip", "sip:4930@x", "alice")),
    ],
)
def test_the_forward_helpers_call_the_destination_with_the_caller_s_id(
    platform: Platform, helper: str, expected: tuple[str, str, str]
) -> None:
    data = forward(platform, helper)
    assert (data["kind"], data["destination"], data["callerid"]) == expected
    assert data["direct"] is ("Direct" in helper)


@pytest.mark.parametrize(
    "helper",
    [
        "forwardCallToPSTN(null, (a, b) => Logger.write(a.id()))",
        "forwardCallToUser((a, b) => Logger.write(a.id()))",
        "forwardCallToUserDirect((a, b) => Logger.write(a.id()))",
        "forwardCallToSIP((a, b) => Logger.write(a.id()))",
    ],
)
def test_the_forward_helpers_tell_when_the_calls_are_put_through(platform: Platform, helper: str) -> None:
    forward(platform, helper)
    other = platform.sent("call.dial")[0].target
    platform.fire("Call.Connected", other, headers={})
    answer = "call.answerdirect" if "Direct" in helper else "call.answer"
    assert [kind for kind, _ in commands(platform, "c1")] == [answer]
    platform.fire("Call.Connected", "c1", headers={})
    assert platform.logs() == ["c1"]


def test_a_scenario_s_own_easy_process_is_used_by_the_helpers(platform: Platform) -> None:
    forward(
        platform,
        "easyProcess = (a, b) => Logger.write(a.id() + ' to ' + b.number()); VoxEngine.forwardCallToUser()",
    )
    assert platform.logs() == ["c1 to 4930"]


def incoming(platform: Platform) -> None:
    platform.fire("Application.CallAlerting", "c1", fromURI="", headers={}, customData="", **FACTS)


@pytest.mark.covers("VoxEngine.playSoundAndHangup")
@pytest.mark.parametrize("last", ["PlaybackFinished", "Disconnected", "Failed"])
def test_play_sound_and_hangup_answers_plays_and_ends(platform: Platform, last: str) -> None:
    platform.boot("VoxEngine.playSoundAndHangup('https://x.example/a.mp3');")
    incoming(platform)
    assert [command.kind for command in platform.sent("call.")] == ["call.answer"]
    platform.fire("Call.Connected", "c1", headers={})
    assert platform.sent("call.play")[0].data["url"] == "https://x.example/a.mp3"
    assert platform.sent("session.") == []
    platform.fire(f"Call.{last}", "c1")
    assert [command.kind for command in platform.sent("session.")] == ["session.terminate"]
