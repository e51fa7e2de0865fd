"""The softphone's protocol as a state machine: messages in, actions and messages out. No I/O, no clock.

States of a call, and what the page may send in each::

    made by the page       offering --trying--> trying --early--> early --answered--> talking
    coming in              incoming --answer--> answering --answered--> talking

    offering, answering: hangup          trying: hangup info message
    early: hangup info message dtmf      talking: hangup info message dtmf hold
    incoming: ringing answer decline hangup

A call that is over is forgotten; a message about it that crossed its ``ended`` on the way is dropped
without an error (the last ``REMEMBERED`` ids are known).
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final, Literal

from msgspec import Struct, field

from voxrun.legs.base import Headers
from voxrun.server.wire import BadMessage, ClientMessage, parse
from voxrun.session.messages import JsonObject

State = Literal["offering", "trying", "early", "talking", "incoming", "answering"]

MAY_SEND: Final[dict[State, frozenset[str]]] = {
    "offering": frozenset({"hangup"}),
    "trying": frozenset({"hangup", "info", "message"}),
    "early": frozenset({"hangup", "info", "message", "dtmf"}),
    "talking": frozenset({"hangup", "info", "message", "dtmf", "hold"}),
    "incoming": frozenset({"ringing", "early", "answer", "decline", "hangup"}),
    "answering": frozenset({"hangup"}),
}
MAX_CALLS: Final = 8
"""Calls of one page at a time."""
REMEMBERED: Final = 64

_NOT_NOW: Final[dict[State, str]] = {
    "offering": "was not taken by the scenario yet",
    "trying": "is not answered yet",
    "early": "is not answered yet",
    "talking": "is answered already",
    "incoming": "is not answered yet",
    "answering": "is being answered",
}


class Action(Struct, frozen=True):
    """Something for the shell to do: a checked message of the page that fits the state of its call."""

    message: ClientMessage


class PageProtocol(Struct):
    """One page. ``receive`` takes what it sent; the other methods what happened to its calls. Both give
    messages for the page; ``receive`` gives actions too."""

    user: str | None = None
    display_name: str = ""
    rings: bool = True
    """A call that comes in rings at once, without the page saying so."""
    watching: str = ""
    calls: dict[str, State] = field(default_factory=dict)
    _over: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _incoming: int = 0

    def receive(self, text: str) -> tuple[list[Action], list[JsonObject]]:
        """Take one text message of the page."""
        try:
            message = parse(text)
            return self._route(message)
        except BadMessage as error:
            return [], [error.reply()]

    def _route(self, message: ClientMessage) -> tuple[list[Action], list[JsonObject]]:
        kind = message.type
        if kind == "ping":
            return [], [{"type": "pong"} | ({} if message["t"] is None else {"t": message["t"]})]
        if kind in ("register", "unregister"):
            self.user = message["user"] if kind == "register" else None
            self.display_name = message["displayName"] if kind == "register" else ""
            self.rings = message["ringing"] if kind == "register" else True
            return [Action(message)], [{"type": "registered", "user": self.user}]
        if kind == "watch":
            self.watching = message["session"]
            return [Action(message)], []
        if kind == "start":
            return [Action(message)], []
        if kind == "call":
            return self._call(message)
        return self._about_call(message)

    def _call(self, message: ClientMessage) -> tuple[list[Action], list[JsonObject]]:
        if message.id in self.calls or message.id in self._over:
            raise self._refusal(message, "there was a call with this id; take a new one", "id")
        if len(self.calls) >= MAX_CALLS:
            raise self._refusal(message, f"a page has at most {MAX_CALLS} calls at a time")
        self.calls[message.id] = "offering"
        return [Action(message)], []

    def _about_call(self, message: ClientMessage) -> tuple[list[Action], list[JsonObject]]:
        state = self.calls.get(message.id)
        if state is None:
            if message.id in self._over:
                return [], []
            raise self._refusal(message, "there is no such call", "id")
        if message.type not in MAY_SEND[state]:
            raise self._refusal(message, f"the call {_NOT_NOW[state]}")
        if message.type == "answer":
            self.calls[message.id] = "answering"
        if message.type == "hold":
            return [Action(message)], [{"type": "hold", "id": message.id, "on": message["on"]}]
        return [Action(message)], []

    @staticmethod
    def _refusal(message: ClientMessage, why: str, name: str = "") -> BadMessage:
        text = f'"{message.type}" for call {message.id}: {why}.'
        return BadMessage(text, re_=message.type, call_id=message.id, field=name)

    # what happened to calls of this page

    def placed(self, call_id: str, session: str) -> list[JsonObject]:
        """The scenario was offered the call (it may have answered already)."""
        if self.calls.get(call_id) == "offering":
            self.calls[call_id] = "trying"
        return [{"type": "trying", "id": call_id, "session": session}] if call_id in self.calls else []

    def refused(self, call_id: str, re_: str, message: str) -> list[JsonObject]:
        """A ``call`` or ``answer`` could not be carried out. After a refused answer the call rings on."""
        if call_id not in self.calls:
            return []
        if re_ == "call":
            self._forget(call_id)
        elif self.calls[call_id] == "answering":
            self.calls[call_id] = "incoming"
        return [BadMessage(message, re_=re_, call_id=call_id).reply()]

    def ringing(self, call_id: str, headers: Headers) -> list[JsonObject]:
        return self._tell(call_id, "ringing", headers=dict(headers))

    def early(self, call_id: str, sdp: str, headers: Headers) -> list[JsonObject]:
        """Audio before the answer: the scenario's, or the answer to a page's own."""
        if self.calls.get(call_id) not in (None, "incoming", "answering"):
            self.calls[call_id] = "early"
        return self._tell(call_id, "early", sdp=sdp, headers=dict(headers))

    def answered(self, call_id: str, sdp: str | None, headers: Headers) -> list[JsonObject]:
        if call_id in self.calls:
            self.calls[call_id] = "talking"
        more = {} if sdp is None else {"sdp": sdp}
        return self._tell(call_id, "answered", **more, headers=dict(headers))

    def ended(
        self, call_id: str, code: int, reason: str, by: str, headers: Headers, duration: float
    ) -> list[JsonObject]:
        """``by`` as the page sees it: "you", "scenario", "error"."""
        data = {"code": code, "reason": reason, "by": by, "duration": round(duration, 1)}
        told = self._tell(call_id, "ended", **data, headers=dict(headers))
        self._forget(call_id)
        return told

    def incoming(self, **data: Any) -> tuple[str, list[JsonObject]]:
        """A scenario calls this page; gives the call its id."""
        self._incoming += 1
        call_id = f"in-{self._incoming}"
        self.calls[call_id] = "incoming"
        return call_id, self._tell(call_id, "incoming", **data)

    def cancelled(self, call_id: str, code: int, reason: str) -> list[JsonObject]:
        told = self._tell(call_id, "cancelled", code=code, reason=reason)
        self._forget(call_id)
        return told

    def tell(self, call_id: str, kind: Literal["dtmf", "info", "message"], **data: Any) -> list[JsonObject]:
        """The scenario sent something within a call."""
        return self._tell(call_id, kind, **data)

    def _tell(self, call_id: str, kind: str, /, **data: Any) -> list[JsonObject]:
        return [{"type": kind, "id": call_id, **data}] if call_id in self.calls else []

    def _forget(self, call_id: str) -> None:
        if self.calls.pop(call_id, None) is not None:
            self._over.append(call_id)
