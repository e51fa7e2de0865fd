"""The answering side of a peer connection."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import pytest
from tests.legs.webrtc.caller import Caller

from voxrun.errors import InternalError, PeerError
from voxrun.legs.webrtc.candidates import ANY_PORT, PortRange, bind_in
from voxrun.legs.webrtc.peer import IceServer, Peer, PeerConfig

pytestmark = pytest.mark.live


def test_an_mdns_candidate_in_the_offer_costs_no_time() -> None:
    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig())
        name = "a=candidate:1 1 udp 2113937151 7f6c0f0e-0c3b-4b49-9f0e-000000000000.local 50000 typ host\r\n"
        loop = asyncio.get_running_loop()
        start = loop.time()
        await peer.accept(await caller.offer() + name)
        assert loop.time() - start < 0.5
        await peer.close()
        await caller.close()

    asyncio.run(story())


def test_sockets_are_there_before_the_answer_which_then_waits_for_nothing() -> None:
    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig())
        offer = await caller.offer()
        before = sockets()
        await peer.accept(offer)
        assert peer._gathering is not None
        await peer._gathering
        opened = sockets() - before
        with pytest.raises(StopIteration) as answered:
            peer.answer().send(None)
        assert answered.value.value.count("a=candidate:") == opened > 0
        await peer.close()
        await caller.close()

    asyncio.run(story())


def test_a_call_that_nobody_answers_gives_its_sockets_back() -> None:
    async def story() -> None:
        caller = Caller()
        offer = await caller.offer()
        before = sockets()
        for wait in (0.0, 0.1):  # closed while it gathers, and afterwards
            peer = Peer(PeerConfig())
            await peer.accept(offer)
            await asyncio.sleep(wait)
            await peer.close()
            await asyncio.sleep(0.02)  # a transport closes its socket a turn of the loop later
            assert sockets() == before
        await caller.close()

    asyncio.run(story())


def test_an_answer_without_a_port_says_what_to_do() -> None:
    with contextlib.closing(bind_in("127.0.0.1", ANY_PORT)) as taken:
        port = taken.getsockname()[1]

        async def story() -> None:
            caller, peer = Caller(), Peer(PeerConfig(ports=PortRange(port, port)))
            await peer.accept(await caller.offer())
            with pytest.raises(OSError, match=r"widen media\.ports"):
                await peer.answer()
            await peer.close()
            await caller.close()

        asyncio.run(story())


def sockets() -> int:
    """Open ones of this process."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of this very listing is gone
            found += str(each.readlink()).startswith("socket:")
    return found


def hidden(offer: str) -> list[str]:
    """The lines of an offer whose addresses are names."""
    name = r" udp \1 7f6c0f0e-0c3b-4b49-9f0e-000000000000.local "
    return [re.sub(r" udp (\d+) \S+ ", name, line) for line in offer.splitlines()]


def test_a_browser_that_hides_its_addresses_and_never_comes_is_given_up() -> None:
    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig(connect_seconds=0.1))
        closed = asyncio.get_running_loop().create_future()
        peer.on_closed = closed.set_result
        await peer.accept("\r\n".join(hidden(await caller.offer())) + "\r\n")
        await peer.answer()
        assert await asyncio.wait_for(closed, 10) is False
        await peer.close()
        await caller.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left or not (await asyncio.wait(left, timeout=5))[1]

    asyncio.run(story())


@pytest.mark.parametrize("kept", ["none", "one that nobody answers"])
def test_a_browser_that_hides_its_addresses_is_found_by_its_own_checks(kept: str) -> None:
    """Browsers without leave to use the microphone, and Firefox always, offer ``.local`` names only."""

    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig())
        offer = hidden(await caller.offer())
        if kept != "none":
            offer.append("a=candidate:9 1 udp 2130706431 127.0.0.1 9 typ host")
        ready = asyncio.get_running_loop().create_future()
        peer.on_ready = ready.set_result
        await peer.accept("\r\n".join(offer) + "\r\n")
        answer = await peer.answer()
        for _ in range(100):  # a browser takes its time: aioice must not have given up by then
            await asyncio.sleep(0)
        await caller.take(answer)
        await caller.connected()
        await asyncio.wait_for(ready, 10)
        await peer.close()
        await caller.close()

    asyncio.run(story())


def test_nobody_outside_is_asked_unless_configured() -> None:
    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig())
        await peer.accept(await caller.offer())
        answer = await peer.answer()
        assert " typ host" in answer
        assert "srflx" not in answer
        await peer.close()
        await caller.close()

    asyncio.run(story())


def test_an_answer_before_an_offer_is_our_own_fault() -> None:
    async def story() -> None:
        peer = Peer(PeerConfig(ice_servers=(IceServer("stun:127.0.0.1:9"),)))
        with pytest.raises(InternalError):
            await peer.answer()
        await peer.close()

    asyncio.run(story())


def test_what_aiortc_cannot_parse_is_an_error_of_the_peer() -> None:
    async def story() -> None:
        caller, peer = Caller(), Peer(PeerConfig())
        broken = (await caller.offer()).replace("a=mid:0", "a=mid:0\r\na=extmap:x")
        with pytest.raises(PeerError, match="cannot be used"):
            await peer.accept(broken)
        await peer.close()
        await peer.close()
        await caller.close()

    asyncio.run(story())
