"""js/events.js: events reach the listeners of the object they happened to, with live objects in them."""

from __future__ import annotations

import json

import pytest
from tests.realm.js.conftest import Platform

CALL_EVENTS = {
    "Call.Connected": {"headers": {"X-A": "1"}, "customData": "c"},
    "Call.Disconnected": {"internalCode": 200, "reason": "", "duration": 1, "cost": 0, "headers": {}},
    "Call.Failed": {"code": 486, "reason": "Busy here", "headers": {}},
    "Call.Ringing": {"headers": {}},
    "Call.AudioStarted": {"headers": {}},
    "Call.PlaybackStarted": {"duration": 100},
    "Call.PlaybackFinished": {},
    "Call.RecordStarted": {"url": "http://x"},
    "Call.MessageReceived": {"text": "hi"},
    "Call.InfoReceived": {"mimeType": "a/b", "body": "c", "headers": {}},
    "Call.MicStatusChange": {"active": True},
}


@pytest.mark.parametrize("kind", CALL_EVENTS)
def test_a_call_s_event_has_name_call_id_and_its_own_fields(platform: Platform, kind: str) -> None:
    platform.call_in(
        f"call.addEventListener('{kind}', (e) => Logger.write(JSON.stringify([e, e.call === call, e.id])));"
    )
    platform.fire(kind, "c1", **CALL_EVENTS[kind])
    event, same, call_id = json.loads(platform.logs()[0])
    assert event == {"name": kind, "call": {}, "id": "c1", **CALL_EVENTS[kind]}
    assert [*event][:3] == ["name", "call", "id"]
    assert (same, call_id) == (True, "c1")


@pytest.mark.parametrize(("kind", "number"), [("rfc2833", "1"), ("inband", "2"), ("info", "3"), ("odd", "1")])
def test_a_tone_says_how_it_came_in_the_platform_s_numbers(
    platform: Platform, kind: str, number: str
) -> None:
    platform.call_in("call.addEventListener(CallEvents.ToneReceived, (e) => Logger.write(e.tone + e.type));")
    platform.fire("Call.ToneReceived", "c1", tone="#", type=kind)
    assert platform.logs() == ["#" + number]


def test_an_event_of_an_unknown_object_or_of_nobody_s_interest_is_nothing(platform: Platform) -> None:
    platform.call_in("")
    for target in ("", "c1", "nobody", "__proto__", "toString"):
        for kind in ("Call.Connected", "No.Such", "__proto__", "@nothing", ""):
            result = platform.fire(kind, target)
            assert result.error is None
            assert result.commands == ()


def test_an_event_does_not_reach_another_call(platform: Platform) -> None:
    platform.call_in(
        "const b = VoxEngine.callUser('bob');"
        "for (const c of [call, b]) c.addEventListener(CallEvents.Ringing, (e) => Logger.write(e.id));"
    )
    other = platform.sent("call.dial")[0].target
    platform.fire("Call.Ringing", other)
    assert platform.logs() == [other]


@pytest.mark.parametrize(
    ("owner", "event"), [("VoxEngine", "AppEvents.CallAlertng"), ("call", "CallEvents.MachineDetected")]
)
def test_an_event_that_is_misspelt_or_not_of_the_platform_is_warned_about(
    platform: Platform, owner: str, event: str
) -> None:
    label = "Call" if owner == "call" else owner
    result = platform.call_in(f"{owner}.addEventListener({event}, () => {{}});")
    assert result.error is None
    (warning,) = platform.logs("warning")
    assert warning.startswith(f"{label}.addEventListener: the event is undefined")


LISTENERS = """
  const f = () => Logger.write('f'), g = () => Logger.write('g');
  call.addEventListener(CallEvents.Ringing, f);
  call.addEventListener(CallEvents.Ringing, g);
  call.addEventListener(CallEvents.Ringing, f);
"""


@pytest.mark.covers("Call.addEventListener", "Call.removeEventListener")
@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("", ["f", "g", "f"]),
        ("call.removeEventListener(CallEvents.Ringing, f);", ["g", "f"]),
        ("call.removeEventListener(CallEvents.Ringing, () => {});", ["f", "g", "f"]),
        ("call.removeEventListener(CallEvents.Ringing);", []),
        ("call.removeEventListener('No.Such', f);", ["f", "g", "f"]),
        ("VoxEngine.removeEventListener(CallEvents.Ringing);", ["f", "g", "f"]),
    ],
)
def test_listeners_are_removed_one_by_one_or_all_at_once(
    platform: Platform, code: str, left: list[str]
) -> None:
    platform.call_in(LISTENERS + code)
    platform.fire("Call.Ringing", "c1")
    assert platform.logs() == left


@pytest.mark.covers("VoxEngine.addEventListener", "VoxEngine.removeEventListener")
def test_voxengine_has_listeners_of_its_own_which_are_removed_one_by_one_or_all_at_once(
    platform: Platform,
) -> None:
    platform.boot(
        "const f = () => Logger.write('f'), g = () => Logger.write('g');"
        "for (const h of [f, g, f]) VoxEngine.addEventListener(AppEvents.HttpRequest, h);"
        "VoxEngine.addEventListener(AppEvents.Started, () =>"
        " VoxEngine.removeEventListener(AppEvents.HttpRequest, f));"
        "VoxEngine.addEventListener(AppEvents.Terminating, () =>"
        " VoxEngine.removeEventListener(AppEvents.HttpRequest));"
    )
    for kind in ("HttpRequest", "Started", "HttpRequest", "Terminating", "HttpRequest"):
        platform.fire(f"Application.{kind}", "r1" if kind == "HttpRequest" else "")
    assert platform.logs() == ["f", "g", "f", "g", "f"]


@pytest.mark.parametrize("way", ["(0, {o}.{m})", "new Proxy({o}, {}).{m}", "Object.create({o}).{m}"])
@pytest.mark.parametrize("owner", ["VoxEngine", "call"])
def test_listeners_can_be_added_and_removed_unbound_or_through_a_wrapper(
    platform: Platform, owner: str, way: str
) -> None:
    def through(method: str) -> str:
        return way.replace("{o}", owner).replace("{m}", method)

    platform.call_in(
        "const h = (e) => Logger.write(e.name);"
        f"{through('addEventListener')}('Call.Ringing', h);"
        f"{through('addEventListener')}('Application.HttpRequest', h);"
        f"{owner}.addEventListener('Call.Disconnected', h);"
        f"{owner}.addEventListener('Application.Terminating', h);"
        f"{through('removeEventListener')}('Call.Disconnected', h);"
        f"{through('removeEventListener')}('Application.Terminating');"
    )
    for kind, target in (("Call.Ringing", "c1"), ("Call.Disconnected", "c1"), ("Application.Terminating", ""),
                         ("Application.HttpRequest", "r1")):  # fmt: skip
        assert platform.fire(kind, target).error is None
    assert platform.logs() == ["Call.Ringing" if owner == "call" else "Application.HttpRequest"]


def test_a_listener_removed_or_added_inside_a_handler(platform: Platform) -> None:
    platform.call_in("""
      const later = () => Logger.write('later');
      const once = () => {
        Logger.write('once');
        call.removeEventListener(CallEvents.Ringing, once);
        call.addEventListener(CallEvents.Ringing, later);
      };
      call.addEventListener(CallEvents.Ringing, once);
      call.addEventListener(CallEvents.Ringing, () => Logger.write('always'));
    """)
    platform.fire("Call.Ringing", "c1")
    platform.fire("Call.Ringing", "c1")
    assert platform.logs() == ["once", "always", "always", "later"]


def test_an_error_in_a_listener_keeps_the_others_from_running(platform: Platform) -> None:
    platform.call_in(
        "call.addEventListener(CallEvents.Ringing, () => { Logger.write('first'); throw new Error('no'); });"
        "call.addEventListener(CallEvents.Ringing, () => Logger.write('second'));"
    )
    result = platform.fire("Call.Ringing", "c1")
    assert result.error is not None
    assert platform.logs() == ["first"]
