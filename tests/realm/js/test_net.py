"""js/net.js: requests in every shape as one command, results back to callbacks and promises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.realm.js.conftest import Platform


def sent(platform: Platform, call: str) -> dict[str, Any]:
    """The data of the one request that ``call`` makes."""
    result = platform.boot(call)
    assert result.error is None, result.error.message
    (command,) = platform.sent("http.request")
    return dict(command.data)


def test_a_plain_request_has_the_platform_s_defaults(platform: Platform) -> None:
    assert sent(platform, "Net.httpRequest('http://x/', () => {});") == {
        "url": "http://x/",
        "method": "GET",
        "headers": [],
        "params": [],
        "body": {},
        "raw": False,
        "timeout": 90,
        "connect": 6,
    }


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ("{method: 'post', postData: 'ü'}", "body", {"text": "ü"}),
        ("{method: 'PUT', postData: [1, 255]}", "body", {"bytes": "Af8="}),
        ("{method: 'PATCH', postData: new Uint8Array([1, 255])}", "body", {"bytes": "Af8="}),
        ("{method: 'POST', postData: {a: 1}}", "body", {"text": '{"a":1}'}),
        ("{method: 'POST', postData: 5}", "body", {"text": "5"}),
        ("{method: 'POST', postData: null}", "body", {}),
        ("{method: 'GET', postData: 'x'}", "body", {}),
        ("{method: 'delete', postData: 'x'}", "body", {"text": "x"}),
        ("{headers: {'A': 1, 'B': null, ' C ': ' d '}}", "headers", [["A", "1"], ["C", "d"]]),
        ("{headers: ['A: b:c', 'no colon', '']}", "headers", [["A", "b:c"]]),
        ("{headers: 'A: b'}", "headers", [["A", "b"]]),
        ("{headers: [['A', 'b'], {name: 'C', value: 'd'}, {key: 'E', value: 5}]}", "headers",
         [["A", "b"], ["C", "d"], ["E", "5"]]),
        ("{headers: 7}", "headers", []),
        ("{params: {q: 'a b', n: 2, none: undefined}}", "params", [["q", "a b"], ["n", "2"]]),
        ("{rawOutput: 1}", "raw", True),
        ("{timeout: 5}", "timeout", 5),
        ("{timeout: 500}", "timeout", 90),
        ("{timeout: -1}", "timeout", 90),
        ("{timeout: 'x'}", "timeout", 90),
        ("{connectionTimeout: 2}", "connect", 2),
        ("{connectionTimeout: 60}", "connect", 6),
    ],
)  # fmt: skip
def test_options_are_read_as_scenarios_write_them(
    platform: Platform, options: str, field: str, value: object
) -> None:
    assert sent(platform, f"Net.httpRequest('http://x/', () => {{}}, {options});")[field] == value


def test_an_object_as_body_and_a_header_without_a_colon_are_warned_about(platform: Platform) -> None:
    platform.boot(
        "Net.httpRequest('http://x/', null, {method: 'POST', postData: {}, headers: ['nonsense']});"
    )
    assert [text.split(":")[0] for text in platform.logs("warning")] == ["Net", "Net"]
    assert "'nonsense' has no colon" in platform.logs("warning")[0]
    assert "JSON.stringify" in platform.logs("warning")[1]


def answer(platform: Platform, number: int = 0, **result: Any) -> Any:
    return platform.fire("@http", platform.sent("http.request")[number].target, **result)


def test_the_result_reaches_a_callback_with_its_fields_in_order(platform: Platform) -> None:
    platform.boot("Net.httpRequest('http://x/', (...all) => Logger.write(JSON.stringify(all)));")
    answer(platform, code=200, text="ok", headers=[{"key": "A", "value": "b"}], raw_headers="A: b\r\n")
    assert json.loads(platform.logs()[0]) == [
        {"code": 200, "text": "ok", "headers": [{"key": "A", "value": "b"}], "raw_headers": "A: b\r\n"}
    ]
    answer(platform, code=200, text="twice")
    assert len(platform.logs()) == 1


def test_bytes_become_a_list_and_a_failure_has_its_error(platform: Platform) -> None:
    platform.boot(
        "Net.httpRequestAsync('http://x/', {rawOutput: true}).then((r) => Logger.write(JSON.stringify(r)));"
        "Net.httpRequestAsync('http://y/').then((r) => Logger.write(r.code + r.error));"
    )
    answer(platform, 0, code=200, bytes="AAH/")
    answer(platform, 1, code=-7, error="slow", headers=[], raw_headers="", text="")
    assert json.loads(platform.logs()[0]) == {
        "code": 200,
        "data": [0, 1, 255],
        "headers": [],
        "raw_headers": "",
    }
    assert platform.logs()[1] == "-7slow"


def test_a_request_needs_no_callback(platform: Platform) -> None:
    platform.boot("Net.httpRequest('http://x/');")
    assert answer(platform, code=200).error is None


def test_an_error_in_a_callback_ends_the_session_with_its_line(platform: Platform) -> None:
    platform.boot("Net.httpRequest('http://x/',\n  () => nope());")
    error = answer(platform, code=200).error
    assert error is not None
    assert error.where.startswith("a.js:2:")


def test_the_36th_request_throws_and_an_answered_one_makes_room(platform: Platform) -> None:
    platform.boot(
        "const go = () => { try { Net.httpRequest('http://x/'); } catch (e) { Logger.write(e.message); } };"
        "for (let i = 0; i < 36; i++) go(); VoxEngine.addEventListener(AppEvents.Started, go);"
    )
    assert len(platform.sent("http.request")) == 35
    assert platform.logs()[0].startswith("Exceeded the HTTP connection count limit!")
    answer(platform, 3, code=200)
    platform.fire("Application.Started")
    assert len(platform.sent("http.request")) == 36
    assert len(platform.logs()) == 1


def test_mail_is_named_as_not_available(platform: Platform) -> None:
    error = platform.boot("Net.sendMail('s');").error
    assert error is not None
    assert "Net.sendMail() is not available in voxrun: voxrun sends no mail" in error.message
