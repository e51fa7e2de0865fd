"""What a scenario is told of a call that comes in: the fields of CallAlerting."""

from __future__ import annotations

from typing import Any

from voxrun.legs.base import IncomingInfo

HOST = "voxrun.local"
"""Stands for the account's domain in addresses."""


def alerting_fields(info: IncomingInfo) -> dict[str, Any]:
    """Fields of Application.CallAlerting, and ``clientType``, which is the call's own."""
    return {
        "callerid": info.callerid,
        "destination": info.destination,
        "toURI": info.to_uri or f"sip:{info.destination}@{HOST}",
        "fromURI": info.from_uri or f"sip:{info.callerid}@{HOST}",
        "displayName": info.display_name,
        "headers": {**own_headers(info), **info.headers},
        "customData": info.custom_data,
        "clientType": info.client_type,
        "scheme": "",
    }


def own_headers(info: IncomingInfo) -> dict[str, str]:
    """The VI-* headers that the platform adds: of users a little more than of telephone numbers."""
    headers: dict[str, str] = {"VI-Client-Type": info.client_type}
    if info.client_type == "user":
        headers["VI-Client-Device"] = "WebRTC"
        headers["VI-Authenticated-Caller"] = info.callerid
        if info.custom_data:
            headers["VI-CallData"] = info.custom_data
    return headers
