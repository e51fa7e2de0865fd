"""Messages of the page are checked field by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.server.wire import MAX_MESSAGE_BYTES, TABLE, BadMessage, check_headers, parse


def refusal(**message: Any) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        parse(json.dumps(message))
    return caught.value


def test_a_message_gets_its_defaults_and_loses_what_nobody_asked_for() -> None:
    message = parse('{"type":"call","id":"a1","to":"100","sdp":"v=0","from":null,"extra":1}')
    assert message["from"] == ""
    assert message["headers"] == {}
    assert "extra" not in message.fields


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 20000, "not JSON"),
        ('{"type":"ping","t":NaN}', "not JSON"),
        ("1" * 5000, "not JSON"),
        ("[]", "JSON object"),
        ('"ping"', "JSON object"),
        ("{}", "Unknown message type null"),
        ('{"type":["ping"]}', "Unknown message type"),
        ('{"type":"pong"}', 'Unknown message type "pong"'),
        ('{"type":"message","id":"a","text":"\\ud800"}', "surrogate"),
        ("x" * (MAX_MESSAGE_BYTES + 1), "too big"),
        ("é" * (MAX_MESSAGE_BYTES // 2 + 1), "too big"),
    ],
)
def test_what_is_no_message_is_said_plainly(text: str, says: str) -> None:
    with pytest.raises(BadMessage, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"type": "call", "id": "a", "to": "1"}, "sdp"),
        ({"type": "call", "id": "in-1", "to": "1", "sdp": "x"}, "id"),
        ({"type": "call", "id": "", "to": "1", "sdp": "x"}, "id"),
        ({"type": "call", "id": "a", "to": "", "sdp": "x"}, "to"),
        ({"type": "call", "id": "a", "to": "1", "sdp": "x" * 33000}, "sdp"),
        ({"type": "call", "id": "a", "to": "1", "sdp": "x", "headers": {"Host": "x"}}, "headers"),
        ({"type": "call", "id": "a", "to": "1", "sdp": "x", "headers": {"X-A": "b\r\nX-C: d"}}, "headers"),
        ({"type": "decline", "id": "in-1", "code": 200}, "code"),
        ({"type": "decline", "id": "in-1", "code": True}, "code"),
        ({"type": "dtmf", "id": "a", "digits": "12x"}, "digits"),
        ({"type": "hold", "id": "a", "on": 1}, "on"),
        ({"type": "message", "id": "a", "text": "x" * 8193}, "text"),
        ({"type": "register", "user": "a b"}, "user"),
        ({"type": "watch"}, "session"),
    ],
)
def test_a_wrong_field_is_named(message: dict[str, Any], field: str) -> None:
    error = refusal(**message)
    assert error.field == field
    assert error.re == message["type"]
    assert f'"{field}"' in str(error)


def test_headers_are_limited_as_on_the_platform() -> None:
    assert check_headers({"X-A": "1", "User-to-User": "u", "VI-CallTimeout": "30"})
    with pytest.raises(ValueError, match="200 bytes"):
        check_headers({"X-A": "v" * 201})
    with pytest.raises(ValueError, match="4095"):
        check_headers({f"X-{n}": "v" * 190 for n in range(22)})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted({name for fields in TABLE.values() for name in fields})
MESSAGES = st.fixed_dictionaries(
    {"type": st.sampled_from([*TABLE])}, optional={name: VALUES | st.just("a") for name in NAMES}
)


@given(st.text(max_size=200) | MESSAGES.map(json.dumps))
def test_any_text_is_a_message_or_one_error_that_can_be_sent(text: str) -> None:
    try:
        message = parse(text)
    except BadMessage as error:
        json.dumps(error.reply()).encode()
    else:
        assert set(message.fields) == set(TABLE[message.type])
