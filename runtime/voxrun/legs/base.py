"""The Leg contract: one party of a call, however it is reached.

A leg is driven by plain, synchronous methods that return at once; what comes of them, and what the far
end does, arrives as ``LegEvent`` through ``on_event``, in order. Events before ``on_event`` is set are
kept and delivered when it is. Audio of the far end is pushed into ``leg.audio`` frame by frame; audio
for the far end is given to ``leg.sink``. Kinds: ``scripted``, ``webrtc``, later ``sip``.

States of a leg::

    incoming   ALERTING --ring/early_media--> PROGRESSING --answer--> CONNECTED --> TERMINATED
    outgoing   PROGRESSING --(ringing, early media)--> CONNECTED --> TERMINATED

Every leg ends with exactly one ``ended`` (it was connected, or it was incoming) or one ``failed``
(outgoing, before it was connected); nothing follows it.

While the far end holds the call neither side hears the other. Not every kind can be transferred (REFER,
RFC 3515) or take a re-INVITE (RFC 3261 section 14): what it cannot do ends in the event that says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct, field

from voxrun.media.graph import Sink, Source

Headers: TypeAlias = Mapping[str, str]
"""Header name -> value: X-* and User-to-User, VI-*."""

LegEventKind = Literal[
    "ringing",  # headers                        outgoing: the far end rings
    "push_sent",  # result                       outgoing: who is called is not there, and was woken
    "early_media",  # headers                    outgoing: audio before the answer
    "answered",  # headers, custom_data?         the call is connected (both directions)
    "failed",  # code, reason, headers           outgoing: over before it was connected
    "ended",  # code, reason, by, headers        over; by "remote" | "local" | "error"
    "dtmf",  # digit, method                     method "rfc2833" | "inband" | "info"
    "info",  # mime, body, headers
    "message",  # text
    "hold",  #                                   the far end holds the call
    "unhold",
    "reinvite",  # mime, body, headers           a re-INVITE of the far end waits for its answer
    "reinvite_accepted",  # mime, body, headers  the far end's answer to ours
    "reinvite_rejected",  # code, reason, headers
    "refer",  # to, headers                      the far end wants whom it talks to transferred
    "transferred",  # headers                    the far end went to whom we sent it; "ended" follows
    "transfer_failed",  # code, reason, headers
    "first_audio",  #                            first audio packet of the far end
    "rtp_stopped",
    "rtp_resumed",
]


PUSHED: Final = "sent"
"""``result`` of Call.PushSent; the platform's words are not known."""
PUSH_MS: Final = (10_000, 60_000)
"""Platform: the shortest and the longest time that a call waits for who got a push notification."""
OFFLINE: Final = "User Offline"
"""Why a call fails (480) to a user who is away."""


class LegEvent(Struct, frozen=True):
    """What a leg tells its owner. Fields of ``data`` by kind: see ``LegEventKind``."""

    kind: LegEventKind
    data: Mapping[str, Any] = field(default_factory=dict)


class IncomingInfo(Struct, frozen=True):
    """What is known of an incoming call when it is offered (fields of CallAlerting)."""

    destination: str
    callerid: str
    display_name: str = ""
    from_uri: str = ""
    to_uri: str = ""
    headers: Headers = field(default_factory=dict)
    custom_data: str = ""
    client_type: Literal["user", "pstn", "sip", "wab"] = "user"


class DialRequest(Struct, frozen=True):
    """What an outgoing call asks for. ``kind`` says which VoxEngine function placed it."""

    kind: Literal["user", "pstn", "sip", "whatsapp", "conference"]
    destination: str
    callerid: str = ""
    display_name: str = ""
    headers: Headers = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else the scenario gave (password, outProxy, amd...), untouched."""

    @property
    def push_seconds(self) -> float:
        """How long a call waits for a user who is away and got a push notification; 0: none is sent."""
        wished = self.options.get("push", 0)
        if (
            self.kind != "user"
            or isinstance(wished, bool)
            or not isinstance(wished, int | float)
            or not wished
        ):
            return 0.0
        shortest, longest = PUSH_MS
        return float(min(longest, max(shortest, wished))) / 1000


class MediaCounts(Struct, frozen=True):
    """RTP of a leg since it began. Jitter in ms (RFC 3550 section 6.4.1); what nobody reports is 0."""

    received: int = 0
    """Packets of the far end."""
    lost: int = 0
    jitter: float = 0.0
    sent: int = 0
    lost_far: int = 0
    """Packets of ours that the far end missed, as it reports."""
    jitter_far: float = 0.0


class Leg(ABC):
    """One party of a call. See the module docstring for the rules."""

    client_type: str = "user"
    """"pstn", "sip", "user" or "wab"."""

    def __init__(self) -> None:
        self.audio = Source()
        """Audio of the far end."""
        self._on_event: Callable[[LegEvent], None] | None = None
        self._kept: list[LegEvent] = []
        self._taps: list[Callable[[LegEvent], None]] = []

    @property
    @abstractmethod
    def sink(self) -> Sink:
        """Audio for the far end; ``exclusive``. Frames come every 20 ms or in bursts; the leg paces."""

    @abstractmethod
    def ring(self, headers: Headers) -> None:
        """Incoming: tell the far end that we ring (180)."""

    @abstractmethod
    def early_media(self, headers: Headers) -> None:
        """Incoming: open audio towards the far end before the answer (183)."""

    @abstractmethod
    def answer(self, headers: Headers) -> None:
        """Incoming: accept; ``answered`` follows. A second answer is ignored."""

    @abstractmethod
    def reject(self, code: int, reason: str, headers: Headers) -> None:
        """Incoming, not answered: refuse with a SIP code 3xx to 6xx; ``ended`` follows."""

    @abstractmethod
    def hangup(self, headers: Headers) -> None:
        """End the call in any state (487 when outgoing and not connected: ``failed`` follows)."""

    @abstractmethod
    def send_dtmf(self, digits: str) -> None:
        """Send 0-9 * # A-D; "p" is a pause."""

    @abstractmethod
    def send_info(self, mime: str, body: str, headers: Headers) -> None:
        """Send an INFO message."""

    @abstractmethod
    def send_message(self, text: str) -> None:
        """Send a text message."""

    @abstractmethod
    async def close(self) -> None:
        """Free everything; hangs up first where needed. No event follows."""

    # -- what only some kinds can

    @property
    def wideband(self) -> bool:
        """Whether the far end's audio goes beyond 4 kHz (HD). Known once it is connected."""
        return True

    def counts(self) -> MediaCounts:
        """Packets so far."""
        return MediaCounts()

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        """Send the far end to ``to``, or to whom ``attended`` talks to; ``transferred`` or
        ``transfer_failed`` follows."""
        self.emit("transfer_failed", code=501, reason="this kind of call cannot be transferred", headers={})

    def answer_refer(self, code: int, reason: str) -> None:  # noqa: B027
        """What became of the transfer that a ``refer`` asked for: 200, or a code 3xx to 6xx."""

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        """Re-INVITE the far end; ``reinvite_accepted`` or ``reinvite_rejected`` follows."""
        self.emit("reinvite_rejected", code=488, reason="this kind of call takes no re-INVITE", headers={})

    def accept_reinvite(self, mime: str, body: str, headers: Headers) -> None:  # noqa: B027
        """Answer a ``reinvite``. Without one nothing happens."""

    def reject_reinvite(self, code: int, reason: str, headers: Headers) -> None:  # noqa: B027
        """Refuse a ``reinvite`` with a SIP code 3xx to 6xx."""

    @property
    def on_event(self) -> Callable[[LegEvent], None] | None:
        return self._on_event

    @on_event.setter
    def on_event(self, handler: Callable[[LegEvent], None] | None) -> None:
        self._on_event = handler
        while handler is not None and self._kept and self._on_event is handler:
            handler(self._kept.pop(0))

    def tap(self, listener: Callable[[LegEvent], None]) -> None:
        """Let ``listener`` hear every event as it happens, beside the owner; those that wait for it first."""
        for event in self._kept:
            listener(event)
        self._taps.append(listener)

    def emit(self, kind: LegEventKind, **data: Any) -> None:
        """Tell the owner (used by implementations)."""
        event = LegEvent(kind, data)
        for tap in self._taps:
            tap(event)
        if self._on_event is None:
            self._kept.append(event)
        else:
            self._on_event(event)


Dialer: TypeAlias = Callable[[DialRequest], Leg]
"""Makes the leg of an outgoing call; it starts to dial by itself. Never raises for a destination that
cannot be reached: such a leg emits ``failed``."""
