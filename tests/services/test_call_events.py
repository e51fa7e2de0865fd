"""Events of legs that scenarios are simply told."""

from __future__ import annotations

import pytest

from voxrun.services.call_events import event_of


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("message", {"text": "hi"}, ("MessageReceived", {"text": "hi", "headers": {}})),
        (
            "info",
            {"mime": "a/b", "body": "c", "headers": {"X-A": "b"}},
            ("InfoReceived", {"mimeType": "a/b", "body": "c", "headers": {"X-A": "b"}}),
        ),
        (
            "reinvite",
            {"mime": "a/b", "body": "c"},
            ("ReInviteReceived", {"mimeType": "a/b", "body": "c", "headers": {}}),
        ),
        (
            "reinvite_rejected",
            {"code": 488, "headers": {}},
            ("ReInviteRejected", {"code": 488, "reason": "", "headers": {}}),
        ),
        ("hold", {}, ("OnHold", {})),
        ("unhold", {}, ("OffHold", {})),
        ("answered", {}, None),
    ],
)
def test_a_leg_event_becomes_the_platform_s(kind: str, data: dict[str, object], expected: object) -> None:
    assert event_of(kind, data) == expected


def test_a_field_that_is_missing_is_an_error_for_the_caller() -> None:
    with pytest.raises(KeyError):
        event_of("message", {})
