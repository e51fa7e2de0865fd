"""The private names of aiortc are where we think they are."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aioice.ice import Connection, StunProtocol
from aioice.stun import parse_message
from aiortc import RTCPeerConnection
from aiortc.rtcdtlstransport import SRTP_PROFILES
from OpenSSL import SSL

from voxrun.legs.webrtc import aiortc_private

pytestmark = pytest.mark.live


def test_the_self_test_passes_with_the_installed_version() -> None:
    assert asyncio.run(aiortc_private.self_test()) == ""


def test_the_self_test_says_so_when_a_name_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "data_arrived", Connection.data_received, raising=False)

    def moved(protocol: StunProtocol, data: bytes, addr: tuple[str, int]) -> None:
        try:
            parse_message(data)
        except ValueError:
            protocol.receiver.data_arrived(data, 1)
        else:
            received(protocol, data, addr)

    received = StunProtocol.datagram_received
    monkeypatch.setattr(StunProtocol, "datagram_received", moved)
    assert "packets do not arrive" in asyncio.run(aiortc_private.self_test())


def test_loopback_is_offered() -> None:
    async def story() -> None:
        connection = RTCPeerConnection()
        aiortc_private.offer_loopback(connection.addTransceiver("audio"))
        await connection.setLocalDescription(await connection.createOffer())
        assert " 127.0.0.1 " in connection.localDescription.sdp
        await connection.close()

    asyncio.run(story())


def test_calls_share_what_tls_needs_but_no_session() -> None:
    async def story() -> list[Any]:
        peers: list[Any] = [RTCPeerConnection() for _ in range(2)]
        for peer in peers:
            aiortc_private.share_certificate(peer)
        made = [peer.addTransceiver("audio").receiver.transport for peer in peers]
        fingerprints = [transport.getLocalParameters().fingerprints for transport in made]
        assert fingerprints[0] == fingerprints[1]
        fingerprints[0].clear()
        assert made[0].getLocalParameters().fingerprints == fingerprints[1], "nobody changes another's"
        certificates = [transport._RTCDtlsTransport__local_certificate for transport in made]
        contexts = [each._create_ssl_context(SRTP_PROFILES) for each in certificates]
        for peer in peers:
            await peer.close()
        return contexts

    one, other = asyncio.run(story())
    assert one is other
    unused = aiortc_private._certificate.__wrapped__()._create_ssl_context(SRTP_PROFILES)
    assert unused.set_session_cache_mode(SSL.SESS_CACHE_BOTH) == SSL.SESS_CACHE_OFF, "the mode it had"
