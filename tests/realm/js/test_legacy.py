"""js/legacy.js: names without documentation that scenarios in production use."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from tests.realm.js.conftest import Platform

WRAP = """
var original = this.onPhoneEvent;
this.onPhoneEvent = function (e) { Logger.write("all: " + e.name + " " + (this === globalThis)); %s };
"""


def test_old_names_lead_to_todays_and_never_documented_ones_are_absent(new: Callable[[], Platform]) -> None:
    assert new().value("VoxEngine.RecordExpireTime.ONEYEAR") == "-1y"
    assert new().value("VoxEngine.CallList === CallList") is True
    assert new().value("typeof Net.HttpRequestMethod + typeof Net.WebSocket") == "undefinedundefined"


def test_j_session_closes_and_knows_of_memory(platform: Platform) -> None:
    platform.boot(
        "JSession_GC(); Logger.write(JSession_getLeftMemBytes()); JSession.close(); JSession.close();"
    )
    assert platform.logs() == [str(16 << 20)]
    assert len(platform.sent("session.terminate")) == 1


@pytest.mark.parametrize("text", ["", "a", "hello", "\xff\x00\x80"])
def test_base_64_as_browsers_have_it(platform: Platform, text: str) -> None:
    encoded = base64.b64encode(text.encode("latin-1")).decode()
    assert platform.value(f"(t => [btoa(t), atob(btoa(t)) === t])({text!a})") == [encoded, True]


def test_btoa_refuses_what_it_cannot_hold(platform: Platform) -> None:
    error = platform.boot("btoa('\u0416');").error
    assert error is not None
    assert "base64_encode takes any text" in error.message


def test_a_wrapper_of_on_phone_event_sees_every_event_before_the_listeners(platform: Platform) -> None:
    platform.boot(
        WRAP
        % "return original.call(this, e);"
        + "VoxEngine.addEventListener(AppEvents.Started, () => Logger.write('started'));"
        "VoxEngine.addEventListener(AppEvents.HttpRequest, () => 'answer');"
    )
    platform.fire("Application.Started")
    platform.fire("Application.HttpRequest", "r1")
    assert platform.logs() == [
        "all: Application.Started true",
        "started",
        "all: Application.HttpRequest true",
    ]
    assert platform.sent("access.reply")[0].data["body"] == "answer"


def test_a_wrapper_that_keeps_an_event_for_itself_keeps_it_from_the_listeners(platform: Platform) -> None:
    platform.boot(WRAP % "" + "VoxEngine.addEventListener(AppEvents.Started, () => Logger.write('started'));")
    platform.fire("Application.Started")
    assert platform.logs() == ["all: Application.Started true"]


def test_put_back_it_is_as_before_and_an_error_in_it_ends_the_session(platform: Platform) -> None:
    platform.boot(
        WRAP % "this.onPhoneEvent = original; original(e); original(e); original({}); original();"
        + "VoxEngine.addEventListener(AppEvents.Started, () => Logger.write('started'));"
    )
    platform.fire("Application.Started")
    platform.fire("Application.Started")
    assert platform.logs() == ["all: Application.Started true", "started", "started"]


def test_an_error_in_a_wrapper_names_its_line_and_the_event(platform: Platform) -> None:
    platform.boot("\nthis.onPhoneEvent = (e) => e.nothing.more;")
    error = platform.fire("Application.Started").error
    assert error is not None
    assert error.where.startswith("a.js:2:")
