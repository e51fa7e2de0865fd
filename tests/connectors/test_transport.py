"""The seam to the network: what the end of a socket tells."""

from __future__ import annotations

import asyncio

import pytest

from voxrun.connectors.transport import SocketClosed, no_sockets
from voxrun.errors import PeerError


@pytest.mark.parametrize(("reason", "text"), [("bye", "closed 1000 bye"), ("", "closed 1000")])
def test_a_closed_socket_says_its_code_and_reason(reason: str, text: str) -> None:
    closed = SocketClosed(1000, reason, clean=True)
    assert (closed.code, closed.reason, closed.clean) == (1000, reason, True)
    assert str(closed) == text


def test_where_there_is_no_network_nothing_is_reached() -> None:
    with pytest.raises(PeerError, match="no network"):
        asyncio.run(no_sockets("ws://x", {}))
