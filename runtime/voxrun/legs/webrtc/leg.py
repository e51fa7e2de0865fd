"""The WebRTC leg: a browser, or any WebRTC program, as one party of a call.

What the far end is told goes through ``FarEnd`` (the signalling of the softphone, or of WHIP); what it does
comes in through the ``far_...`` methods. Media starts when ICE and DTLS are up, and only then ``answered``
is emitted: what a scenario says at once on Connected is heard from its first word.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal

from voxrun.errors import PeerError
from voxrun.legs.base import Headers, Leg, MediaCounts
from voxrun.legs.webrtc.aiortc_private import RtpPort
from voxrun.legs.webrtc.codec import make_codec
from voxrun.legs.webrtc.far_end import By, FarEnd, LegSink, reason_of
from voxrun.legs.webrtc.media import MediaPath
from voxrun.legs.webrtc.peer import Peer, PeerConfig
from voxrun.legs.webrtc.stock import StockMedia, StockPort
from voxrun.media import dtmf
from voxrun.media.frames import SILENCE, split
from voxrun.media.graph import Sink

State = Literal["ALERTING", "PROGRESSING", "CONNECTED", "TERMINATED"]


class WebRtcLeg(Leg):
    """See the module docstring. ``await WebRtcLeg.incoming(...)`` or ``WebRtcLeg(..., outgoing=True)``."""

    client_type = "user"

    def __init__(self, far: FarEnd, config: PeerConfig, *, outgoing: bool) -> None:
        super().__init__()
        self._far = far
        self.config = config
        self._outgoing = outgoing
        self._sink = LegSink()
        self._peer: Peer | None = None
        self._media: MediaPath | StockMedia | None = None
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: State = "PROGRESSING" if outgoing else "ALERTING"
        self._sdp_sent = False
        self._negotiating = False
        self._early: Headers | None = None
        """Outgoing: the far end sends audio before it answers."""
        self._early_told = False
        self._accepted: Headers | None = None  # headers of the answer once somebody answered
        self._connected_at: float | None = None
        self._silent = False  # close() was called: no event follows
        self._no_answer: asyncio.TimerHandle | None = None

    @classmethod
    async def incoming(cls, far: FarEnd, offer: str, config: PeerConfig) -> WebRtcLeg:
        """A call of the far end. Raises PeerError for an offer that cannot be used; no leg then."""
        leg = cls(far, config, outgoing=False)
        leg._peer = await _peer_for(offer, config)
        leg._watch(leg._peer)
        leg._no_answer = leg._loop.call_later(config.no_answer_seconds, leg._not_answered)
        return leg

    @property
    def state(self) -> State:
        """As ``Call.state()`` has it."""
        return self._state

    @property
    def sink(self) -> Sink:
        return self._sink

    # what the scenario asks for

    def ring(self, headers: Headers) -> None:
        if self._answerable():
            self._state = "PROGRESSING"
            self._far.ringing(headers)

    def early_media(self, headers: Headers) -> None:
        if self._answerable() and not self._negotiating:
            self._state = "PROGRESSING"
            self._negotiate(early=headers)

    def answer(self, headers: Headers) -> None:
        if not self._answerable():
            return
        self._accepted = headers
        self._stop_no_answer()
        if not self._negotiating:
            self._negotiate(early=None)
        elif self._sdp_sent:
            self._far.answered(None, headers)
            self._connect()

    def reject(self, code: int, reason: str, headers: Headers) -> None:
        if self._answerable():
            self._finish(code, reason or reason_of(code), "local", headers)

    def hangup(self, headers: Headers) -> None:
        if self._state == "CONNECTED" or (self._accepted is not None and not self._outgoing):
            self._finish(200, reason_of(200), "local", headers)
        else:
            code = 487 if self._outgoing else 603
            self._finish(code, reason_of(code), "local", headers)

    def send_dtmf(self, digits: str) -> None:
        digits = "".join(d for d in digits.upper() if d in dtmf.DIGITS or d == "P").replace("P", dtmf.PAUSE)
        if self._media is None or self._state != "CONNECTED" or not digits:
            return
        if self._media.can_send_keys:
            self._media.keys.queue(digits)
            self._far.dtmf(digits, "rfc2833")
        else:
            self._media.tones.extend(split(dtmf.generate(digits)))
            self._far.dtmf(digits, "inband")

    def send_info(self, mime: str, body: str, headers: Headers) -> None:
        if self._state != "TERMINATED":
            self._far.info(mime, body, headers)

    def send_message(self, text: str) -> None:
        if self._state != "TERMINATED":
            self._far.message(text)

    @property
    def wideband(self) -> bool:
        offer = self._peer.offer if self._peer is not None else None
        return offer is None or offer.codec.name not in ("PCMU", "PCMA")

    def counts(self) -> MediaCounts:
        if self._media is None:
            return MediaCounts()
        quality = self._media.quality
        return MediaCounts(quality.received, quality.lost, quality.jitter_ms, quality.sent)

    # A browser cannot be sent elsewhere and does not negotiate again: the contract's own answers do.

    def transfer(self, to: str, attended: Leg | None, headers: Headers) -> None:
        if self._state == "CONNECTED":
            super().transfer(to, attended, headers)

    def reinvite(self, mime: str, body: str, headers: Headers) -> None:
        if self._state == "CONNECTED":
            super().reinvite(mime, body, headers)

    async def close(self) -> None:
        self._silent = True
        if self._state != "TERMINATED":
            self.hangup({})
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        if tasks:
            await asyncio.wait(tasks)

    # what the far end does

    def far_ringing(self, headers: Headers) -> None:
        """Outgoing: the far end rings."""
        if self._outgoing and self._state == "PROGRESSING" and self._accepted is None:
            self.emit("ringing", headers=headers)

    def far_pushed(self, result: str) -> None:
        """Outgoing: nobody is there yet, and a push notification went out."""
        if self._outgoing and self._state == "PROGRESSING":
            self.emit("push_sent", result=result)

    async def far_answer(self, offer: str, headers: Headers) -> None:
        """Outgoing: the far end takes the call; its answer SDP goes out through ``answered``.

        Raises PeerError for an offer that cannot be used; the call goes on ringing then.
        """
        peer = await _peer_for(offer, self.config)
        taken = self._accepted is not None or self._peer is not None
        if self._state != "PROGRESSING" or taken or not self._outgoing:
            await peer.close()
            raise PeerError("this call was answered or ended already")
        self._peer = peer
        self._accepted = headers
        self._watch(peer)
        self._negotiate(early=None)

    async def far_early(self, offer: str, headers: Headers) -> None:
        """Outgoing: the far end sends audio before it takes the call; its answer SDP goes out through
        ``early``, and ``far_accept`` takes the call.

        Raises PeerError for an offer that cannot be used; the call goes on ringing then.
        """
        peer = await _peer_for(offer, self.config)
        if self._state != "PROGRESSING" or self._peer is not None or not self._outgoing:
            await peer.close()
            raise PeerError("this call has audio already, or is over")
        self._peer = peer
        self._early = headers
        self._watch(peer)
        self._negotiate(early=headers)

    def far_accept(self, headers: Headers) -> None:
        """Outgoing: the far end takes the call, over the way that its early audio goes."""
        if self._state != "PROGRESSING" or self._early is None or self._accepted is not None:
            return
        self._accepted = headers
        if self._sdp_sent:
            self._far.answered(None, {})
            self._connect()

    def far_decline(self, code: int, reason: str = "") -> None:
        """Outgoing: the far end, or whoever looks for it, refuses."""
        if self._outgoing and self._state == "PROGRESSING":
            self._finish(code, reason or reason_of(code), "remote", {})

    def far_hangup(self, headers: Headers) -> None:
        """The far end hangs up, in any state."""
        code = 200 if self._accepted is not None and self._state == "CONNECTED" else 487
        self._finish(code, reason_of(code), "remote", headers)

    def far_dtmf(self, digits: str) -> None:
        """Keys as a message."""
        if self._state == "CONNECTED":
            for digit in digits:
                self.emit("dtmf", digit=digit, method="info")

    def far_info(self, mime: str, body: str, headers: Headers) -> None:
        if self._state != "TERMINATED":
            self.emit("info", mime=mime, body=body, headers=headers)

    def far_message(self, text: str) -> None:
        if self._state != "TERMINATED":
            self.emit("message", text=text)

    def far_hold(self, on: bool) -> None:
        """The far end puts the call on hold, or takes it off."""
        if self._state == "CONNECTED" and on != self._sink.held:
            self._sink.held = on
            self._sink.frames.clear()
            self.emit("hold" if on else "unhold")

    # how it gets there

    def _answerable(self) -> bool:
        return not self._outgoing and self._state in ("ALERTING", "PROGRESSING") and self._accepted is None

    def _watch(self, peer: Peer) -> None:
        peer.on_ready = self._media_ready
        peer.on_closed = self._media_lost

    def _negotiate(self, early: Headers | None) -> None:
        self._negotiating = True
        self._spawn(self._send_answer(early))

    async def _send_answer(self, early: Headers | None) -> None:
        assert self._peer is not None
        try:
            sdp = await self._peer.answer()
        except Exception as error:  # no socket to be had, or aiortc gave up: this call only
            if self._state != "TERMINATED":
                self._finish(500, f"no media path: {error or type(error).__name__}", "error", {})
            return
        if self._state == "TERMINATED":
            return
        self._sdp_sent = True
        if early is not None:
            self._far.early(sdp, early)
        if self._accepted is not None:
            headers = {} if self._outgoing else self._accepted
            self._far.answered(None if early is not None else sdp, headers)
        self._connect()

    def _media_ready(self, port: RtpPort | StockPort) -> None:
        assert self._peer is not None
        assert self._peer.offer is not None
        offer, frames = self._peer.offer, self._sink.frames
        if isinstance(port, StockPort):
            self._media = StockMedia(port, frames)
        else:
            self._media = MediaPath(offer, make_codec(offer.codec, self.config.opus), port, frames)
        self._media.on_frame = self._frame
        self._media.on_digit = self._digit
        self._sink.written, self._sink.cut = self._media.written, self._media.cut
        self._media.on_rtp = self._rtp
        self._connect()

    def _connect(self) -> None:
        """Connected is: answered, and media flows."""
        if self._media is None or not self._sdp_sent:
            return
        if self._early is not None and not self._early_told and self._state == "PROGRESSING":
            self._early_told = True
            self.emit("early_media", headers=self._early)
        if self._accepted is None:
            return
        if self._state in ("CONNECTED", "TERMINATED"):
            return
        self._state = "CONNECTED"
        self._connected_at = self._loop.time()
        self.emit("answered", headers=self._accepted if self._outgoing else {})
        if self._media is not None and self._media.flowing:
            self.emit("first_audio")

    def _frame(self, frame: bytes) -> None:
        # Early media goes one way (the platform's rule): to the caller.
        if self._state == "CONNECTED" or (self._early_told and self._state == "PROGRESSING"):
            self.audio.push(SILENCE if self._sink.held else frame)

    def _digit(self, digit: str) -> None:
        if self._state == "CONNECTED":
            self.emit("dtmf", digit=digit, method="rfc2833")

    def _rtp(self, flowing: bool, first: bool) -> None:
        if self._state == "CONNECTED":
            self.emit("first_audio" if first else "rtp_resumed" if flowing else "rtp_stopped")

    def _media_lost(self, by_far_end: bool) -> None:
        if self._state == "TERMINATED":
            return
        if by_far_end:
            self.far_hangup({})
        elif self._media is None:
            self._finish(488, "the media path could not be set up (ICE or DTLS failed)", "error", {})
        else:
            self._finish(408, "the media path was lost", "error", {})

    def _not_answered(self) -> None:
        if self._answerable():
            self._finish(408, reason_of(408), "local", {})

    def _finish(self, code: int, reason: str, by: By, headers: Headers) -> None:
        if self._state == "TERMINATED":
            return
        before, self._state = self._state, "TERMINATED"
        self._stop_no_answer()
        if self._media is not None:
            self._sink.written = self._sink.cut = lambda: None
            self._media.close()
        began = self._connected_at
        duration = 0.0 if began is None else self._loop.time() - began
        self._far.ended(code, reason, by, headers, duration)
        if self._peer is not None:
            self._spawn(self._peer.close())
        self.audio.disconnect_all()
        if self._silent:
            return
        if self._outgoing and before != "CONNECTED":
            self.emit("failed", code=code, reason=reason, headers=headers)
        else:
            self.emit("ended", code=code, reason=reason, by=by, headers=headers)

    def _stop_no_answer(self) -> None:
        if self._no_answer is not None:
            self._no_answer.cancel()
            self._no_answer = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _peer_for(offer: str, config: PeerConfig) -> Peer:
    peer = Peer(config, fast=await config.path.fast())
    try:
        await peer.accept(offer)
    except BaseException:
        await peer.close()
        raise
    return peer
