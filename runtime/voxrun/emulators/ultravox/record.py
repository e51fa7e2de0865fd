"""A call as the REST API shows it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from voxrun.emulators.ultravox.call_config import CallConfig
from voxrun.emulators.ultravox.effects import EndReason, Severity
from voxrun.emulators.ultravox.values import format_duration
from voxrun.session.messages import Json, JsonObject

if TYPE_CHECKING:
    from voxrun.emulators.ultravox.live import LiveCall

BILLING_STEP: Final = 6
SEVERITIES: Final = ("debug", "info", "warning", "error")
MAX_EVENTS: Final = 1000


def timestamp(unix_ms: int) -> str:
    """RFC 3339 with milliseconds, UTC."""
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class CallRecord(Struct):
    """One call from its creation on. Times are unix milliseconds."""

    call_id: str
    config: CallConfig
    created: int
    join_url: str
    agent_id: str | None = None
    agent_name: str = ""
    joined: int | None = None
    ended: int | None = None
    end_reason: EndReason | None = None
    client_version: str | None = None
    messages: list[JsonObject] = field(default_factory=list)
    events: list[JsonObject] = field(default_factory=list)
    live: LiveCall | None = None

    def note(self, severity: Severity, kind: str, text: str, extras: JsonObject, now: int) -> None:
        """Append a call event."""
        if len(self.events) >= MAX_EVENTS:
            return
        began = self.joined if self.joined is not None else now
        event: JsonObject = {
            "callId": self.call_id,
            "callStageId": None,
            "callTimestamp": format_duration(max(0, now - began) / 1000),
            "severity": severity,
            "type": kind[:50],
            "text": text,
            "extras": extras,
            "wallClockTimestamp": timestamp(now),
        }
        self.events.append(event)

    def close(self, reason: EndReason, now: int) -> None:
        """The call is over; the first reason stays."""
        if self.ended is None:
            self.ended, self.end_reason = now, reason

    @property
    def billed_seconds(self) -> int:
        """Seconds from join to end in started steps of six."""
        if self.joined is None or self.ended is None:
            return 0
        return math.ceil((self.ended - self.joined) / 1000 / BILLING_STEP) * BILLING_STEP

    def to_json(self) -> JsonObject:
        """The Call object."""
        agent: Json = {"agentId": self.agent_id, "name": self.agent_name} if self.agent_id else None
        over = self.ended is not None
        return {
            **self.config.echo,
            "callId": self.call_id,
            "clientVersion": self.client_version,
            "created": timestamp(self.created),
            "joined": None if self.joined is None else timestamp(self.joined),
            "ended": None if self.ended is None else timestamp(self.ended),
            "endReason": self.end_reason,
            "billedDuration": f"{self.billed_seconds}s" if over else None,
            "billedSideInputTokens": 0 if over else None,
            "billedSideOutputTokens": 0 if over else None,
            "billingStatus": self._billing(),
            "joinUrl": self.join_url,
            "agent": agent,
            "agentId": self.agent_id,
            "requestContext": {},
            "shortSummary": None,
            "summary": None,
            "sipDetails": None,
        }

    def _billing(self) -> str:
        if self.ended is None:
            return "BILLING_STATUS_PENDING"
        return (
            "BILLING_STATUS_FREE_OTHER"
            if self.billed_seconds
            else "BILLING_STATUS_FREE_ZERO_EFFECTIVE_DURATION"
        )
