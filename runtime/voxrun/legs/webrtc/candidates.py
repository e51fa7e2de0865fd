"""Host candidates of our own making (RFC 8445 section 5.1.1): aioice has a thread look up each address, takes
any free UDP port and leaves out 127.0.0.1; behind a firewall the ports have to be from a range, and a machine
without a network has nothing else than loopback."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import socket
from typing import Any, Final

from aioice.candidate import Candidate, candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, server_reflexive_candidate
from msgspec import Struct

RECEIVE_BUFFER: Final = 256 * 1024
STUN_SECONDS: Final = 5.0


class PortRange(Struct, frozen=True):
    """UDP ports for media, both ends included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


ANY_PORT: Final = PortRange(0, 0)
"""The system chooses one that is free."""

_turns = itertools.count()
"""Where the next search begins, so that a port that was just given up is not taken again at once."""


def bind_in(address: str, ports: PortRange) -> socket.socket:
    """A UDP socket on a free port of the range. Raises OSError that says so when there is none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    start = next(_turns)
    for offset in range(len(ports)):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.bind((address, ports.first + (start + offset) % len(ports)))
        except OSError:
            sock.close()
            continue
        sock.setblocking(False)
        return sock
    raise OSError(
        f"none of the UDP ports {ports.first} to {ports.last} is free on {address}: "
        "widen media.ports in voxrun.toml (a call takes one for each address of this machine)"
    )


async def gather_in(
    connection: Any, component: int, addresses: list[str], ports: PortRange | None
) -> list[Candidate]:
    """Host candidates on ``addresses``, and what the STUN server sees of them.

    Raises OSError where no port of the range is free; without a range an address that fails is left out.
    """
    loop = asyncio.get_running_loop()
    protocols = []
    for address in addresses:
        try:
            ipaddress.ip_address(address)
            sock = bind_in(address, ports or ANY_PORT)
        except ValueError:
            continue
        except OSError:
            if ports is not None:
                raise
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        _, protocol = await loop.create_datagram_endpoint(lambda: StunProtocol(connection), sock=sock)
        host, port = sock.getsockname()[:2]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host),
            component=component,
            transport="udp",
            priority=candidate_priority(component, "host"),
            host=host,
            port=port,
            type="host",
        )
        connection._protocols.append(protocol)
        protocols.append(protocol)
    return [protocol.local_candidate for protocol in protocols] + await _reflexive(connection, protocols)


async def _reflexive(connection: Any, protocols: list[StunProtocol]) -> list[Candidate]:
    """Server-reflexive candidates of the IPv4 sockets; those that STUN does not answer are left out."""
    if not connection.stun_server:
        return []
    tasks = [
        asyncio.create_task(server_reflexive_candidate(protocol, connection.stun_server))
        for protocol in protocols
        if ":" not in protocol.local_candidate.host
    ]
    if not tasks:
        return []
    done, pending = await asyncio.wait(tasks, timeout=STUN_SECONDS)
    for task in pending:
        task.cancel()
    return [task.result()[0] for task in done if task.exception() is None]
