"""Registered softphones, and outgoing calls that ring them.

``Phones.dial`` is the ``Dialer`` of the runtime. A call to a user rings the pages registered under that
name, else those that take every call ("*"); calls to PSTN, SIP and WhatsApp destinations ring those that
take every call, else every page. Routes of voxrun.toml come first. The first page that answers gets the
call, the others hear that it is gone.

Nobody gets push notifications here. A scenario that requires the module for them has what they are for: a
call to a user who is not there waits, and rings the page that registers in time.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, Protocol

from voxrun.errors import PeerError
from voxrun.legs.base import OFFLINE, PUSHED, DialRequest, Headers
from voxrun.legs.webrtc.far_end import By, reason_of
from voxrun.legs.webrtc.leg import WebRtcLeg
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.patterns import EndlessPattern

EVERYONE: Final = "*"
TIMEOUT_HEADER: Final = "vi-calltimeout"
"""Header of the scenario that says how long to ring, 10 to 400 s."""


_log = logging.getLogger("voxrun.phones")


class RouteLike(Protocol):
    """A row of ``[[routes]]`` in voxrun.toml."""

    @property
    def leg(self) -> str: ...

    @property
    def address(self) -> str: ...

    def matches(self, kind: str, destination: str) -> bool: ...


class Page(Protocol):
    """A softphone page, as far as incoming calls need it. Nothing raises or waits."""

    user: str | None

    @property
    def rings(self) -> bool:
        """Whether it rings at once; else it says so itself (``Ringing.rings``)."""
        ...

    def offered(self, ringing: Ringing, **data: Any) -> str:
        """Ring; returns the call's id on that page."""
        ...

    def cancelled(self, call_id: str, code: int, reason: str) -> None: ...

    def refused(self, call_id: str, re_: str, message: str) -> None: ...

    def early(self, call_id: str, sdp: str, headers: Headers) -> None: ...

    def answered(self, call_id: str, sdp: str | None, headers: Headers) -> None: ...

    def ended(
        self, call_id: str, code: int, reason: str, by: By, headers: Headers, duration: float
    ) -> None: ...

    def tell(self, call_id: str, kind: Literal["dtmf", "info", "message"], **data: Any) -> None: ...


class Ringing:
    """The far end of one outgoing call: pages that ring, later the one that answered."""

    def __init__(self) -> None:
        self.leg: WebRtcLeg | None = None
        self._pages: dict[Page, str] = {}
        self._answering: Page | None = None
        self._early: Page | None = None
        """Who sends audio before the answer."""
        self._winner: tuple[Page, str] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.waits = False
        """For somebody to come whom it can ring."""

    def wait(self, seconds: float) -> None:
        """Nobody is there: a push notification goes out, and there is some time for it to help."""
        self.waits = True
        loop = asyncio.get_running_loop()
        loop.call_soon(self._leg().far_pushed, PUSHED)
        self._timer = loop.call_later(seconds, self._leg().far_decline, 480, OFFLINE)

    def start(self, pages: Sequence[Page], request: DialRequest) -> None:
        """Ring ``pages``."""
        self.waits = False
        self._stop_timer()
        for page in pages:
            self._pages[page] = page.offered(
                self,
                kind=request.kind,
                to=request.destination,
                displayName=request.display_name,
                headers=dict(request.headers),
                **{"from": request.callerid},
            )
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(
            _ring_seconds(request.headers, self._leg().config.no_answer_seconds), self._not_answered
        )
        if any(page.rings for page in pages):
            loop.call_soon(self._leg().far_ringing, {})

    # what pages do

    def rings(self, headers: Headers) -> None:
        """A page that says itself when it rings does."""
        self._leg().far_ringing(headers)

    async def early_audio(self, page: Page, sdp: str, headers: Headers) -> None:
        """A page sends audio before it takes the call."""
        call_id = self._pages.get(page)
        if call_id is None:
            return  # cancelled while the message was on its way
        if self._early is not None or self._answering is not None:
            page.refused(call_id, "early", "This call has audio already.")
            return
        if len(self._pages) > 1:
            page.refused(call_id, "early", "Others ring as well: one of them has to take the call first.")
            return
        self._early = page
        try:
            await self._leg().far_early(sdp, headers)
        except PeerError as error:
            self._early = None
            page.refused(call_id, "early", str(error))

    async def answer(self, page: Page, sdp: str | None, headers: Headers) -> None:
        """A page takes the call; without ``sdp`` after its early audio."""
        call_id = self._pages.get(page)
        if call_id is None:
            return  # cancelled while the message was on its way
        if (sdp is None) != (self._early is page):
            known = "was given with early: leave it out" if sdp is not None else "is missing"
            page.refused(call_id, "answer", f"The sdp {known}.")
            return
        if self._answering is not None:
            page.refused(call_id, "answer", "The call is being answered on another page.")
            return
        if sdp is None:
            self._won(page, call_id)
            self._leg().far_accept(headers)
            return
        self._answering = page
        try:
            await self._leg().far_answer(sdp, headers)
        except PeerError as error:
            page.refused(call_id, "answer", str(error))
            return
        finally:
            self._answering = None
        self._won(page, call_id)

    def _won(self, page: Page, call_id: str) -> None:
        self._stop_timer()
        self._winner = (page, call_id)
        for other, other_id in self._pages.items():
            if other is not page:
                other.cancelled(other_id, 200, "answered on another page")
        self._pages = {}

    def decline(self, page: Page, code: int, reason: str = "") -> None:
        """A page refuses."""
        call_id = self._pages.pop(page)
        page.ended(call_id, code, reason or reason_of(code), "remote", {}, 0.0)
        if not self._pages and self._winner is None:
            self._leg().far_decline(code, reason)

    def gone(self, page: Page) -> None:
        """A page left."""
        if self._winner is not None and self._winner[0] is page:
            self._leg().far_hangup({})
        elif self._pages.pop(page, None) is not None and not self._pages and self._winner is None:
            self._leg().far_decline(480, "User Offline")

    # what the leg says (legs.webrtc.leg.FarEnd)

    def ringing(self, headers: Headers) -> None:
        """Outgoing legs do not say this."""

    def early(self, sdp: str, headers: Headers) -> None:
        if self._early is not None and self._early in self._pages:
            self._early.early(self._pages[self._early], sdp, headers)

    def answered(self, sdp: str | None, headers: Headers) -> None:
        if self._winner is not None:
            self._winner[0].answered(self._winner[1], sdp, headers)

    def ended(self, code: int, reason: str, by: By, headers: Headers, duration: float) -> None:
        self.waits = False
        self._stop_timer()
        if self._winner is not None:
            self._winner[0].ended(self._winner[1], code, reason, by, headers, duration)
        for page, call_id in self._pages.items():
            page.cancelled(call_id, code, reason)
        self._pages = {}

    def dtmf(self, digits: str, method: str) -> None:
        self._tell("dtmf", digits=digits, method=method)

    def info(self, mime: str, body: str, headers: Headers) -> None:
        self._tell("info", mime=mime, body=body, headers=dict(headers))

    def message(self, text: str) -> None:
        self._tell("message", text=text)

    def _tell(self, kind: Literal["dtmf", "info", "message"], **data: Any) -> None:
        if self._winner is not None:
            self._winner[0].tell(self._winner[1], kind, **data)

    def _not_answered(self) -> None:
        self._leg().far_decline(408)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _leg(self) -> WebRtcLeg:
        assert self.leg is not None
        return self.leg


class Phones:
    """Which pages there are, and the dialer that rings them."""

    def __init__(
        self,
        config: PeerConfig,
        routes: Sequence[RouteLike] = (),
        log: Callable[[str], None] = _log.warning,
    ) -> None:
        self.config = config
        self._routes = tuple(routes)
        self._log = log
        self.pages: list[Page] = []
        """Connected pages, registered or not."""
        self._waiting: list[tuple[Ringing, DialRequest, RouteLike | None]] = []

    def dial(self, request: DialRequest) -> WebRtcLeg:
        """Call a page; see the module docstring. The leg fails where none can be reached."""
        ringing = Ringing()
        leg = WebRtcLeg(ringing, self.config, outgoing=True)
        leg.client_type = {"whatsapp": "wab", "conference": "user"}.get(request.kind, request.kind)
        ringing.leg = leg
        try:
            route = next((r for r in self._routes if r.matches(request.kind, request.destination)), None)
        except EndlessPattern as endless:
            self._log(str(endless))
            leg.far_decline(500, "the routes are wrong")
            return leg
        if route is not None and route.leg != "webrtc":
            self._log(f"{_name(request)} has a route over {route.leg}: {route.leg.upper()} legs come later.")
            leg.far_decline(501, f"{route.leg.upper()} legs come later")
            return leg
        pages = self._find(request, route)
        if pages:
            ringing.start(pages, request)
        elif seconds := request.push_seconds:
            self._log(f"{self._advice(request, route)} Whoever does within {seconds:g} s is rung.")
            self._waiting = [*self._still_waiting(), (ringing, request, route)]
            ringing.wait(seconds)
        else:
            self._log(self._advice(request, route))
            leg.far_decline(480, OFFLINE)
        return leg

    def registered(self) -> None:
        """A page has registered: calls that wait for it ring."""
        for ringing, request, route in self._waiting:
            if ringing.waits and (pages := self._find(request, route)):
                ringing.start(pages, request)
        self._waiting = self._still_waiting()

    def _still_waiting(self) -> list[tuple[Ringing, DialRequest, RouteLike | None]]:
        return [waiting for waiting in self._waiting if waiting[0].waits]

    def _find(self, request: DialRequest, route: RouteLike | None) -> list[Page]:
        registered = [page for page in self.pages if page.user is not None]
        everyone = [page for page in registered if page.user == EVERYONE]
        if route is not None and route.address != EVERYONE:
            return [page for page in registered if page.user == route.address] or everyone
        if request.kind == "user" and route is None:
            return [page for page in registered if page.user == request.destination] or everyone
        return everyone or registered

    def _advice(self, request: DialRequest, route: RouteLike | None) -> str:
        if not any(page.user is not None for page in self.pages):
            return f"{_name(request)}: no softphone is open to ring. Open the page and leave it open."
        user = route.address if route is not None else request.destination
        return f'{_name(request)}: nobody is registered as "{user}". Register a page under that name, or "*".'


def _name(request: DialRequest) -> str:
    return f"Call to {request.kind} {request.destination}"


def _ring_seconds(headers: Headers, default: float) -> float:
    text = next((v for name, v in headers.items() if name.lower() == TIMEOUT_HEADER), "")
    return min(400, max(10, int(text))) if re.fullmatch(r"\d{1,6}", text.strip()) else default
