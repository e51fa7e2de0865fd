"""The telephone beside a softphone: what SIP phones can and the signalling of a page has no words for.

Transfers (REFER), re-INVITEs and custom data of an answer go from the person to the scenario's end of the
call directly; signalling, audio and keys go over the wire as ever. A leg around the one of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from voxrun.legs.base import Headers, Leg, LegEvent, MediaCounts
from voxrun.media.graph import Sink
from voxrun.replay.people import SUCCESS

Told: TypeAlias = Callable[..., None]
"""(kind, text, **data): what goes on the timeline (``Party.tell_moment``)."""
OVER: Final = ("ended", "failed")


class Telephone(Leg):
    """A leg as it is, and what its phone can do beyond. ``name`` is its person's.

    ``told`` and ``hang_up`` are the person's, from when there is one.
    """

    def __init__(self, leg: Leg, name: str) -> None:
        super().__init__()
        self.name = name
        self.client_type = leg.client_type
        self.audio = leg.audio
        self.connected = False
        self.can_transfer = self.can_reinvite = leg.client_type == "sip"
        self.on_transfer: Callable[[], None] = lambda: None
        self.on_reinvite: Callable[[], None] = lambda: None
        self.told: Told = lambda kind, text="", **data: None
        self.hang_up: Callable[[], None] = lambda: None
        self.attended: Leg | None = None
        self.custom_data = ""
        """Comes with the answer."""
        self.remote = Far(self)
        self._leg = leg
        leg.on_event = self._pass_on

    def _pass_on(self, event: LegEvent) -> None:
        data = dict(event.data)
        if event.kind == "answered":
            self.connected = True
            if self.custom_data:
                data["custom_data"] = self.custom_data
        elif event.kind in OVER:
            self.connected = False
        self.emit(event.kind, **data)

    # -- what only a telephone can

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        name = attended.name if isinstance(attended, Telephone) else ""
        self.told("transfer", to, attended=name, headers=dict(headers))
        self.attended = attended
        if self.connected and self.can_transfer:
            self.on_transfer()
        else:
            self._leg.transfer(to, attended, headers)

    def answer_refer(self, code: int, reason: str) -> None:
        result = "success" if code == SUCCESS else str(code)
        self.told("transferred", result, code=code, reason=reason)

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        self.told("reinvite", body, mime=mime, body=body, headers=dict(headers))
        if self.connected and self.can_reinvite:
            self.on_reinvite()
        else:
            self._leg.reinvite(mime, body, headers)

    def accept_reinvite(self, mime: str, body: str, headers: Headers) -> None:
        self.told("reinvite_accepted", body, mime=mime, body=body, headers=dict(headers))

    def reject_reinvite(self, code: int, reason: str, headers: Headers) -> None:
        self.told("reinvite_rejected", str(code), code=code, reason=reason, headers=dict(headers))

    # -- what goes over the wire

    @property
    def sink(self) -> Sink:
        return self._leg.sink

    @property
    def wideband(self) -> bool:
        return self._leg.wideband

    def counts(self) -> MediaCounts:
        return self._leg.counts()

    def ring(self, headers: Headers) -> None:
        self._leg.ring(headers)

    def early_media(self, headers: Headers) -> None:
        self._leg.early_media(headers)

    def answer(self, headers: Headers) -> None:
        self._leg.answer(headers)

    def reject(self, code: int, reason: str, headers: Headers) -> None:
        self._leg.reject(code, reason, headers)

    def hangup(self, headers: Headers) -> None:
        self._leg.hangup(headers)

    def send_dtmf(self, digits: str) -> None:
        self._leg.send_dtmf(digits)

    def send_info(self, mime: str, body: str, headers: Headers) -> None:
        self._leg.send_info(mime, body, headers)

    def send_message(self, text: str) -> None:
        self._leg.send_message(text)

    async def close(self) -> None:
        await self._leg.close()


class Far:
    """What the person does with it (``replay.telephone.Sip``). Nothing once the call is over."""

    def __init__(self, telephone: Telephone) -> None:
        self._telephone = telephone

    def refer(self, to: str, headers: Headers | None = None) -> None:
        self._tell("refer", to=to, headers=dict(headers or {}))

    def go_over(self, headers: Headers | None = None) -> None:
        """Follow the transfer: it talks to the other one now, and both leave."""
        telephone, other = self._telephone, self._telephone.attended
        self._tell("transferred", headers=dict(headers or {}))
        telephone.hang_up()
        if isinstance(other, Telephone):
            other.hang_up()

    def refuse_transfer(self, code: int, reason: str = "", headers: Headers | None = None) -> None:
        self._tell("transfer_failed", code=code, reason=reason, headers=dict(headers or {}))

    def reinvite(self, mime: str, body: str, headers: Headers | None = None) -> None:
        self._tell("reinvite", mime=mime, body=body, headers=dict(headers or {}))

    def accept_reinvite(self, mime: str = "", body: str = "", headers: Headers | None = None) -> None:
        self._tell("reinvite_accepted", mime=mime, body=body, headers=dict(headers or {}))

    def reject_reinvite(self, code: int = 488, reason: str = "", headers: Headers | None = None) -> None:
        self._tell("reinvite_rejected", code=code, reason=reason, headers=dict(headers or {}))

    def _tell(self, kind: Any, **data: Any) -> None:
        if self._telephone.connected:
            self._telephone.emit(kind, **data)
