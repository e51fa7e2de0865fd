"""Two legs that are each other's far end: one session calls another (``callConference``).

What one side does reaches the other as the event that a network would bring; audio waits in a short queue
and leaves with the ticker, a frame every 20 ms, silence when there is none.
"""

from __future__ import annotations

from typing import Any, Final

from voxrun.legs.base import Headers, Leg, MediaCounts
from voxrun.media.backlog import Backlog
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source, Ticker

MOST_WAITING: Final = 25
"""Frames on their way from one side to the other (500 ms); above it the oldest go."""
SPARE: Final = 1
"""Frames that may stay waiting for good: what a network's jitter needs."""
KEYS: Final = frozenset("0123456789*#ABCD")


class _Way(Sink):
    """The way to the other side."""

    exclusive = True

    def __init__(self, frames: Backlog) -> None:
        super().__init__()
        self._frames = frames

    def write(self, frame: bytes, source: Source) -> None:
        self._frames.push(frame)

    def flush(self, source: Source) -> None:
        self._frames.clear()


class LinkedLeg(Leg):
    """One of two; made by ``linked_legs``."""

    def __init__(self, ticker: Ticker, incoming: bool) -> None:
        super().__init__()
        self.incoming = incoming
        self.connected = False
        self.over = False
        self._ticker = ticker
        self._frames = Backlog(MOST_WAITING)  # from the other side
        self._received = 0
        self._held = False
        self._sounds = False
        self._other: LinkedLeg = self
        self._sink: Sink = _Way(self._frames)

    def link(self, other: LinkedLeg) -> None:
        """Make ``other`` the far end."""
        self._other = other
        self._sink = _Way(other._frames)

    @property
    def sink(self) -> Sink:
        return self._sink

    # -- Leg contract -------------------------------------------------------------------------------

    def ring(self, headers: Headers) -> None:
        if self._alerting:
            self._other._tell("ringing", headers=dict(headers))

    def early_media(self, headers: Headers) -> None:
        if self._alerting:
            self._other._tell("early_media", headers=dict(headers))
            self._other._open()

    def answer(self, headers: Headers) -> None:
        if not self._alerting:
            return
        for leg, told in ((self, {}), (self._other, dict(headers))):
            leg.connected = True
            leg._tell("answered", headers=told)
            leg._open()

    def reject(self, code: int, reason: str, headers: Headers) -> None:
        if self._alerting:
            self._part(code, reason, headers)

    def hangup(self, headers: Headers) -> None:
        if not self.over:
            self._part(200 if self.connected else 603 if self.incoming else 487, "", headers)

    def send_dtmf(self, digits: str) -> None:
        for digit in digits.upper():
            if self.connected and digit in KEYS:  # a pause is nothing to wait for between two queues
                self._other._tell("dtmf", digit=digit, method="rfc2833")

    def send_info(self, mime: str, body: str, headers: Headers) -> None:
        self._other._tell("info", mime=mime, body=body, headers=dict(headers))

    def send_message(self, text: str) -> None:
        self._other._tell("message", text=text)

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        if self.connected:
            self._other._tell("reinvite", mime=mime, body=body, headers=dict(headers))

    def accept_reinvite(self, mime: str, body: str, headers: Headers) -> None:
        if self.connected:
            self._other._tell("reinvite_accepted", mime=mime, body=body, headers=dict(headers))

    def reject_reinvite(self, code: int, reason: str, headers: Headers) -> None:
        if self.connected:
            self._other._tell("reinvite_rejected", code=code, reason=reason, headers=dict(headers))

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        if self.connected and not self.over:
            super().transfer(to, attended, headers)

    def counts(self) -> MediaCounts:
        return MediaCounts(self._received, sent=self._other._received)

    def hold(self, on: bool) -> None:
        """Put the other side on hold, or take it back; the second time does nothing."""
        if self.connected and on != self._held:
            self._held = self._other._held = on
            self._other._tell("hold" if on else "unhold")

    async def close(self) -> None:
        self.on_event = None
        self.hangup({})

    # -- between the two ----------------------------------------------------------------------------

    @property
    def _alerting(self) -> bool:
        return self.incoming and not self.connected and not self.over

    def _part(self, code: int, reason: str, headers: Headers) -> None:
        """This side ends the call, for both."""
        self._finish(code, reason, "local", {})
        self._other._finish(code, reason, "remote", dict(headers))

    def _finish(self, code: int, reason: str, by: str, headers: dict[str, str]) -> None:
        if self.over:
            return
        self.over = True
        self._ticker.stop(self)
        if self.incoming or self.connected:
            self.emit("ended", code=code, reason=reason, by=by, headers=headers)
        else:
            self.emit("failed", code=code, reason=reason, headers=headers)

    def _tell(self, kind: Any, **data: Any) -> None:
        if not self.over:
            self.emit(kind, **data)

    def _open(self) -> None:
        """Give audio from now on."""
        if not self.over:
            self._ticker.start(self)

    def tick(self) -> bool:
        if not self._sounds:
            self._sounds = True
            self._tell("first_audio")
        self._received += 1
        if self._held:
            self._frames.clear()
        self.audio.push(self._frames.pop(SPARE) or SILENCE)
        return not self.over


def linked_legs(ticker: Ticker) -> tuple[LinkedLeg, LinkedLeg]:
    """(the leg of the call that goes out, the leg of the call that comes in)."""
    outgoing, incoming = LinkedLeg(ticker, False), LinkedLeg(ticker, True)
    outgoing.link(incoming)
    incoming.link(outgoing)
    return outgoing, incoming
