"""Fields of CallAlerting."""

from __future__ import annotations

from voxrun.legs.base import IncomingInfo
from voxrun.services.alerting import alerting_fields


def test_addresses_are_made_where_the_leg_has_none() -> None:
    fields = alerting_fields(IncomingInfo("100", "alice"))
    assert (fields["toURI"], fields["fromURI"]) == ("sip:100@voxrun.local", "sip:alice@voxrun.local")
    given = alerting_fields(IncomingInfo("100", "alice", from_uri="sip:a@x", to_uri="sip:b@y"))
    assert (given["toURI"], given["fromURI"]) == ("sip:b@y", "sip:a@x")


def test_a_user_s_call_has_the_platform_s_headers_beside_its_own() -> None:
    info = IncomingInfo("100", "alice", headers={"X-Id": "7"}, custom_data="cd")
    assert alerting_fields(info)["headers"] == {
        "VI-Client-Type": "user",
        "VI-Client-Device": "WebRTC",
        "VI-Authenticated-Caller": "alice",
        "VI-CallData": "cd",
        "X-Id": "7",
    }


def test_a_telephone_number_has_its_type_alone() -> None:
    assert alerting_fields(IncomingInfo("100", "+49", client_type="pstn"))["headers"] == {
        "VI-Client-Type": "pstn"
    }


def test_headers_of_the_caller_win() -> None:
    info = IncomingInfo("100", "alice", headers={"VI-Client-Device": "iPhone"}, client_type="user")
    assert alerting_fields(info)["headers"]["VI-Client-Device"] == "iPhone"
