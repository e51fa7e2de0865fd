"""Ports and relays: what is offered is where media goes."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from tests.legs.webrtc.caller import Caller

from voxrun.legs.webrtc import aiortc_private
from voxrun.legs.webrtc.candidates import PortRange, bind_in
from voxrun.legs.webrtc.peer import IceServer, Peer, PeerConfig
from voxrun.legs.webrtc.rtp import build


def free_range(count: int) -> PortRange:
    """Some UDP ports that are free now."""
    for first in range(42_000, 60_000, count):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    sock.bind(("0.0.0.0", port))
            except OSError:
                continue
        return PortRange(first, first + count - 1)
    raise RuntimeError("no free ports")


def test_a_range_gives_each_of_its_ports_once_and_then_says_what_to_do() -> None:
    ports = free_range(3)
    with contextlib.ExitStack() as stack:
        taken = {stack.enter_context(bind_in("127.0.0.1", ports)).getsockname()[1] for _ in range(3)}
        assert taken == set(range(ports.first, ports.last + 1))
        with pytest.raises(OSError, match=r"widen media\.ports"):
            bind_in("127.0.0.1", ports)
    bind_in("127.0.0.1", ports).close()


def test_ports_are_bound_on_ipv6_too() -> None:
    with bind_in("::1", free_range(3)) as sock:
        assert sock.family == socket.AF_INET6


def candidates(sdp: str) -> list[tuple[str, int, str]]:
    """(address, port, type) of each candidate."""
    found = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ (\S+)", sdp)
    return [(address, int(port), kind) for address, port, kind in found]


@pytest.mark.live
def test_media_ports_are_of_the_range_and_calls_connect_on_them() -> None:
    ports = free_range(20)

    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig(ports=ports))
        ready = asyncio.get_running_loop().create_future()
        peer.on_ready = ready.set_result
        await peer.accept(await caller.offer())
        answer = await peer.answer()
        offered = candidates(answer)
        assert "127.0.0.1" in {address for address, _, _ in offered}
        assert all(ports.first <= port <= ports.last for _, port, _ in offered)
        await caller.take(answer)
        await asyncio.wait_for(ready, 10)
        await peer.close()
        await caller.close()

    asyncio.run(story())


@pytest.fixture
def turn(tmp_path: Path) -> Iterator[int]:
    """A coturn on a port of 127.0.0.1."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn is not installed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = tmp_path / "turnserver.conf"
    config.write_text(
        f"listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nlistening-port={port}\nuser=bob:secret\nrealm=test\n"
        "lt-cred-mech\nallow-loopback-peers\nno-tls\nno-dtls\nno-cli\nlog-file=/dev/null\n"
        f"pidfile={tmp_path}/pid\nuserdb={tmp_path}/db\n"
    )
    process = subprocess.Popen(
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until_it_answers(process, port)
        yield port
    finally:
        process.kill()
        process.wait()


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int) -> None:
    """STUN binding requests (RFC 8489 section 5), until there is a response."""
    request = struct.pack("!HHI12s", 1, 0, 0x2112A442, b"voxrun-tests")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.1)
        sock.connect(("127.0.0.1", port))
        for _ in range(200):
            with contextlib.suppress(OSError):
                sock.send(request)
                sock.recv(1000)
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)  # a refusal comes at once
    raise RuntimeError("coturn does not answer")


@pytest.mark.live
@pytest.mark.peer
@pytest.mark.parametrize("ports", [None, "range"])
def test_a_call_that_can_only_be_relayed_goes_through_a_turn_server(turn: int, ports: str | None) -> None:
    server = f"turn:127.0.0.1:{turn}?transport=udp"

    async def story() -> None:
        config = PeerConfig(
            ice_servers=(IceServer(server, "bob", "secret"),), ports=free_range(20) if ports else None
        )
        peer = Peer(config)
        own = RTCPeerConnection(RTCConfiguration([RTCIceServer(server, "bob", "secret")]))
        transceiver = own.addTransceiver("audio", direction="sendrecv")
        aiortc_private.offer_loopback(transceiver)
        ready = asyncio.get_running_loop().create_future()
        peer.on_ready = ready.set_result
        await own.setLocalDescription(await own.createOffer())
        await peer.accept(only_relayed(own.localDescription.sdp))
        answer = await peer.answer()
        assert "relay" in {kind for _, _, kind in candidates(answer)}
        await own.setRemoteDescription(RTCSessionDescription(only_relayed(answer), "answer"))
        port = await asyncio.wait_for(ready, 20)
        there = asyncio.get_running_loop().create_future()
        port.on_rtp = lambda data: None if there.done() else there.set_result(data)
        far = aiortc_private.RtpPort(transceiver)
        for number in range(50):
            far.send(build(111, False, number, 0, far.ssrc, b"through the relay"))
            await asyncio.wait([there], timeout=0.1)
        assert there.result().endswith(b"through the relay")
        await peer.close()
        await aiortc_private.close_peer(own)

    asyncio.run(story())


def only_relayed(sdp: str) -> str:
    """Without the candidates that would connect by themselves."""
    return "".join(
        line for line in sdp.splitlines(True) if not line.startswith("a=candidate") or " typ relay" in line
    )
