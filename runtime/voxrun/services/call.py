"""One call: what its leg tells becomes events of the platform, in the platform's order.

::

    incoming   (CallAlerting by the session)  answered -> Connected        ended -> Disconnected
    outgoing   ringing -> Ringing, early_media -> AudioStarted, answered -> AudioStarted (if none yet),
               Connected                      failed -> Failed             ended -> Disconnected

Codes and meanings: SIP, RFC 3261 section 21.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from voxrun.legs.base import Leg, LegEvent
from voxrun.media.graph import Sink, Source, Ticker
from voxrun.services.mic import MicWatcher
from voxrun.session.clock import Clock

log = logging.getLogger(__name__)

NORMAL_CODE = 200
"""internalCode of a call that was connected and ended in the normal way."""

DECLINED = 603

REASONS = {
    200: "Normal call clearing",
    402: "Insufficient funds",
    403: "Call limit reached",
    404: "Invalid number",
    408: "Request timeout",
    480: "Temporarily unavailable",
    486: "Busy here",
    487: "Request terminated",
    603: "Declined",
}

Emit = Callable[[str, str, dict[str, Any]], None]
"""(event kind, call id, fields)"""


class CallSink(Sink):
    """The way into a call: one source at a time; ``taps`` hear what the far end is given."""

    exclusive = True

    def __init__(self, leg: Leg) -> None:
        super().__init__()
        self._leg = leg
        self.taps: list[Callable[[bytes], None]] = []

    def write(self, frame: bytes, source: Source) -> None:
        self._leg.sink.write(frame, source)
        for tap in tuple(self.taps):
            tap(frame)

    def flush(self, source: Source) -> None:
        self._leg.sink.flush(source)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Milliseconds; ``answer`` for the call as a whole until it is connected."""

    answer: int
    early_media: int


class CallState:
    """One call of a session. Owned by the call service."""

    def __init__(
        self,
        call_id: str,
        leg: Leg,
        incoming: bool,
        clock: Clock,
        ticker: Ticker,
        emit: Emit,
        timeouts: Timeouts,
    ) -> None:
        self.id = call_id
        self.leg = leg
        self.incoming = incoming
        self.connected = False
        self.over = False
        self.sink = CallSink(leg)
        self.on_connected: list[Callable[[], None]] = []
        self.on_over: list[Callable[[], None]] = []
        self._clock = clock
        self._ticker = ticker
        self._emit = emit
        self._timeouts = timeouts
        self._connected_ms = 0
        self._audio_started = False
        self._answered = False
        self._tones = False
        self._mic: MicWatcher | None = None
        self._code_override: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._arm(timeouts.answer, self._not_answered)

    # -- commands -----------------------------------------------------------------------------------

    def answer(self, headers: dict[str, str]) -> None:
        """Accept an incoming call; a second answer does nothing."""
        if self.incoming and not self._answered:
            self._answered = True
            self._disarm()
            self.leg.answer(headers)

    def ring(self, headers: dict[str, str]) -> None:
        """Tell the caller that it rings."""
        if self.incoming and not self._answered:
            self.leg.ring(headers)

    def early_media(self, headers: dict[str, str]) -> None:
        """Open audio towards the caller before the answer."""
        if self.incoming and not self._answered:
            self._arm(self._timeouts.early_media, self._not_answered)
            self.leg.early_media(headers)

    def reject(self, code: int, headers: dict[str, str]) -> None:
        """Refuse an incoming call; after the answer it does nothing."""
        if self.incoming and not self.connected:
            self.leg.reject(code, REASONS.get(code, ""), headers)

    def hangup(self, headers: dict[str, str]) -> None:
        self.leg.hangup(headers)

    def handle_tones(self, on: bool) -> None:
        self._tones = on

    def handle_mic(self, on: bool) -> None:
        if on and self._mic is None:
            self._mic = MicWatcher(
                self._ticker, lambda active: self._send("Call.MicStatusChange", active=active)
            )
            self.leg.audio.connect(self._mic)
        elif not on and self._mic is not None:
            self.leg.audio.disconnect(self._mic)
            self._mic.stop()
            self._mic = None

    # -- what the leg tells -------------------------------------------------------------------------

    def begin(self) -> None:
        """Listen to the leg."""
        self.leg.on_event = self._leg_event

    def _leg_event(self, event: LegEvent) -> None:
        if self.over:
            return
        handler = getattr(self, f"_on_{event.kind}", None)
        if handler is None:
            return
        try:
            handler(dict(event.data))
        except Exception:
            # Raised into the leg it would end what carries this call, and with it maybe others.
            log.exception("call %s: the event %s of its leg was not understood", self.id, event.kind)

    def _on_ringing(self, data: dict[str, Any]) -> None:
        if not self.connected:
            self._send("Call.Ringing", headers=data.get("headers", {}))

    def _on_early_media(self, data: dict[str, Any]) -> None:
        self._start_audio(data)

    def _start_audio(self, data: dict[str, Any]) -> None:
        if not self._audio_started:
            self._audio_started = True
            self._send("Call.AudioStarted", headers=data.get("headers", {}))

    def _on_answered(self, data: dict[str, Any]) -> None:
        if self.connected:
            return
        self._disarm()
        self.connected = True
        self._connected_ms = self._clock.unix_ms()
        if not self.incoming:
            self._start_audio(data)
        self._send("Call.Connected", headers=data.get("headers", {}))
        for listener in tuple(self.on_connected):
            listener()

    def _on_failed(self, data: dict[str, Any]) -> None:
        code, reason = self._code(data)
        self._finish()
        self._send("Call.Failed", code=code, reason=reason, headers=data.get("headers", {}))

    def _on_ended(self, data: dict[str, Any]) -> None:
        if not self.incoming and not self.connected:
            self._on_failed(data)
            return
        code, reason = self._code(data)
        duration = self._clock.unix_ms() - self._connected_ms if self.connected else 0
        self._finish()
        self._send(
            "Call.Disconnected",
            internalCode=code,
            reason=reason,
            duration=(duration + 500) // 1000,
            cost=0,
            direction="incoming" if self.incoming else "outgoing",
            headers=data.get("headers", {}),
        )

    def _on_dtmf(self, data: dict[str, Any]) -> None:
        if self._tones:
            self._send("Call.ToneReceived", tone=data["digit"], type=data.get("method", "rfc2833"))

    def _on_info(self, data: dict[str, Any]) -> None:
        self._send(
            "Call.InfoReceived", mimeType=data["mime"], body=data["body"], headers=data.get("headers", {})
        )

    def _on_message(self, data: dict[str, Any]) -> None:
        self._send("Call.MessageReceived", text=data["text"])

    def _on_hold(self, data: dict[str, Any]) -> None:
        self._send("Call.OnHold")

    def _on_unhold(self, data: dict[str, Any]) -> None:
        self._send("Call.OffHold")

    def _on_first_audio(self, data: dict[str, Any]) -> None:
        self._send("Call.FirstAudioPacketReceived")

    def _on_rtp_stopped(self, data: dict[str, Any]) -> None:
        self._send("Call.RtpStopped")

    def _on_rtp_resumed(self, data: dict[str, Any]) -> None:
        self._send("Call.RtpResumed")

    # -- helpers ------------------------------------------------------------------------------------

    def _send(self, kind: str, **fields: Any) -> None:
        self._emit(kind, self.id, fields)

    def _code(self, data: dict[str, Any]) -> tuple[int, str]:
        """(code, reason) of an end; whatever a leg says, the call is over."""
        code, reason = data.get("code"), str(data.get("reason") or "")
        if self._code_override is not None:
            code, reason = self._code_override, ""
        if not isinstance(code, int) or not code:
            code = NORMAL_CODE
        return code, reason or REASONS.get(code, "")

    def _not_answered(self) -> None:
        self._code_override = 408
        if self.incoming:
            self.leg.reject(408, REASONS[408], {})
        else:
            self.leg.hangup({})

    def _arm(self, delay_ms: int, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(delay_ms / 1000, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self) -> None:
        self.over = True
        self._disarm()
        self.handle_mic(False)
        for listener in tuple(self.on_over):
            listener()

    async def close(self) -> None:
        """Hang up without an event and free the leg (the session is over).

        A caller who was not answered is declined: he must not wait for his own patience to run out.
        """
        self.leg.on_event = None
        if not self.over:
            self._finish()
            if self.incoming and not self._answered:
                self.leg.reject(DECLINED, REASONS[DECLINED], {})
        await self.leg.close()
