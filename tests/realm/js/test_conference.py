"""Modules.Conference as a scenario sees it: forms of arguments, what is sent, what is said about mistakes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.realm.js.conftest import Platform

REQUIRED = "require(Modules.Conference);"
CREATED = REQUIRED + "const conf = VoxEngine.createConference();"


def commands(platform: Platform) -> list[tuple[str, dict[str, Any]]]:
    return [(c.kind.removeprefix("conference."), dict(c.data)) for c in platform.sent("conference.")]


def test_without_its_module_it_works_with_a_warning(platform: Platform) -> None:
    result = platform.boot(
        "const conf = VoxEngine.createConference({hd_audio: true}); VoxEngine.createConference();"
        "conf.addEventListener(ConferenceEvents.Started, () => Logger.write('started'));"
    )
    assert result.error is None
    assert commands(platform) == [("create", {"hd": True}), ("create", {"hd": False})]
    assert platform.logs("warning") == [
        "VoxEngine.createConference without require(Modules.Conference): the platform may insist on it"
    ]


@pytest.mark.covers("Conference.id")
@pytest.mark.parametrize(
    ("form", "hd"), [("", False), ("{hd_audio: true}", True), ("{}", False), ("null", False), ("true", False)]
)
def test_all_forms_of_create_conference(platform: Platform, form: str, hd: bool) -> None:
    platform.boot(
        f"{REQUIRED} const conf = VoxEngine.createConference({form}); Logger.write('' + conf.id().length);"
    )
    assert commands(platform) == [("create", {"hd": hd})]
    assert platform.logs() == ["32"]


@pytest.mark.parametrize("stop", ["conf.stop", "() => VoxEngine.destroyConference(conf)"])
def test_stop_works_unbound_and_once(platform: Platform, stop: str) -> None:
    platform.boot(f"{CREATED} const f = {stop}; f(); f();")
    assert [kind for kind, _ in commands(platform)] == ["create", "stop"]


@pytest.mark.covers("Conference.sendMediaTo", "Conference.stopMediaTo")
def test_a_conference_is_a_media_unit(platform: Platform) -> None:
    platform.call_in(
        CREATED + "call.sendMediaTo(conf); conf.sendMediaTo(call);"
        "conf.stopMediaTo(call); call.stopMediaTo(conf); Logger.write(JSON.stringify({conf}));"
    )
    edges = [(c.kind, c.target == "c1", c.data["to"] == "c1") for c in platform.sent("media.")]
    assert edges == [
        ("media.connect", True, False),
        ("media.connect", False, True),
        ("media.disconnect", False, True),
        ("media.disconnect", True, False),
    ]
    assert platform.logs() == ['{"conf":{}}']


def test_add_sends_the_call_with_the_platform_s_defaults(platform: Platform) -> None:
    platform.call_in(
        CREATED + "conf.add({call});"
        "conf.add({call, mode: 'forward', direction: ConferenceDirection.SEND, displayName: 7, scheme: {}});"
        "conf.add({call, mode: ConferenceMode.FORWARD});"
    )
    added = [data for kind, data in commands(platform) if kind == "add"]
    assert [(d["call"], d["direction"], d["mode"], d["name"]) for d in added] == [
        ("c1", "BOTH", "MIX", ""),
        ("c1", "SEND", "FORWARD", "7"),
        ("c1", "BOTH", "FORWARD", ""),
    ]
    assert len({d["endpoint"] for d in added}) == 3
    assert platform.logs("warning") == [
        "conference.add: calls here have audio only, so mode FORWARD gives the mix like MIX; "
        "video is not sent"
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("conf.add()", "conference.add needs {call, mode, direction}, got undefined"),
        ("conf.add({})", "conference.add needs a media unit"),
        ("conf.add({call, direction: 'UP'})", "direction must be SEND, RECEIVE, BOTH, got UP"),
        ("conf.add({call, mode: 5})", "mode must be MIX, FORWARD, got 5"),
        ("VoxEngine.destroyConference({})", "VoxEngine.destroyConference needs a conference, got {}"),
        ("new Conference()", "Conference has no public constructor"),
        ("new Endpoint()", "Endpoint has no public constructor"),
    ],
)
def test_mistakes_are_named(platform: Platform, code: str, message: str) -> None:
    platform.call_in(f"{CREATED} {code};")
    assert platform.last.error is not None
    assert message in platform.last.error.message


def test_adding_to_a_stopped_conference_is_ignored(platform: Platform) -> None:
    platform.call_in(
        CREATED + "conf.stop();Logger.write(typeof conf.add({call}).id() + conf.getList().length);"
    )
    assert platform.logs() == ["string0"]
    assert platform.logs("warning") == ["conference.add ignored: the conference is stopped"]


def test_events_carry_the_conference_and_the_endpoint(platform: Platform) -> None:
    platform.call_in(
        CREATED + "const endpoint = conf.add({call});"
        "conf.addEventListener(ConferenceEvents.EndpointAdded, (e) =>"
        "Logger.write([e.conference === conf, e.endpoint === endpoint, JSON.stringify(e)].join(' ')));"
    )
    conference = platform.sent("conference.create")[0].target
    endpoint = platform.sent("conference.add")[0].data["endpoint"]
    platform.fire("Conference.EndpointAdded", conference, endpoint={"$ref": endpoint}, endpointId="e")
    assert platform.logs() == [
        'true true {"name":"Conference.EndpointAdded","conference":{},"endpoint":{},"endpointId":"e"}'
    ]


@pytest.mark.covers("Conference.removeEventListener")
def test_a_listener_of_a_conference_can_be_removed(platform: Platform) -> None:
    platform.boot(
        CREATED + "const f = () => Logger.write('heard'); conf.addEventListener(ConferenceEvents.Started, f);"
        "conf.addEventListener(ConferenceEvents.Stopped, f);"
        "conf.removeEventListener(ConferenceEvents.Started, f);"
    )
    conference = platform.sent("conference.create")[0].target
    platform.fire("Conference.Started", conference)
    assert platform.logs() == []
    platform.fire("Conference.Stopped", conference)
    assert platform.logs() == ["heard"]


def test_a_scenario_that_overwrites_built_ins_does_not_disturb_it(platform: Platform) -> None:
    platform.call_in(
        REQUIRED + "Array.prototype.push = Array.prototype.includes = Object.create = null;"
        "const conf = VoxEngine.createConference(); conf.add({call});"
        "Logger.write('' + conf.getList().length);"
    )
    assert platform.logs() == ["1"]
