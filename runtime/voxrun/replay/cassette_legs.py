"""The people of a cassette: legs whose far end does what it did when the cassette was recorded.

Before a call is connected things happen as long after its beginning as they did then (an answer as long after
the scenario's ``answer()``), afterwards as long after the connection; the recorded voice likewise. What the
far end did because the scenario did something (the end after a hang-up) is left to the scenario.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from voxrun.legs.base import DialRequest, Headers, IncomingInfo, Leg
from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import FRAME_MS, split
from voxrun.media.graph import Ticker
from voxrun.replay.cassette import PartyEvent, TapedLeg
from voxrun.replay.cassette_play import Account

BY_ITSELF: Final = frozenset(
    {
        "ringing", "early_media", "failed", "ended", "dtmf", "info", "message", "hold", "unhold",
        *("refer", "transferred", "transfer_failed"), *("reinvite", "reinvite_accepted", "reinvite_rejected"),
    }
)  # fmt: skip
"""Events that are done; the others come of what is done."""
ENDING: Final = ("call.hangup", "call.reject")
LAST_MS: Final = 0.4
"""Less than the half of a millisecond, in which cassettes count."""
UNKNOWN_NUMBER: Final = 404


class TapedParty(ScriptedLeg):
    """A leg of a cassette."""

    def __init__(self, ticker: Ticker, taped: TapedLeg, voice: bytes) -> None:
        super().__init__(ticker, taped.incoming, taped.client)
        self._taped = taped
        self._voice = voice
        self.can_transfer = self.can_reinvite = True  # how that went is on the cassette
        self._loop = asyncio.get_running_loop()
        answered = taped.first("answered")
        self._answered_t = answered.t if answered is not None else None
        self._answering = False
        for event in taped.events:
            if self._answered_t is None or event.t < self._answered_t:
                self._later(event.t - taped.t, event)
        if not taped.incoming and answered is not None:
            headers = dict(answered.data.get("headers") or {})
            own = str(answered.data.get("custom_data") or "")
            self._loop.call_later((answered.t - taped.t) / 1000, lambda: self.remote.answer(headers, own))

    def answer(self, headers: Headers) -> None:
        commanded = self._taped.commanded("call.answer")
        if self._answered_t is None or commanded is None or self._answered_t <= commanded:
            super().answer(headers)
        elif not self._answering and not self.connected and not self.over:
            self._note("answer", headers=dict(headers))
            self._answering = True
            self._loop.call_later((self._answered_t - commanded) / 1000, lambda: self.connect({}))

    def connect(self, headers: dict[str, str], custom_data: str = "") -> None:
        was = self.connected
        super().connect(headers, custom_data)
        if was or not self.connected:
            return
        zero = self._answered_t if self._answered_t is not None else self._taped.t
        for event in self._taped.events:
            if self._answered_t is not None and event.t >= self._answered_t:
                self._later(event.t - zero, event)
        if self._taped.sound_t is not None and self._voice:
            # Half a frame early: the next tick takes it, on the very frame where it began.
            after = max(0, self._taped.sound_t - zero - FRAME_MS // 2)
            self._loop.call_later(after / 1000, self.queue.extend, split(self._voice))

    def _later(self, ms: int, event: PartyEvent) -> None:
        if event.what in BY_ITSELF and self._is_own(event):
            # What the scenario did in the millisecond in which the call ended was done before.
            late = LAST_MS if event.what in ("ended", "failed") else 0.0
            self._loop.call_later((ms + late) / 1000, self._do, event)

    def _is_own(self, event: PartyEvent) -> bool:
        """Whether the far end did it by itself, and not because the scenario put the phone down."""
        if event.what == "ended":
            return event.data.get("by") == "remote"
        hung_up = self._taped.commanded(*ENDING)
        return event.what != "failed" or hung_up is None or hung_up > event.t

    def _do(self, event: PartyEvent) -> None:
        if self.over:
            return
        data: dict[str, Any] = dict(event.data)
        remote = self.remote
        headers = dict(data.get("headers") or {})
        match event.what:
            case "ringing":
                remote.ring(headers)
            case "early_media":
                remote.early_media(headers)
            case "failed":
                remote.refuse(int(data.get("code") or UNKNOWN_NUMBER), str(data.get("reason") or ""), headers)
            case "ended":
                remote.hang_up(int(data.get("code") or 0), str(data.get("reason") or ""), headers)
            case "dtmf":
                remote.press(str(data["digit"]), str(data.get("method") or "rfc2833"))
            case "info":
                remote.info(str(data["mime"]), str(data["body"]), headers)
            case "message":
                remote.message(str(data["text"]))
            case "hold" | "unhold":
                remote.hold(event.what == "hold")
            case what:  # the rest is told as it was
                self.tell(what, **data)


class TapedDialer:
    """``Dialer``: each call goes to the first unused recorded one of the same destination."""

    def __init__(self, account: Account, ticker: Ticker) -> None:
        self._account = account
        self._ticker = ticker

    def __call__(self, request: DialRequest) -> Leg:
        account = self._account
        unused = [leg for leg in account.cassette.legs.values() if self._is_free(leg)]
        wanted = {"kind": request.kind, "destination": request.destination}
        for leg in unused:
            if all(leg.info.get(key) == account.hider.value(value) for key, value in wanted.items()):
                account.used.add(("leg", leg.number))
                return TapedParty(self._ticker, leg, account.cassette.sound(leg.number))
        recorded = {key: unused[0].info.get(key) for key in wanted} if unused else None
        account.differ(f"call to {request.destination}", recorded, {**wanted}, "call.dial")
        nobody = ScriptedLeg(self._ticker, False, request.kind)
        nobody.remote.refuse(UNKNOWN_NUMBER, "not on the cassette")
        return nobody

    def _is_free(self, leg: TapedLeg) -> bool:
        return not leg.incoming and ("leg", leg.number) not in self._account.used


def incoming_info(leg: TapedLeg, account: Account) -> IncomingInfo:
    """What is known of the recorded incoming call."""

    def text(name: str) -> str:
        return account.reveal(str(leg.info.get(name) or ""))

    headers = leg.info.get("headers")
    kept = headers if isinstance(headers, dict) else {}
    return IncomingInfo(
        destination=text("destination"),
        callerid=text("callerid"),
        display_name=text("displayName"),
        from_uri=text("fromURI"),
        to_uri=text("toURI"),
        headers={
            name: account.reveal(str(value)) for name, value in kept.items() if name != "VI-Client-Type"
        },
        custom_data=text("customData"),
        client_type=leg.client if leg.client in ("user", "pstn", "sip", "wab") else "user",  # type: ignore[arg-type]
    )
