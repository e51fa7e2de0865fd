"""Every private name of aiortc and aioice that voxrun leans on, in one place.

aiortc does SDP, ICE, DTLS and the SRTP keys; its own RTP sender and receiver are never started (they
hold audio back 80 ms, 200 ms more after a lost packet, and know no telephone-event). ``tap`` replaces the
two methods of *one* transceiver that would start them, and looks at its datagrams first; other peer
connections of the process keep theirs. ``self_test`` makes a real call over loopback, so that an aiortc in
which a name has moved is found when voxrun starts and not by a caller.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, cast

import pylibsrtp
from aiortc import (
    RTCCertificate,
    RTCConfiguration,
    RTCDtlsFingerprint,
    RTCPeerConnection,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from OpenSSL import SSL

from voxrun.legs.webrtc.candidates import PortRange, gather_in
from voxrun.legs.webrtc.rtp import build, is_rtcp

LOOPBACK = "127.0.0.1"
CIPHERS = b":".join(
    f"ECDHE-{key}-{cipher}".encode()
    for key in ("ECDSA", "RSA")
    for cipher in ("AES128-GCM-SHA256", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
)
"""Suites of DTLS 1.2 with forward secrecy (RFC 8827 section 6.5 names the first)."""


class RtpPort:
    """RTP and RTCP of one connected call, decrypted, in the very callback of the socket.

    aiortc's own way (a task that reads a queue, a router, a coroutine for each packet) costs more than
    decoding the audio; DTLS and STUN still go there.
    """

    def __init__(self, transceiver: RTCRtpTransceiver, cname: str = "") -> None:
        self._dtls: Any = transceiver.receiver.transport
        self._ice: Any = self._dtls.transport._connection
        self._rest: Callable[[bytes, int], None] | None = None
        self.ssrc: int = transceiver.sender._ssrc
        self.cname = cname
        self.on_rtp: Callable[[bytes], None] | None = None
        """Takes each RTP packet; must not raise."""
        self.on_rtcp: Callable[[bytes], None] | None = None
        """The same for compound RTCP packets."""

    def receive(self) -> None:
        """From now on packets come to ``on_rtp`` and ``on_rtcp``."""
        if self._rest is None:
            self._rest = self._ice.data_received
            self._ice.data_received = self._datagram

    def send(self, packet: bytes) -> bool:
        """Encrypt and send one RTP packet; False when the connection is gone."""
        return self._send(packet, rtcp=False)

    def send_rtcp(self, packet: bytes) -> bool:
        """The same for a compound RTCP packet."""
        return self._send(packet, rtcp=True)

    def close(self) -> None:
        """Take no more packets; DTLS and STUN go on."""
        self.on_rtp = self.on_rtcp = None

    def _send(self, packet: bytes, *, rtcp: bool) -> bool:
        pair = self._ice._nominated.get(1)
        if pair is None or self._dtls.state != "connected":
            return False
        transport = pair.protocol.transport
        is_closing = getattr(transport, "is_closing", None)  # that of a TURN relay has none
        if is_closing is not None and is_closing():
            return False
        session = self._dtls._tx_srtp
        data = session.protect_rtcp(packet) if rtcp else session.protect(packet)
        transport.sendto(data, pair.remote_addr)
        return True

    def _datagram(self, data: bytes, component: int) -> None:
        assert self._rest is not None
        if not data:
            return  # anybody may send one, and it would be an IndexError in aiortc: the call would end
        if not 128 <= data[0] <= 191:  # RFC 7983: what is neither RTP nor RTCP
            self._rest(data, component)
            return
        session, rtcp = self._dtls._rx_srtp, is_rtcp(data)
        take = self.on_rtcp if rtcp else self.on_rtp
        if session is None or take is None:
            return
        try:
            plain = session.unprotect_rtcp(data) if rtcp else session.unprotect(data)
        except pylibsrtp.Error:  # a forgery, a repetition, or from before the keys
            return
        take(plain)


class _Certificate(RTCCertificate):
    """A certificate that talks with far ends whose own is RSA too (GStreamer up to 1.22).

    aiortc offers cipher suites for ECDSA alone, and the handshake with those ends in "no shared cipher".
    Fingerprints and OpenSSL's context are made once for all calls, too; no call resumes another's session.
    """

    _context: Any = None

    @functools.cached_property
    def _fingerprints(self) -> list[RTCDtlsFingerprint]:
        return super().getFingerprints()

    def getFingerprints(self) -> list[RTCDtlsFingerprint]:
        return [*self._fingerprints]

    def _create_ssl_context(self, srtp_profiles: Any) -> Any:
        if self._context is None:
            context = super()._create_ssl_context(srtp_profiles)
            context.set_cipher_list(CIPHERS)
            context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
            self._context = context
        return self._context


@functools.cache
def _certificate() -> _Certificate:
    made = RTCCertificate.generateCertificate()
    return _Certificate(key=made._key, cert=made._cert)


def share_certificate(connection: RTCPeerConnection) -> None:
    """Have one certificate for all calls of the process, instead of a new one for each. To be called before
    there is a transceiver."""
    private: Any = connection
    private._RTCPeerConnection__certificates[:] = [_certificate()]


def tap(transceiver: RTCRtpTransceiver, ready: Callable[[RtpPort], None]) -> None:
    """Take the RTP of ``transceiver``: ``ready`` is called once, when DTLS is up and SRTP has its keys."""
    port: RtpPort | None = None

    def open_port(cname: str = "") -> RtpPort:
        nonlocal port
        if port is None:
            port = RtpPort(transceiver, cname)
            port.receive()
            ready(port)
        return port

    async def send(parameters: Any) -> None:
        open_port(parameters.rtcp.cname or "")

    async def receive(parameters: object) -> None:
        open_port()

    sender: Any = transceiver.sender
    receiver: Any = transceiver.receiver
    sender.send = send
    receiver.receive = receive


async def close_peer(connection: RTCPeerConnection) -> None:
    """Close a peer connection that uses aiortc's own receivers. Where it is closed in the moment it connects,
    aiortc starts a decoder's thread afterwards, which would keep the process from ever ending."""
    await connection.close()
    for _ in range(3):
        await asyncio.sleep(0)
    for transceiver in connection.getTransceivers():
        await transceiver.receiver.stop()


def offer_loopback(transceiver: RTCRtpTransceiver, ports: PortRange | None = None) -> None:
    """Offer 127.0.0.1 too, which aioice leaves out: a machine without a network has nothing else."""
    choose_hosts(transceiver, loopback=True, ports=ports)


def choose_hosts(transceiver: RTCRtpTransceiver, *, loopback: bool, ports: PortRange | None) -> None:
    """Which addresses are offered, and on which ports (None: any)."""
    connection: Any = transceiver.receiver.transport.transport._connection
    gather = connection.get_component_candidates

    async def gather_hosts(component: int, addresses: list[str], *rest: Any) -> Any:
        hosts = [*addresses, LOOPBACK] if loopback else addresses
        own = await gather_in(connection, component, hosts, ports)
        return own + await gather(component, [], *rest)  # which asks the TURN server

    connection.get_component_candidates = gather_hosts


def gather_ahead(connection: RTCPeerConnection) -> asyncio.Task[None]:
    """Gather candidates now: once the task is done, the local description is made without waiting for
    anything. To be called when the transceivers are there; not when somebody else gathers."""
    private: Any = connection

    async def gathered() -> None:
        pass

    task = asyncio.get_running_loop().create_task(private._RTCPeerConnection__gather())
    private._RTCPeerConnection__gather = gathered
    return task


def drop_empty_datagrams(transceiver: RTCRtpTransceiver) -> None:
    """An empty datagram, which anybody may send to the port, is an IndexError in aiortc: the call ends."""
    ice: Any = transceiver.receiver.transport.transport
    receive = ice._recv

    async def receive_something() -> bytes:
        while not (data := await receive()):
            pass
        return bytes(data)

    ice._recv = receive_something


def left_by_far_end(transceiver: RTCRtpTransceiver) -> bool:
    """Whether the far end closed the connection itself (DTLS close), rather than vanished: then aioice has
    given up its path (RFC 7675) before DTLS notices."""
    dtls: Any = transceiver.receiver.transport
    return bool(dtls.state == "closed" and dtls.transport._connection._nominated)


async def self_test() -> str:
    """Call ourselves over loopback. Returns "" when everything is as expected, else what is not."""
    from voxrun.legs.webrtc.peer import Peer, PeerConfig

    ready: asyncio.Future[RtpPort] = asyncio.get_running_loop().create_future()
    caller = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer = Peer(PeerConfig())
    try:
        transceiver = caller.addTransceiver("audio", direction="sendrecv")
        offer_loopback(transceiver)
        await caller.setLocalDescription(await caller.createOffer())
        peer.on_ready = lambda port: None if ready.done() else ready.set_result(cast(RtpPort, port))
        await peer.accept(caller.localDescription.sdp)
        answer = await peer.answer()
        await caller.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        port = await asyncio.wait_for(ready, 10)
        there: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        port.on_rtp = lambda packet: None if there.done() else there.set_result(packet)
        far = RtpPort(transceiver)
        for number in range(20):  # the first may come before the far end has its keys
            far.send(build(111, False, number, 0, far.ssrc, b"voxrun"))
            await asyncio.wait([there], timeout=0.1)
            if there.done():
                return "" if there.result().endswith(b"voxrun") else "packets arrive garbled"
        return "a call over loopback connects, but packets do not arrive"
    except (AttributeError, TypeError) as error:
        return f"aiortc or aioice is of a version voxrun does not know: {error}"
    except TimeoutError:
        return "a call over loopback did not connect within 10 s"
    finally:
        await peer.close()
        await close_peer(caller)
