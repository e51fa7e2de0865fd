"""Secrets never reach what is written: by value in every form, and by telling names."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.session.redact import Redactor

SECRET = "k3y/with+odd=chars&ü"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        json.dumps(SECRET)[1:-1],
    ],
)
def test_every_form_of_a_secret_is_replaced_by_its_name(form: str) -> None:
    redactor = Redactor({"KEY": SECRET})
    assert redactor.text(f"a {form} b") == "a «secret:KEY» b"


def test_a_secret_inside_another_is_replaced_whole() -> None:
    redactor = Redactor({"SHORT": "abcdef", "LONG": "abcdef-and-more"})
    assert redactor.text("abcdef-and-more abcdef") == "«secret:LONG» «secret:SHORT»"


def test_headers_with_telling_names_are_blanked_even_without_a_known_secret() -> None:
    redactor = Redactor({})
    shown = redactor.value({"headers": [["Authorization", "Bearer x"], ["X-Id", "7"]], "password": "pw"})
    assert shown == {"headers": [["Authorization", "«redacted»"], ["X-Id", "7"]], "password": "«redacted»"}


def test_known_secrets_can_be_put_back_for_a_replay() -> None:
    redactor = Redactor({"KEY": SECRET})
    shown = redactor.value({"a": [SECRET, 1, None]})
    assert redactor.restore(shown) == {"a": [SECRET, 1, None]}


def test_very_short_values_are_left_alone() -> None:
    assert Redactor({"PIN": "12"}).text("12 apples") == "12 apples"


@given(st.text(min_size=6), st.text(), st.text())
def test_no_text_around_a_secret_lets_it_through(secret: str, before: str, after: str) -> None:
    shown = Redactor({"S": secret}).text(before + secret + after)
    label = "«secret:S»"
    assert label in shown


def test_whatever_hangs_below_a_telling_name_is_hidden() -> None:
    shown = Redactor({"KEY": SECRET}).value(
        {"authTokens": {"a": "x", "n": 1}, "sharedSecrets": ["y", SECRET], "joinUrl": "wss://u"}
    )
    assert shown == {
        "authTokens": {"a": "«redacted»", "n": 1},
        "sharedSecrets": ["«redacted»", "«secret:KEY»"],
        "joinUrl": "«redacted»",
    }


def test_what_was_hidden_by_its_name_stays_hidden_when_the_scenario_logs_it() -> None:
    redactor = Redactor({})
    url = "ws://127.0.0.1:4711/calls/0b5f/server_web_socket"
    redactor.value({"payload": {"joinUrl": url, "token": "short"}})
    told = redactor.value({"text": json.dumps({"joinUrl": url, "is": "short"})})
    assert told == {"text": json.dumps({"joinUrl": "«redacted»", "is": "short"}, ensure_ascii=False)}


def test_what_is_not_touched_has_nothing_to_hide() -> None:
    secret = 'tü"p/s3'
    redactor = Redactor({"KEY": secret, "OTHER": "plain-secret"})
    redactor.value({"token": "learnt-0123456789"})
    names = ("text", "Authorization", "to\u212aen", "SECRET", "x")
    values = (
        "nothing",
        secret,
        f"a {secret} b",
        json.dumps(secret),
        "plain-secret",
        "learnt-0123456789",
        "«»",
    )
    touched = 0
    for name in names:
        for value in values:
            for data in ({name: value}, [[name, value]], {"a": [{name: [value, 1]}]}, {value: name}):
                text = json.dumps(data)
                touched += redactor.touches(text)
                assert redactor.touches(text) or redactor.value(data) == data, data
    assert 0 < touched < len(names) * len(values) * 4
