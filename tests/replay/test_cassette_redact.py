"""What never gets on a cassette."""

from __future__ import annotations

import httpx
import pytest

from voxrun.replay.cassette_redact import Hider, parsed

JOIN = "wss://voice.test/calls/17/server_web_socket"


def test_known_values_and_telling_names_are_hidden() -> None:
    hider = Hider({"KEY": "abcd1234"})
    assert hider.message('{"a":"x abcd1234","password":"p"}') == {
        "json": {"a": "x «secret:KEY»", "password": "«redacted»"}
    }
    assert hider.message("plain abcd1234") == {"text": "plain «secret:KEY»"}


def test_keys_in_headers_are_hidden_wherever_they_turn_up() -> None:
    hider = Hider({})
    hider.learn_headers(
        [("X-Own-Auth", "Bearer 0123456789abcdef"), ("User-Agent", "a-common-user-agent/1.0")]
    )
    assert hider.text("0123456789abcdef a-common-user-agent/1.0") == "«redacted» a-common-user-agent/1.0"


def test_an_address_to_join_has_a_label_from_its_first_sight_on() -> None:
    hider = Hider({})
    answer = f'{{"joinUrl": "{JOIN}", "note": "at {JOIN}"}}'
    hider.learn_urls(answer)
    assert hider.message(answer) == {
        "json": {"joinUrl": "«secret:join URL 1»", "note": "at «secret:join URL 1»"}
    }
    assert hider.label(JOIN) == "«secret:join URL 1»"
    assert hider.label("wss://other.test/") == "«secret:join URL 2»"


def test_a_request_keeps_its_shape_without_user_and_keys() -> None:
    request = httpx.Request("POST", "https://u:pw@x.test/a?api-key=12345&q=1", headers={"X-K": "k" * 20})
    shown = Hider({}).request(request, ('{"k": "' + "k" * 20 + '"}').encode())
    assert shown["url"] == "https://x.test/a"
    assert shown["query"] == [["api-key", "«redacted»"], ["q", "1"]]
    assert shown["body"] == {"json": {"k": "«redacted»"}}


@pytest.mark.parametrize("text", ["", "x", "12", '"a"', "{", "[1,NaN]", "[" * 100_000])
def test_what_is_no_object_or_list_stays_text(text: str) -> None:
    assert parsed(text) is None
    assert Hider({}).message(text) == {"text": text}


def test_bytes_that_are_no_text_are_told_by_their_size() -> None:
    assert Hider({}).body(b"\xff\xfe", "body") == {"text": "(body: 2 bytes)"}
    assert Hider({}).body(b"", "body") == {}
