"""What a leg tells and the scenario is simply told: leg event -> platform event with its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Data = Mapping[str, Any]
Fields = dict[str, Any]


def _headers(data: Data) -> Fields:
    return {"headers": data.get("headers", {})}


def _nothing(data: Data) -> Fields:
    return {}


def _reinvite(data: Data) -> Fields:
    return {"mimeType": data["mime"], "body": data["body"], **_headers(data)}


def _failure(data: Data) -> Fields:
    return {"code": data["code"], "reason": data.get("reason", ""), **_headers(data)}


TOLD: Final[dict[str, tuple[str, Callable[[Data], Fields]]]] = {
    "info": ("InfoReceived", lambda data: {"mimeType": data["mime"], "body": data["body"], **_headers(data)}),
    "message": ("MessageReceived", lambda data: {"text": data["text"], **_headers(data)}),
    "push_sent": ("PushSent", lambda data: {"result": data["result"]}),
    "hold": ("OnHold", _nothing),
    "unhold": ("OffHold", _nothing),
    "first_audio": ("FirstAudioPacketReceived", _nothing),
    "rtp_stopped": ("RtpStopped", _nothing),
    "rtp_resumed": ("RtpResumed", _nothing),
    "reinvite": ("ReInviteReceived", _reinvite),
    "reinvite_accepted": ("ReInviteAccepted", _reinvite),
    "reinvite_rejected": ("ReInviteRejected", _failure),
}


def event_of(kind: str, data: Data) -> tuple[str, Fields] | None:
    """(name without "Call.", fields); None for events that mean more. Raises KeyError for a field that is
    missing."""
    known = TOLD.get(kind)
    return None if known is None else (known[0], known[1](data))
