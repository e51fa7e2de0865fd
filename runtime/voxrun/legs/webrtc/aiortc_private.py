"""Every private name of aiortc and aioice that voxrun leans on, in one place.

aiortc does SDP, ICE, DTLS and the SRTP keys; its own RTP sender and receiver are never started (they
hold audio back 80 ms, 200 ms more after a lost packet, and know no telephone-event). ``tap`` replaces
the two methods of *one* transceiver that would start them; other peer connections of the process keep
theirs. ``self_test`` makes a real call over loopback, so that an aiortc in which a name has moved is
found by ``voxrun doctor`` and not by a caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpTransceiver, RTCSessionDescription
from aiortc.rtp import RtpPacket

LOOPBACK = "127.0.0.1"


class RtpPort:
    """RTP of one connected call: packets in through ``on_packet``, packets out through ``send``."""

    def __init__(self, transceiver: RTCRtpTransceiver, payload_types: list[int]) -> None:
        self._dtls: Any = transceiver.receiver.transport
        self._ice: Any = self._dtls.transport._connection
        self._payload_types = payload_types
        self.ssrc: int = transceiver.sender._ssrc
        self.mid: str | None = transceiver.mid
        self.on_packet: Callable[[RtpPacket], None] | None = None
        """Takes each packet; must not raise."""

    def receive(self) -> None:
        """From now on packets of our payload types come to ``on_packet``."""
        self._dtls._rtp_router.register_receiver(
            self, ssrcs=[], payload_types=self._payload_types, mid=self.mid
        )

    def send(self, packet: bytes) -> bool:
        """Encrypt and send one RTP packet; False when the connection is gone."""
        pair = self._ice._nominated.get(1)
        if pair is None or self._dtls.state != "connected" or pair.protocol.transport.is_closing():
            return False
        pair.protocol.transport.sendto(self._dtls._tx_srtp.protect(packet), pair.remote_addr)
        return True

    def close(self) -> None:
        """Take no more packets."""
        self.on_packet = None
        self._dtls._rtp_router.unregister_receiver(self)

    # what aiortc's RTP router expects of a receiver

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if self.on_packet is not None:
            self.on_packet(packet)

    async def _handle_rtcp_packet(self, packet: object) -> None:
        """Reports of the far end: not needed."""

    def _handle_disconnect(self) -> None:
        """The peer connection tells the same by its state."""


def tap(transceiver: RTCRtpTransceiver, extra: list[int], ready: Callable[[RtpPort], None]) -> None:
    """Take the RTP of ``transceiver``: ``ready`` is called once, when DTLS is up and SRTP has its keys.

    ``extra``: payload types beside the negotiated codecs (telephone-event).
    """
    port: RtpPort | None = None

    def open_port() -> RtpPort:
        nonlocal port
        if port is None:
            port = RtpPort(transceiver, [c.payloadType for c in _codecs(transceiver)] + extra)
            ready(port)
        return port

    async def send(parameters: object) -> None:
        open_port()

    async def receive(parameters: object) -> None:
        open_port().receive()

    sender: Any = transceiver.sender
    receiver: Any = transceiver.receiver
    sender.send = send
    receiver.receive = receive


def _codecs(transceiver: RTCRtpTransceiver) -> Any:
    return transceiver._codecs


def offer_loopback(transceiver: RTCRtpTransceiver) -> None:
    """Offer 127.0.0.1 too, which aioice leaves out: a machine without a network has nothing else."""
    connection: Any = transceiver.receiver.transport.transport._connection
    gather = connection.get_component_candidates

    async def with_loopback(component: int, addresses: list[str], *rest: Any) -> Any:
        return await gather(component, [*addresses, LOOPBACK], *rest)

    connection.get_component_candidates = with_loopback


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
        peer.on_ready = lambda port: None if ready.done() else ready.set_result(port)
        await peer.accept(caller.localDescription.sdp)
        answer = await peer.answer()
        await caller.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        port = await asyncio.wait_for(ready, 10)
        there: asyncio.Future[RtpPacket] = asyncio.get_running_loop().create_future()
        port.on_packet = lambda packet: None if there.done() else there.set_result(packet)
        packet = RtpPacket(payload_type=_codecs(transceiver)[0].payloadType, sequence_number=1)
        for _ in range(20):  # the first may come before the far end has its keys
            packet.sequence_number += 1
            RtpPort(transceiver, []).send(packet.serialize())
            await asyncio.wait([there], timeout=0.1)
            if there.done():
                return ""
        return "a call over loopback connects, but packets do not arrive"
    except (AttributeError, TypeError) as error:
        return f"aiortc or aioice is of a version voxrun does not know: {error}"
    except TimeoutError:
        return "a call over loopback did not connect within 10 s"
    finally:
        await peer.close()
        await caller.close()
