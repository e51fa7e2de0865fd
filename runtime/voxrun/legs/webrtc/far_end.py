"""Between a WebRTC leg and its far end: the signalling that is told, and the frames on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal, Protocol

from voxrun.legs.base import Headers
from voxrun.legs.webrtc.media import MAX_QUEUE
from voxrun.media.graph import Sink, Source

By = Literal["remote", "local", "error"]

REASONS = {
    200: "Normal termination",
    404: "Not Found",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    603: "Decline",
}
"""Reason phrases of SIP codes (RFC 3261 section 21)."""


def reason_of(code: int) -> str:
    """The usual reason phrase of a SIP code."""
    return REASONS.get(code, "Call failed" if code >= 400 else "Redirected")


class FarEnd(Protocol):
    """What the leg tells the far end. Returns at once; nothing raises."""

    def ringing(self, headers: Headers) -> None: ...

    def early(self, sdp: str, headers: Headers) -> None: ...

    def answered(self, sdp: str | None, headers: Headers) -> None: ...

    def ended(self, code: int, reason: str, by: By, headers: Headers, duration: float) -> None:
        """Over; ``by`` as seen from us ("local": the scenario). Last call."""

    def dtmf(self, digits: str, method: Literal["rfc2833", "inband"]) -> None: ...

    def info(self, mime: str, body: str, headers: Headers) -> None: ...

    def message(self, text: str) -> None: ...


class LegSink(Sink):
    """Frames for the far end, on their way to the pacer."""

    exclusive = True

    def __init__(self) -> None:
        super().__init__()
        self.frames: deque[bytes] = deque(maxlen=MAX_QUEUE)
        self.written: Callable[[], None] = lambda: None
        """Told of every frame."""
        self.cut: Callable[[], None] = lambda: None
        """Told when what waited was forgotten."""
        self.held = False

    def write(self, frame: bytes, source: Source) -> None:
        if not self.held:
            self.frames.append(frame)
            self.written()

    def flush(self, source: Source) -> None:
        self.frames.clear()
        self.cut()
