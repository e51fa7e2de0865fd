"""A page with a softphone: the shell around ``PageProtocol``. It drives the legs of its calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, Literal

from voxrun.errors import VoxrunError
from voxrun.legs.base import Headers, IncomingInfo
from voxrun.legs.webrtc.far_end import By
from voxrun.legs.webrtc.leg import WebRtcLeg
from voxrun.server import wire
from voxrun.server.feed import Feed
from voxrun.server.page_socket import Outbox
from voxrun.server.phones import EVERYONE, Phones, Ringing
from voxrun.server.ports import Runtime
from voxrun.server.signalling import MAX_CALLS, PageProtocol
from voxrun.server.wire import ClientMessage
from voxrun.session.messages import JsonObject

CLIENT_TYPES: Final[dict[str, Literal["user", "pstn", "sip", "wab"]]] = {
    "user": "user", "pstn": "pstn", "sip": "sip", "whatsapp": "wab",
}  # fmt: skip
"""Kinds of calls, as VoxEngine calls the parties of them."""
_BY: Final[dict[By, str]] = {"remote": "you", "local": "scenario", "error": "error"}

log = logging.getLogger(__name__)


def told(error: BaseException) -> str:
    """An error for the page: its own words where it has some for people."""
    return str(error) if isinstance(error, VoxrunError) else f"A fault of voxrun itself: {error!r}"


class PageFarEnd:
    """One call that the page made: what its leg says becomes messages (legs.webrtc.leg.FarEnd).

    They wait until ``release``: ``trying`` goes first, though a scenario may answer sooner.
    """

    def __init__(self, page: SoftphonePage, call_id: str) -> None:
        self._page = page
        self._id = call_id
        self._kept: list[Callable[[], None]] | None = []

    def release(self) -> None:
        """Pass on what was said so far, and from now on at once."""
        kept, self._kept = self._kept or [], None
        for say in kept:
            say()

    def _say(self, say: Callable[[], None]) -> None:
        if self._kept is None:
            say()
        else:
            self._kept.append(say)

    def ringing(self, headers: Headers) -> None:
        self._say(lambda: self._page.ringing(self._id, headers))

    def early(self, sdp: str, headers: Headers) -> None:
        self._say(lambda: self._page.early(self._id, sdp, headers))

    def answered(self, sdp: str | None, headers: Headers) -> None:
        self._say(lambda: self._page.answered(self._id, sdp, headers))

    def ended(self, code: int, reason: str, by: By, headers: Headers, duration: float) -> None:
        self._say(lambda: self._page.ended(self._id, code, reason, by, headers, duration))

    def dtmf(self, digits: str, method: str) -> None:
        self._say(lambda: self._page.tell(self._id, "dtmf", digits=digits, method=method))

    def info(self, mime: str, body: str, headers: Headers) -> None:
        self._say(lambda: self._page.tell(self._id, "info", mime=mime, body=body, headers=dict(headers)))

    def message(self, text: str) -> None:
        self._say(lambda: self._page.tell(self._id, "message", text=text))


class SoftphonePage:
    """One connected page: its protocol, its legs, the incoming calls that ring it."""

    def __init__(
        self,
        runtime: Runtime,
        phones: Phones,
        feed: Feed,
        welcome: JsonObject,
        file_address: Callable[[str, str], str],
    ) -> None:
        self._runtime = runtime
        self._file_address = file_address
        self._phones = phones
        self._feed = feed
        self._protocol = PageProtocol()
        self._legs: dict[str, WebRtcLeg] = {}
        self._ringing: dict[str, Ringing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.outbox = Outbox()
        self.outbox.put(welcome | {"sessions": [*feed.states()]})
        self._unsubscribe = feed.subscribe(self._record)
        phones.pages.append(self)

    @property
    def user(self) -> str | None:
        return self._protocol.user

    @user.setter
    def user(self, user: str | None) -> None:
        self._protocol.user = user

    @property
    def rings(self) -> bool:
        return self._protocol.rings

    def receive(self, text: str) -> None:
        """Take one message of the page."""
        actions, replies = self._protocol.receive(text)
        self._send(replies)
        for action in actions:
            self._act(action.message)

    async def close(self) -> None:
        """The page is gone: its calls end."""
        self._unsubscribe()
        self._phones.pages.remove(self)
        for ringing in tuple(self._ringing.values()):
            ringing.gone(self)
        self._protocol.calls.clear()  # calls being placed see that nobody waits for them
        if self._tasks:
            await asyncio.wait(self._tasks)
        for leg in tuple(self._legs.values()):
            leg.far_hangup({})

    # what the page asks for

    def _act(self, message: ClientMessage) -> None:
        kind, call_id = message.type, message.id
        if kind == "call":
            self._spawn(self._place(message))
        elif kind == "start":
            self._spawn(self._start(message["customData"]))
        elif kind == "watch":
            for session, record in self._feed.history(message["session"]):
                self.outbox.put({"type": "record", "session": session, "record": record})
        elif kind == "early":
            self._spawn(self._ringing[call_id].early_audio(self, message["sdp"], message["headers"]))
        elif kind == "answer":
            self._spawn(self._ringing[call_id].answer(self, message["sdp"], message["headers"]))
        elif kind == "ringing":
            self._ringing[call_id].rings(message["headers"])
        elif kind in ("decline", "hangup") and call_id in self._ringing:
            self._give_up(call_id, message)
        elif kind == "hangup" and call_id not in self._legs:  # still being placed
            self._send(self._protocol.ended(call_id, 487, "Request Terminated", "you", {}, 0.0))
        elif kind == "register":
            self._phones.registered()
        elif kind != "unregister":
            self._within(message)

    def _give_up(self, call_id: str, message: ClientMessage) -> None:
        ringing = self._ringing[call_id]
        if self._protocol.calls.get(call_id) == "incoming":
            del self._ringing[call_id]
            declined = message.type == "decline"
            ringing.decline(self, *((message["code"], message["reason"]) if declined else (603,)))
        elif ringing.leg is not None:
            ringing.leg.far_hangup(message["headers"])

    def _within(self, message: ClientMessage) -> None:
        ringing = self._ringing.get(message.id)
        leg = ringing.leg if ringing is not None else self._legs.get(message.id)
        if leg is None:
            return
        match message.type:
            case "dtmf":
                leg.far_dtmf(message["digits"].upper())
            case "info":
                leg.far_info(message["mime"], message["body"], message["headers"])
            case "message":
                leg.far_message(message["text"])
            case "hold":
                leg.far_hold(message["on"])
            case "hangup":
                leg.far_hangup(message["headers"])

    async def _place(self, message: ClientMessage) -> None:
        call_id = message.id
        far = PageFarEnd(self, call_id)
        try:
            leg = await WebRtcLeg.incoming(far, message["sdp"], self._phones.config)
        except Exception as error:
            if not isinstance(error, VoxrunError):
                log.exception("an offer could not be taken")
            self._send(self._protocol.refused(call_id, "call", told(error)))
            return
        if call_id not in self._protocol.calls:  # hung up meanwhile
            await leg.close()
            return
        leg.client_type = CLIENT_TYPES[message["kind"]]
        self._legs[call_id] = leg
        try:
            session = await self._runtime.incoming(leg, self._info(message))
        except Exception as error:
            if not isinstance(error, VoxrunError):  # a fault of ours: the page must not ring for ever
                log.exception("a call could not be offered to a session")
            del self._legs[call_id]
            self._send(self._protocol.refused(call_id, "call", told(error)))
            await leg.close()
            return
        self._send(self._protocol.placed(call_id, session))
        far.release()

    def _info(self, message: ClientMessage) -> IncomingInfo:
        registered = self.user if self.user not in (None, EVERYONE) else ""
        caller = message["from"] or registered or "softphone"
        return incoming_info(
            message["to"],
            caller,
            message["displayName"] or self._protocol.display_name,
            message["headers"],
            message["customData"],
            message["kind"],
        )

    async def _start(self, custom_data: str) -> None:
        try:
            session = await self._runtime.start_session(custom_data)
        except Exception as error:
            if not isinstance(error, VoxrunError):
                log.exception("a session could not be started")
            self._send([{"type": "error", "message": told(error), "re": "start"}])
            return
        self._send([{"type": "started", "session": session}])

    # what happens to its calls (phones.Page, and PageFarEnd)

    def offered(self, ringing: Ringing, **data: Any) -> str:
        call_id, messages = self._protocol.incoming(**data)
        self._ringing[call_id] = ringing
        self._send(messages)
        return call_id

    def ringing(self, call_id: str, headers: Headers) -> None:
        self._send(self._protocol.ringing(call_id, headers))

    def early(self, call_id: str, sdp: str, headers: Headers) -> None:
        self._send(self._protocol.early(call_id, sdp, headers))

    def answered(self, call_id: str, sdp: str | None, headers: Headers) -> None:
        self._send(self._protocol.answered(call_id, sdp, headers))

    def ended(self, call_id: str, code: int, reason: str, by: By, headers: Headers, duration: float) -> None:
        self._legs.pop(call_id, None)
        self._ringing.pop(call_id, None)
        self._send(self._protocol.ended(call_id, code, reason, _BY[by], headers, duration))

    def cancelled(self, call_id: str, code: int, reason: str) -> None:
        self._ringing.pop(call_id, None)
        self._send(self._protocol.cancelled(call_id, code, reason))

    def refused(self, call_id: str, re_: str, message: str) -> None:
        self._send(self._protocol.refused(call_id, re_, message))

    def tell(self, call_id: str, kind: Literal["dtmf", "info", "message"], **data: Any) -> None:
        self._send(self._protocol.tell(call_id, kind, **data))

    def _record(self, session: str, record: JsonObject) -> None:
        if record.get("k") == "session":
            state, reason = record.get("state"), record.get("reason", "")
            message: JsonObject = {"type": "session", "id": session, "state": state, "reason": reason}
            if state == "ended":
                message |= self._feed.files(session, self._file_address)
            self._send([message])
        if self._protocol.watching in ("*", session):
            self.outbox.put({"type": "record", "session": session, "record": record})

    def _send(self, messages: list[JsonObject]) -> None:
        for message in messages:
            self.outbox.put(message)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a page's task failed", exc_info=error)
            self._send([{"type": "error", "message": told(error)}])


def incoming_info(
    to: str, caller: str, display_name: str, headers: Headers, custom_data: str, kind: str = "user"
) -> IncomingInfo:
    """A call of a page or a WHIP client, as CallAlerting tells it."""
    return IncomingInfo(
        destination=to,
        callerid=caller,
        display_name=display_name or caller,
        headers=dict(headers),
        custom_data=custom_data,
        client_type=CLIENT_TYPES[kind],
    )


def welcome(
    version: str, scenarios: list[str], ai: str, ice_servers: list[JsonObject], no_answer_seconds: float
) -> JsonObject:
    """The first message to a page, but for the sessions."""
    return {
        "type": "welcome",
        "version": version,
        "protocol": 1,
        "scenarios": [*scenarios],
        "ai": ai,
        "user": None,
        "iceServers": [*ice_servers],
        "limits": {
            "messageBytes": wire.MAX_MESSAGE_BYTES,
            "sdpBytes": wire.MAX_SDP_BYTES,
            "textBytes": wire.MAX_TEXT_BYTES,
            "calls": MAX_CALLS,
            "noAnswerSeconds": no_answer_seconds,
        },
    }
