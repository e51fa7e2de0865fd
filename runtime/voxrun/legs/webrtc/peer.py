"""One peer connection, as the answering side: offer in, answer out, then an RTP port or a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from msgspec import Struct, field
from msgspec.structs import replace

from voxrun.errors import InternalError, PeerError
from voxrun.legs.webrtc import aiortc_private
from voxrun.legs.webrtc.aiortc_private import RtpPort
from voxrun.legs.webrtc.candidates import PortRange
from voxrun.legs.webrtc.codec import OpusOptions
from voxrun.legs.webrtc.path import AudioPath
from voxrun.legs.webrtc.sdp import Offer, finish_answer, read_offer
from voxrun.legs.webrtc.stock import Mouth, StockPort


class IceServer(Struct, frozen=True):
    """A STUN or TURN server ("stun:host:port", "turn:host:port")."""

    url: str
    username: str | None = None
    credential: str | None = None


class PeerConfig(Struct, frozen=True):
    """How calls reach the far end. Without ``ice_servers`` nobody outside is asked."""

    ice_servers: tuple[IceServer, ...] = ()
    loopback: bool = True
    """Offer 127.0.0.1 beside the machine's addresses."""
    ports: PortRange | None = None
    """UDP ports for media; None: any that is free."""
    codecs: tuple[str, ...] = ()
    """Names in the order of our preference ("opus", "G722", "PCMU", "PCMA"); others are not taken. Without
    names: all, in the far end's order."""
    connect_seconds: float = 20.0
    """From the answer to a connected media path."""
    public_address: str = ""
    """IPv4 address under which others reach us through a one-to-one NAT; offered beside our own."""
    path: AudioPath = field(default_factory=AudioPath)
    """Which way audio goes."""
    opus: OpusOptions = field(default_factory=OpusOptions)
    """How Opus is sent."""
    no_answer_seconds: float = 60.0
    """An incoming call that nobody answers, or a page that rings this long: 408 (the platform's figure)."""


class Peer:
    """Answers one offer. ``on_ready`` is called when media can flow, ``on_closed`` once when it no longer
    can (with True when the far end closed the connection itself), neither after ``close()``."""

    def __init__(self, config: PeerConfig, *, fast: bool = True) -> None:
        self._config = config
        self._mouth = None if fast else Mouth()
        servers = [
            RTCIceServer(urls=s.url, username=s.username, credential=s.credential) for s in config.ice_servers
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        if fast:
            aiortc_private.share_certificate(self._connection)
        self._transceiver = self._connection.addTransceiver(self._mouth or "audio", direction="sendrecv")
        if fast:
            aiortc_private.drop_empty_datagrams(self._transceiver)
        self._choose_hosts(fast)
        self._connection.on("connectionstatechange", self._state_changed)
        self._gathering: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False
        self.offer: Offer | None = None
        self.on_ready: Callable[[RtpPort | StockPort], None] | None = None
        self.on_closed: Callable[[bool], None] | None = None

    async def accept(self, sdp: str) -> None:
        """Take the offer, and open sockets for an answer. Raises PeerError when the offer is not usable; the
        peer is then good for nothing."""
        offer = read_offer(sdp, self._config.codecs)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(offer.text, "offer"))
        except Exception as error:  # aiortc's parser raises whatever its code stumbles over
            raise PeerError(f"the SDP offer cannot be used: {error or type(error).__name__}") from error
        self.offer = offer
        if self._mouth is None:
            aiortc_private.tap(self._transceiver, self._ready)
            self._gathering = aiortc_private.gather_ahead(self._connection)
        else:
            self.offer = replace(offer, telephone_event=None)

    async def answer(self) -> str:
        """Make the SDP answer, once candidates are gathered; from here on the peer connects. Raises OSError
        when there is no socket to be had."""
        if self.offer is None:
            raise InternalError("Peer.answer() before accept(): please report this")
        if self._gathering is not None:
            await self._gathering
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._config.connect_seconds, self._closed, False)
        return finish_answer(self._connection.localDescription.sdp, self.offer, self._config.public_address)

    async def close(self) -> None:
        """End the connection. Idempotent."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._gathering is not None:
            self._gathering.cancel()
            await asyncio.wait({self._gathering})
            if not self._gathering.cancelled():
                self._gathering.exception()  # it was told where the answer waited for it, or nobody asked
        if self._mouth is None:
            await self._connection.close()
        else:
            self._mouth.stop()
            await aiortc_private.close_peer(self._connection)

    def _choose_hosts(self, fast: bool) -> None:
        loopback, ports = self._config.loopback, self._config.ports
        try:
            aiortc_private.choose_hosts(self._transceiver, loopback=loopback, ports=ports)
        except AttributeError:
            if fast:
                raise

    def _ready(self, port: RtpPort | StockPort) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.on_ready is not None and not self._over:
            self.on_ready(port)

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and self._mouth is not None:
            self._ready(StockPort(self._transceiver, self._mouth))
        elif state in ("failed", "closed"):
            self._closed(self._mouth is None and aiortc_private.left_by_far_end(self._transceiver))

    def _closed(self, by_far_end: bool) -> None:
        if self._over:
            return
        self._over = True
        if self.on_closed is not None:
            self.on_closed(by_far_end)
