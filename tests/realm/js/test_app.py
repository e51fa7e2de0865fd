"""js/app.js: VoxEngine itself."""

from __future__ import annotations

import json

import pytest
from tests.realm.js.conftest import Platform


def test_terminate_works_unbound_and_once(platform: Platform) -> None:
    platform.boot("const {terminate} = VoxEngine; terminate('ignored'); terminate(); Logger.write('on');")
    assert len(platform.sent("session.terminate")) == 1
    assert platform.logs() == ["on"]


@pytest.mark.covers("VoxEngine.customData")
def test_custom_data_is_read_and_set(platform: Platform) -> None:
    platform.boot(
        "Logger.write(VoxEngine.customData()); Logger.write(VoxEngine.customData(5));"
        "Logger.write(VoxEngine.customData('ü'.repeat(100))); Logger.write(typeof VoxEngine.customData());",
        custom_data="{}",
    )
    assert platform.logs() == ["{}", "5", "ü" * 100, "string"]
    assert [c.data["value"] for c in platform.sent("session.customdata")] == ["5", "ü" * 100]
    assert platform.logs("warning") == []


def test_long_custom_data_is_warned_about_and_kept(platform: Platform) -> None:
    platform.boot("Logger.write(VoxEngine.customData('ü'.repeat(101)).length);")
    assert platform.logs() == ["101"]
    assert "202 bytes, the platform keeps 200" in platform.logs("warning")[0]


def test_without_any_the_custom_data_is_empty(platform: Platform) -> None:
    assert platform.value("VoxEngine.customData()") == ""


@pytest.mark.parametrize("name", ["ABSENT", "toString", "__proto__", "constructor", ""])
def test_an_absent_secret_is_undefined_and_the_log_says_how_to_give_it(platform: Platform, name: str) -> None:
    platform.boot(f"Logger.write(typeof VoxEngine.getSecretValue('{name}'));", secrets={"KEY": "v"})
    assert platform.logs() == ["undefined"]
    assert f"--secret {name}=VALUE" in platform.logs("system")[0]


@pytest.mark.covers("VoxEngine.getSecretValue")
def test_a_secret_is_read_at_top_level(platform: Platform) -> None:
    assert platform.value("VoxEngine.getSecretValue('KEY')", secrets={"KEY": 'v"é'}) == 'v"é'


def test_call_alerting_carries_a_live_call(platform: Platform) -> None:
    platform.call_in(
        "Logger.write(JSON.stringify(e)); Logger.write(Object.keys(e).join());", customData="from the caller"
    )
    assert json.loads(platform.logs()[0]) == {
        "name": "Application.CallAlerting",
        "call": {},
        "callerid": "alice",
        "destination": "100",
        "toURI": "sip:100@x",
        "fromURI": "sip:alice@x",
        "displayName": "Alice",
        "headers": {"X-Id": "7"},
        "scheme": "",
        "customData": "from the caller",
    }


@pytest.mark.parametrize(
    ("returned", "body", "as_json"),
    [
        ("'text'", "text", False),
        ("7", "7", False),
        ("undefined", "", False),
        ("null", "null", True),
        ("true", "true", True),
        ("({a: [1]})", '{"a":[1]}', True),
        ("Promise.resolve('later')", "later", False),
        ("(async () => ({b: 2}))()", '{"b":2}', True),
    ],
)
def test_what_the_http_handler_returns_is_the_reply(
    platform: Platform, returned: str, body: str, as_json: bool
) -> None:
    platform.boot(f"VoxEngine.addEventListener(AppEvents.HttpRequest, () => {returned});")
    platform.fire("Application.HttpRequest", "r1", method="GET", path="/", content="", headers=[])
    (reply,) = platform.sent("access.reply")
    assert (reply.target, reply.data) == ("r1", {"body": body, "json": as_json})


def test_without_a_handler_the_reply_is_empty_and_of_two_the_last_that_returned_counts(
    platform: Platform,
) -> None:
    platform.boot("const on = () => VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => e.content);"
                  "VoxEngine.addEventListener(AppEvents.Started, on);")  # fmt: skip
    platform.fire("Application.HttpRequest", "r1", content="a")
    platform.fire("Application.Started")
    platform.fire("Application.HttpRequest", "r2", content="b")
    assert [reply.data["body"] for reply in platform.sent("access.reply")] == ["", "b"]


def test_a_handler_that_rejects_ends_the_session(platform: Platform) -> None:
    platform.boot(
        "VoxEngine.addEventListener(AppEvents.HttpRequest, async () => { throw new Error('no'); });"
    )
    error = platform.fire("Application.HttpRequest", "r1").error
    assert error is not None
    assert "no" in error.message


def test_a_scenario_may_bring_its_own_easy_process(platform: Platform) -> None:
    assert platform.value("(VoxEngine.easyProcess = (a) => a + 1, VoxEngine.easyProcess(1))") == 2


def test_unknown_members_are_undefined(platform: Platform) -> None:
    assert platform.value(
        "[typeof VoxEngine.fly, typeof Net.fly, typeof Logger.fly, 'fly' in VoxEngine]"
    ) == [
        "undefined",
        "undefined",
        "undefined",
        False,
    ]


@pytest.mark.parametrize(
    ("call", "kind", "fields"),
    [
        ("callPSTN('+1', 'me')", "pstn", {"destination": "+1", "callerid": "me"}),
        ("callPSTN(1234)", "pstn", {"destination": "1234", "callerid": ""}),
        ("callPSTN('+1', 'me', {headers: {A: 'b'}, amd: 5})", "pstn",
         {"headers": {"A": "b"}, "options": {"amd": 5}}),
        ("callPSTN('+1', 'me', {}, {A: 'b'})", "pstn", {"headers": {"A": "b"}}),
        ("callUser('bob', 'me', 'Me', {A: 'b'})", "user", {"displayName": "Me", "headers": {"A": "b"}}),
        ("callUser({username: 'bob', callerid: 'me', extraHeaders: {A: 1}})", "user",
         {"destination": "bob", "callerid": "me", "headers": {"A": "1"}}),
        ("callSIP('sip:a@b', 'me')", "sip", {"destination": "sip:a@b", "callerid": "me"}),
        ("callSIP('sip:a@b', {callerid: 'me', password: 'p', video: false, x: {}})", "sip",
         {"callerid": "me", "options": {"callerid": "me", "password": "p", "video": False}}),
        ("callSIP('sip:a@b', 'me', 'Me', 'pw', 'auth', {A: 'b'}, false, 'proxy')", "sip",
         {"displayName": "Me", "headers": {"A": "b"},
          "options": {"callerid": "me", "displayName": "Me", "password": "pw", "authUser": "auth",
                      "video": False, "outProxy": "proxy"}}),
        ("callWhatsappUser({number: '1', callerid: '2'})", "whatsapp", {"destination": "1", "callerid": "2"}),
    ],
)  # fmt: skip
def test_calls_out_in_object_and_old_positional_form(
    platform: Platform, call: str, kind: str, fields: dict[str, object]
) -> None:
    result = platform.boot(f"const c = VoxEngine.{call}; Logger.write(c.state() + c.incoming());")
    assert result.error is None
    (command,) = platform.sent("call.dial")
    assert command.data["kind"] == kind
    assert command.data["allowed"] is True
    assert {name: command.data[name] for name in fields} == fields
    assert platform.logs() == ["PROGRESSINGfalse"]


@pytest.mark.parametrize("call", ["callPSTN()", "callUser(undefined)", "callUser({})", "callSIP('')"])
def test_a_call_to_nobody_is_a_type_error(platform: Platform, call: str) -> None:
    error = platform.boot(f"VoxEngine.{call};").error
    assert error is not None
    assert "needs a destination" in error.message


def test_the_51st_attempt_is_not_allowed(platform: Platform) -> None:
    platform.call_in("for (let i = 0; i < 50; i++) VoxEngine.callPSTN('1');")
    assert [c.data["allowed"] for c in platform.sent("call.dial")] == [True] * 49 + [False]
