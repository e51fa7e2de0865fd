"""js/media.js: who sends to whom, by id."""

from __future__ import annotations

import pytest
from tests.realm.js.conftest import Platform


def edges(platform: Platform, kind: str = "media.connect") -> list[tuple[str, str]]:
    return [(command.target, command.data["to"]) for command in platform.sent(kind)]


def test_between_is_two_edges_and_they_go_as_they_came(platform: Platform) -> None:
    platform.call_in(
        "const b = VoxEngine.callUser('bob'); call.sendMediaTo(call);"
        "b.addEventListener(CallEvents.Connected, () => { VoxEngine.sendMediaBetween(call, b);"
        " VoxEngine.stopMediaBetween(call, b); });"
    )
    other = platform.sent("call.dial")[0].target
    platform.fire("Call.Connected", other)
    assert edges(platform) == [("c1", "c1"), ("c1", other), (other, "c1")]
    assert edges(platform, "media.disconnect") == [("c1", other), (other, "c1")]


def test_options_go_along(platform: Platform) -> None:
    platform.call_in("call.sendMediaTo(call, {tag: 't', encoding: 'ULAW', customParameters: {a: 1}, x: 2});")
    assert platform.sent("media.connect")[0].data["options"] == {
        "tag": "t",
        "encoding": "ULAW",
        "customParameters": {"a": 1},
    }


def test_methods_work_unbound_and_do_not_show_in_json(platform: Platform) -> None:
    platform.call_in(
        "const {sendMediaTo, hangup} = call; sendMediaTo(call); hangup();"
        "Logger.write(JSON.stringify(call) + Object.keys(call).length);"
    )
    assert edges(platform) == [("c1", "c1")]
    assert platform.logs() == ["{}0"]


@pytest.mark.parametrize("unit", ["undefined", "null", "'c1'", "{}", "{id: () => 'c1'}", "VoxEngine"])
@pytest.mark.parametrize("call", ["call.sendMediaTo(%s)", "VoxEngine.sendMediaBetween(call, %s)"])
def test_what_is_no_unit_is_a_type_error_that_says_who_wanted_one(
    platform: Platform, unit: str, call: str
) -> None:
    result = platform.call_in((call % unit) + ";")
    assert result.error is not None
    assert "needs a media unit" in result.error.message
    assert edges(platform) == []


def test_a_link_with_an_outgoing_call_that_is_not_connected_says_that_it_is_early(
    platform: Platform,
) -> None:
    platform.call_in(
        "const b = VoxEngine.callUser('bob'); VoxEngine.sendMediaBetween(call, b);"
        "b.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, b));"
    )
    platform.fire("Call.Connected", platform.sent("call.dial")[0].target)
    assert [command.data.get("early") for command in platform.sent("media.connect")] == [
        True,
        True,
        None,
        None,
    ]


def test_a_call_that_is_over_takes_none(platform: Platform) -> None:
    platform.call_in(
        "call.addEventListener(CallEvents.Disconnected,"
        " () => { call.sendMediaTo(call); call.stopMediaTo(call); });"
    )
    result = platform.fire("Call.Disconnected", "c1")
    assert result.error is None
    assert edges(platform) == []
    assert "the call is over" in platform.logs("warning")[0]


def test_classes_of_the_platform_can_be_named_but_not_constructed(platform: Platform) -> None:
    platform.boot(
        "try { new SequencePlayer(); } catch (error) { Logger.write(error.message); }"
        "Logger.write([SequencePlayer.name, Object.getPrototypeOf(Player).name].join());"
        "Logger.write(Player.prototype.constructor.name);"
    )
    assert platform.logs() == [
        "SequencePlayer has no public constructor: use VoxEngine.createSequencePlayer()",
        "SequencePlayer,BasePlayer",
        "Player",
    ]
