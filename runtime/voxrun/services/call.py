"""One call: what its leg tells becomes events of the platform, in the platform's order.

::

    incoming   (CallAlerting by the session)  answered -> Connected        ended -> Disconnected
    outgoing   ringing -> Ringing, early_media -> AudioStarted, answered -> AudioStarted (if none yet),
               Connected                      failed -> Failed             ended -> Disconnected

States: ALERTING (incoming) -> PROGRESSING -> CONNECTED -> TERMINATED; StateChanged comes before the event
that changed it, for those who watch it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Literal

from msgspec import Struct

from voxrun.legs.base import Leg, LegEvent
from voxrun.services.call_codes import DECLINED, NO_ANSWER, REASONS, ending
from voxrun.services.call_events import event_of
from voxrun.services.call_media import CallAudio, CallSink
from voxrun.session.clock import Clock

log = logging.getLogger(__name__)

State = Literal["ALERTING", "PROGRESSING", "CONNECTED", "TERMINATED"]

ALL_TONES = frozenset({"rfc2833", "inband", "info"})
"""Ways in which keys come."""

Emit = Callable[[str, str, dict[str, Any]], None]
"""(event kind, call id, fields)"""

LegHandler = Callable[[dict[str, Any]], None]


class Timeouts(Struct, frozen=True):
    """Milliseconds; ``answer`` for the call as a whole until it is connected."""

    answer: int
    early_media: int


class CallKind(Struct, frozen=True):
    """What is special about a call. ``rings_late``: Ringing after early media too (callSIP's
    allow180After183). ``direct``: peer to peer, its audio does not pass here."""

    rings_late: bool = False
    direct: bool = False


class CallState:
    """One call of a session. Owned by the call service."""

    def __init__(
        self,
        call_id: str,
        leg: Leg,
        incoming: bool,
        clock: Clock,
        emit: Emit,
        timeouts: Timeouts,
        kind: CallKind | None = None,
    ) -> None:
        self.id = call_id
        self.leg = leg
        self.incoming = incoming
        self.kind = kind or CallKind()
        self.state: State = "ALERTING" if incoming else "PROGRESSING"
        self.connected = False
        """Whether it ever was."""
        self.sink = CallSink(leg)
        self.sink.open = False
        self.way_out = CallAudio(leg)
        self.audio = self.way_out.source
        """What the far end says, as the scenario may hear it."""
        self.tones: frozenset[str] = frozenset()
        """Ways of keys that the scenario handles."""
        self.watched: set[str] = set()
        """Names of events that are raised for those who listen ("StateChanged")."""
        self.on_watch: list[Callable[[str], None]] = []
        self.on_leg: dict[str, LegHandler] = {}
        """By kind of leg event: who takes it beyond this module (transfers)."""
        self.on_connected: list[Callable[[], None]] = []
        self.on_over: list[Callable[[], None]] = []
        self.on_key: list[Callable[[str], None]] = []
        """Told how each key came."""
        self._clock = clock
        self._emit = emit
        self._timeouts = timeouts
        self._connected_ms = 0
        self._audio_started = False
        self._answered = False
        self._code_override: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._arm(timeouts.answer, self._not_answered)

    @property
    def over(self) -> bool:
        return self.state == "TERMINATED"

    @property
    def audible(self) -> bool:
        """Whether audio can reach the far end: early media was started, or it is (being) answered."""
        open_early = self.incoming and (self._answered or self._audio_started)
        return not self.over and (self.connected or open_early)

    # -- commands -----------------------------------------------------------------------------------

    def answer(self, headers: dict[str, str]) -> None:
        """Accept an incoming call; a second answer does nothing."""
        if self.incoming and not self._answered:
            self._answered = self.sink.open = True
            self._disarm()
            self.leg.answer(headers)

    def ring(self, headers: dict[str, str]) -> None:
        """Tell the caller that it rings."""
        if self.incoming and not self._answered:
            self._become("PROGRESSING")
            self.leg.ring(headers)

    def early_media(self, headers: dict[str, str]) -> None:
        """Open audio towards the caller before the answer."""
        if self.incoming and not self._answered:
            self._audio_started = self.sink.open = True
            self._become("PROGRESSING")
            self._arm(self._timeouts.early_media, self._not_answered)
            self.leg.early_media(headers)

    def reject(self, code: int, headers: dict[str, str]) -> None:
        """Refuse an incoming call; after the answer it does nothing."""
        if self.incoming and not self.connected:
            self.leg.reject(code, REASONS.get(code, ""), headers)

    def hangup(self, headers: dict[str, str]) -> None:
        self.leg.hangup(headers)

    def watch(self, name: str) -> None:
        """The scenario listens to an event that is raised only for those who do."""
        self.watched.add(name)
        for listener in tuple(self.on_watch):
            listener(name)

    def send(self, kind: str, **fields: Any) -> None:
        """Raise "Call.<kind>"; after the end nothing is raised."""
        if not self.over:
            self._emit(f"Call.{kind}", self.id, fields)

    # -- what the leg tells -------------------------------------------------------------------------

    def begin(self) -> None:
        """Listen to the leg."""
        self.leg.on_event = self._leg_event

    def _leg_event(self, event: LegEvent) -> None:
        if self.over:
            return
        data = dict(event.data)
        try:
            handler = getattr(self, f"_on_{event.kind}", None) or self.on_leg.get(event.kind)
            if handler is not None:
                handler(data)
            elif (told := event_of(event.kind, data)) is not None:
                self.send(told[0], **told[1])
        except Exception:
            # Raised into the leg it would end what carries this call, and with it maybe others.
            log.exception("call %s: the event %s of its leg was not understood", self.id, event.kind)

    def _on_ringing(self, data: dict[str, Any]) -> None:
        if not self.connected and (self.kind.rings_late or not self._audio_started):
            self.send("Ringing", headers=data.get("headers", {}))

    def _on_early_media(self, data: dict[str, Any]) -> None:
        self._start_audio(data)

    def _start_audio(self, data: dict[str, Any]) -> None:
        if not self._audio_started:
            self._audio_started = True
            if not self.kind.direct:
                self.send("AudioStarted", headers=data.get("headers", {}))

    def _on_answered(self, data: dict[str, Any]) -> None:
        if self.connected:
            return
        self._disarm()
        self.connected = self.sink.open = True
        self._connected_ms = self._clock.unix_ms()
        if not self.incoming:
            self._start_audio(data)
        self._become("CONNECTED")
        own = {"customData": data["custom_data"]} if data.get("custom_data") else {}
        self.send("Connected", headers=data.get("headers", {}), **own)
        if "AudioQualityDetected" in self.watched:
            self.send("AudioQualityDetected", quality="HD" if self.leg.wideband else "Standard")
        for listener in tuple(self.on_connected):
            listener()

    def _on_failed(self, data: dict[str, Any]) -> None:
        code, reason = ending(data, self._code_override)
        self._finish("Failed", code=code, reason=reason, headers=data.get("headers", {}))

    def _on_ended(self, data: dict[str, Any]) -> None:
        if not self.incoming and not self.connected:
            self._on_failed(data)
            return
        code, reason = ending(data, self._code_override)
        duration = self._clock.unix_ms() - self._connected_ms if self.connected else 0
        self._finish(
            "Disconnected",
            internalCode=code,
            reason=reason,
            duration=(duration + 500) // 1000,
            cost=0,
            direction="incoming" if self.incoming else "outgoing",
            headers=data.get("headers", {}),
        )

    def _on_dtmf(self, data: dict[str, Any]) -> None:
        method = data.get("method", "rfc2833")
        for listener in tuple(self.on_key):
            listener(method)
        if method in self.tones:
            self.send("ToneReceived", tone=data["digit"], type=method)

    # -- helpers ------------------------------------------------------------------------------------

    def _become(self, state: State) -> None:
        if state == self.state:
            return
        before = self.state
        if "StateChanged" in self.watched:
            self.send("StateChanged", oldState=before, newState=state)
        self.state = state

    def _not_answered(self) -> None:
        self._code_override = NO_ANSWER
        if self.incoming:
            self.leg.reject(NO_ANSWER, REASONS[NO_ANSWER], {})
        else:
            self.leg.hangup({})

    def _arm(self, delay_ms: int, then: Callable[[], None]) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(delay_ms / 1000, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _finish(self, kind: str = "", **fields: Any) -> None:
        """The call is over, with a last event or (``kind`` "") without a word."""
        self._disarm()
        if kind and "StateChanged" in self.watched:
            self.send("StateChanged", oldState=self.state, newState="TERMINATED")
        self.state = "TERMINATED"
        for listener in tuple(self.on_over):
            listener()
        if kind:
            self._emit(f"Call.{kind}", self.id, fields)

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
