"""One ticker for all calls, in virtual time."""

from __future__ import annotations

import asyncio

from voxrun.legs.webrtc.pacer import SLOTS, Pacer, pacer
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Node:
    def __init__(self, fails: bool = False) -> None:
        self.at: list[float] = []
        self.fails = fails

    def tick(self, now: float) -> None:
        self.at.append(now)
        if self.fails:
            raise ValueError("this call is broken")


def test_each_is_ticked_every_20_ms_and_they_are_spread_over_the_slots() -> None:
    async def main(clock: LoopClock) -> list[Node]:
        ticker, nodes = Pacer(), [Node() for _ in range(SLOTS)]
        for node in nodes:
            ticker.add(node)
        await asyncio.sleep(1)
        for node in nodes:
            ticker.remove(node)
        await asyncio.sleep(1)
        return nodes

    nodes = run_virtual(main)
    for node in nodes:
        steps = {round((b - a) * 1000) for a, b in zip(node.at, node.at[1:], strict=False)}
        assert steps == {20}
        assert 48 <= len(node.at) <= 50
    assert len({round(node.at[0] % 0.02 * 1000) for node in nodes}) == SLOTS


def test_a_call_that_raises_is_told_goes_on_and_stops_nobody() -> None:
    async def main(clock: LoopClock) -> tuple[list[str], int, int]:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: told.append(what["message"]))
        ticker, broken, well = Pacer(), Node(fails=True), Node()
        ticker.add(broken)
        ticker.add(well)
        await asyncio.sleep(0.2)
        ticker.remove(broken)
        ticker.remove(well)
        return told, len(broken.at), len(well.at)

    told, broken, well = run_virtual(main)
    assert broken >= 9
    assert well >= 9
    assert told == ["webrtc: a frame could not be sent"] * broken


def test_a_node_may_leave_while_it_is_ticked_and_nothing_ticks_on() -> None:
    async def main(clock: LoopClock) -> int:
        ticker = Pacer()

        class Leaving(Node):
            def tick(self, now: float) -> None:
                super().tick(now)
                ticker.remove(self)

        node = Leaving()
        ticker.add(node)
        await asyncio.sleep(0.5)
        return len(node.at)

    assert run_virtual(main) == 1


def test_a_loop_has_one_pacer() -> None:
    async def main() -> bool:
        return pacer() is pacer()

    assert asyncio.run(main())
