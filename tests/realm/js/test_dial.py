"""js/dial.js: every form in which scenarios place calls becomes one command."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform

SCHEME = {"scheme": "s", "video": False}


@pytest.mark.covers(
    "VoxEngine.callPSTN",
    "VoxEngine.callUser",
    "VoxEngine.callSIP",
    "VoxEngine.callConference",
    "VoxEngine.callWhatsappUser",
)
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # callPSTN(number, callerid, {amd, followDiversion}), 1 to 5 arguments
        ("callPSTN('1')", ("pstn", "1", "", "", {}, {})),
        ("callPSTN(1, 2)", ("pstn", "1", "2", "", {}, {})),
        ("callPSTN('1', '2', {followDiversion: true})",
         ("pstn", "1", "2", "", {}, {"followDiversion": True})),
        ("callPSTN('1', '2', {customSipHeaders: {'X-A': 'b'}})", ("pstn", "1", "2", "", {"X-A": "b"}, {})),
        ("callPSTN('1', '2', {headers: {'X-A': 'b'}})", ("pstn", "1", "2", "", {"X-A": "b"}, {})),
        ("callPSTN('1', '2', 'Me', {'X-A': 'b'}, false)",
         ("pstn", "1", "2", "Me", {"X-A": "b"}, {"displayName": "Me"})),
        ("callPSTN('1', '2', null, null)", ("pstn", "1", "2", "", {}, {})),
        # callUser({...}), and 2 to 6 arguments
        ("callUser('bob', 'me')", ("user", "bob", "me", "", {}, {})),
        ("callUser('bob', 'me', 'Me')", ("user", "bob", "me", "Me", {}, {"displayName": "Me"})),
        ("callUser('bob', 'me', 'Me', null)", ("user", "bob", "me", "Me", {}, {"displayName": "Me"})),
        ("callUser('bob', 'me', 'Me', {'X-A': 1}, false)",
         ("user", "bob", "me", "Me", {"X-A": "1"}, {"displayName": "Me", "video": False})),
        ("callUser('bob', 'me', 'Me', null, false, 's')",
         ("user", "bob", "me", "Me", {}, {"displayName": "Me", **SCHEME})),
        ("callUser({username: 'bob', callerid: 'me', displayName: 'Me', extraHeaders: {'X-A': 'b'},"
         " video: false, scheme: 's', analyticsLabel: 'l'})",
         ("user", "bob", "me", "Me", {"X-A": "b"}, {"displayName": "Me", "analyticsLabel": "l", **SCHEME})),
        # callSIP(uri, {...}), the URI alone, a text in second place, 7 and 8 arguments
        ("callSIP('sip:a@b')", ("sip", "sip:a@b", "", "", {}, {})),
        ("callSIP('sip:a@b', 'me')", ("sip", "sip:a@b", "me", "", {}, {})),
        ("callSIP('sip:a@b', 'me', 'Me', null, null, null, false)",
         ("sip", "sip:a@b", "me", "Me", {}, {"displayName": "Me", "video": False})),
        ("callSIP('sip:a@b', 'me', 'Me', 'pw', 'u', {'X-A': 'b'}, false, 'proxy')",
         ("sip", "sip:a@b", "me", "Me", {"X-A": "b"},
          {"displayName": "Me", "password": "pw", "authUser": "u", "video": False, "outProxy": "proxy"})),
        ("callSIP('sip:a@b', {callerid: 'me', displayName: 'Me', password: 'pw', authUser: 'u', regId: 7,"
         " headers: {'X-A': 'b'}, allow180After183: true})",
         ("sip", "sip:a@b", "me", "Me", {"X-A": "b"},
          {"displayName": "Me", "password": "pw", "authUser": "u", "regId": 7, "allow180After183": True})),
        # callConference(id, callerid, displayName, headers, scheme), 2 to 5 arguments
        ("callConference('room', 'me')", ("conference", "room", "me", "", {}, {})),
        ("callConference('room', 'me', 'Me')", ("conference", "room", "me", "Me", {}, {"displayName": "Me"})),
        ("callConference('room', 'me', 'Me', {'X-A': 'b'})",
         ("conference", "room", "me", "Me", {"X-A": "b"}, {"displayName": "Me"})),
        ("callConference('room', 'me', 'Me', {'X-A': 'b'}, 's')",
         ("conference", "room", "me", "Me", {"X-A": "b"}, {"displayName": "Me", "scheme": "s"})),
        ("callConference({conferenceId: 'room', callerid: 'me', displayName: 'Me'})",
         ("conference", "room", "me", "Me", {}, {"displayName": "Me"})),
        ("callWhatsappUser({number: '1', callerid: '2', headers: {'X-A': 'b'}, disableDtxForAudio: true})",
         ("whatsapp", "1", "2", "", {"X-A": "b"}, {"number": "1", "disableDtxForAudio": True})),
    ],
)  # fmt: skip
def test_every_form_of_placing_a_call(
    platform: Platform, call: str, expected: tuple[str, str, str, str, dict[str, str], dict[str, Any]]
) -> None:
    result = platform.boot(
        f"const c = VoxEngine.{call}; Logger.write([c.number(), c.callerid(), c.displayName(), c.state(),"
        "c.incoming(), c.clientType(), c.is_conf].join());"
    )
    assert result.error is None, result.error.message
    kind, number, callerid, name, _, options = expected
    (command,) = platform.sent("call.dial")
    data = command.data
    got = (data["kind"], data["destination"], data["callerid"], data["displayName"], data["headers"])
    assert got == expected[:5]
    kept = {key: value for key, value in data["options"].items() if key not in ("username", "callerid")}
    assert {**kept, "conferenceId": 0} == {**options, "conferenceId": 0}
    client = {"whatsapp": "wab", "conference": "user"}.get(kind, kind)
    conference = "true" if kind == "conference" else "false"
    assert platform.logs() == [f"{number},{callerid},{name},PROGRESSING,false,{client},{conference}"]


@pytest.mark.parametrize(
    "form",
    ["{callerid: 'me', displayName: 'Me', extraHeaders: {'X-A': 'b'}}", "'me', 'Me', {'X-A': 'b'}"],
)
def test_call_user_direct_in_both_forms(platform: Platform, form: str) -> None:
    platform.call_in(f"VoxEngine.callUserDirect(call, 'bob', {form});")
    (command,) = platform.sent("call.dial")
    data = command.data
    assert (data["kind"], data["destination"], data["direct"]) == ("user", "bob", True)
    assert (data["callerid"], data["displayName"], data["headers"]) == ("me", "Me", {"X-A": "b"})


@pytest.mark.parametrize(
    "call",
    [
        "callPSTN()",
        "callPSTN('')",
        "callUser({})",
        "callSIP(null)",
        "callConference()",
        "callWhatsappUser({})",
    ],
)
def test_a_call_needs_a_destination(platform: Platform, call: str) -> None:
    error = platform.boot(f"VoxEngine.{call};").error
    assert error is not None
    assert f"VoxEngine.{call.split('(')[0]} needs a destination" in error.message
    assert error.where.startswith("a.js:1:")


def test_follow_diversion_shows_the_caller_of_the_incoming_call(platform: Platform) -> None:
    platform.call_in(
        "VoxEngine.callPSTN('1', '2', {followDiversion: true}); VoxEngine.callPSTN('1', '2');"
        "VoxEngine.callPSTN('1', '2', {followDiversion: false});"
    )
    assert [command.data["callerid"] for command in platform.sent("call.dial")] == ["alice", "2", "2"]


def test_attempts_beyond_the_limit_are_not_allowed(platform: Platform) -> None:
    platform.boot("for (let i = 0; i < 4; i++) VoxEngine.callUser('bob', 'me');", limits={"calls": 3})
    assert [command.data["allowed"] for command in platform.sent("call.dial")] == [True, True, True, False]


def test_an_incoming_call_is_an_attempt_too(platform: Platform) -> None:
    platform.call_in("for (let i = 0; i < 50; i++) VoxEngine.callUser('bob', 'me');")
    allowed = [command.data["allowed"] for command in platform.sent("call.dial")]
    assert allowed == [True] * 49 + [False]


@pytest.mark.covers("Call.is_conf")
def test_only_a_call_to_a_conference_is_one(platform: Platform) -> None:
    platform.call_in(
        "const conf = VoxEngine.callConference('c1', 'me', 'Me'), user = VoxEngine.callUser('bob');"
        "Logger.write([call.is_conf, conf.is_conf, user.is_conf].join());"
    )
    assert platform.logs() == ["false,true,false"]
