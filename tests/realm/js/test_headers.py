"""js/headers.js: what becomes of headers, and what stays behind."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform


def headers(platform: Platform, expression: str, **limits: int) -> dict[str, Any]:
    platform.boot(f"VoxEngine.callUser({{username: 'bob', extraHeaders: {expression}}});", limits=limits)
    found: dict[str, Any] = platform.sent("call.dial")[0].data["headers"]
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{'X-A': 'b', 'VI-CallTimeout': 20, 'User-to-User': true}",
         {"X-A": "b", "VI-CallTimeout": "20", "User-to-User": "true"}),
        ("{'X-A': null, 'X-B': undefined}", {}),
        ("{'X-A': {b: 1}}", {"X-A": '{"b":1}'}),
        ("['X-A: b']", {}),
        ("'X-A: b'", {}),
        ("null", {}),
    ],
)  # fmt: skip
def test_headers_are_texts_by_name(platform: Platform, given: str, expected: dict[str, str]) -> None:
    assert headers(platform, given) == expected
    assert platform.logs("warning") == []


def test_a_header_of_more_than_200_bytes_is_left_out_with_a_warning(platform: Platform) -> None:
    assert headers(platform, "{'X-A': 'x'.repeat(200), 'X-B': 'ü'.repeat(101)}") == {"X-A": "x" * 200}
    assert platform.logs("warning") == [
        "VoxEngine.callUser: the header 'X-B' is left out: it has 202 bytes, the platform's limit is 200"
    ]


def test_headers_of_more_than_4095_bytes_together_are_left_out_from_there_on(platform: Platform) -> None:
    many = "Object.fromEntries(Array.from({length: 30}, (_, i) => ['X-' + (10 + i), 'x'.repeat(200)]))"
    kept = headers(platform, many)
    assert sum(len(name) + len(value) + 4 for name, value in kept.items()) <= 4095
    assert list(kept) == [f"X-{10 + i}" for i in range(19)]
    assert len(platform.logs("warning")) == 11
    assert "4095 bytes" in platform.logs("warning")[0]


def test_the_limits_can_be_raised(platform: Platform) -> None:
    assert headers(platform, "{'X-A': 'x'.repeat(300)}", header_bytes=300) == {"X-A": "x" * 300}


def test_a_name_that_the_platform_may_not_pass_on_is_told_once(platform: Platform) -> None:
    platform.call_in("call.ring({Foo: 'a'}); call.answer({foo: 'b'});")
    assert [command.data["headers"] for command in platform.sent("call.")] == [{"Foo": "a"}, {"foo": "b"}]
    assert platform.logs("warning") == [
        "call.ring: the header 'Foo' does not begin with X-; the platform may not pass it on"
    ]
