"""The private names of aiortc are where we think they are."""

from __future__ import annotations

import asyncio

import pytest
from aioice.ice import Connection, StunProtocol
from aioice.stun import parse_message
from aiortc import RTCPeerConnection

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
