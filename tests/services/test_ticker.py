"""The 20 ms ticker: one grid for all, no timer without work, a bad node harms nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from voxrun.media.graph import Ticking
from voxrun.services.ticker import MOST_CATCH_UP, LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


class Node:
    """Notes when it ticks; ``last`` says after how many ticks it is idle."""

    def __init__(self, clock: LoopClock, last: int = 1000, work: Callable[[], None] = lambda: None) -> None:
        self.times: list[int] = []
        self._clock = clock
        self._last = last
        self._work = work

    def tick(self) -> bool:
        self.times.append(round(self._clock.now() * 1000))
        self._work()
        return len(self.times) < self._last


def run(story: Callable[[LoopClock, LoopTicker], object]) -> None:
    async def main(clock: LoopClock) -> None:
        await story(clock, LoopTicker())  # type: ignore[misc]

    run_virtual(main)


def test_nodes_share_one_grid_in_the_order_in_which_they_were_started() -> None:
    async def story(clock: LoopClock, ticker: LoopTicker) -> None:
        order: list[str] = []
        a, b = Node(clock, work=lambda: order.append("a")), Node(clock, work=lambda: order.append("b"))
        ticker.start(a)
        await asyncio.sleep(0.033)
        ticker.start(b)
        ticker.start(b)
        await asyncio.sleep(0.050)
        assert a.times == [20, 40, 60, 80]
        assert b.times == [40, 60, 80]
        assert order == ["a", "a", "b", "a", "b", "a", "b"]
        ticker.close()

    run(story)


def test_an_idle_node_is_forgotten_until_it_is_started_again() -> None:
    async def story(clock: LoopClock, ticker: LoopTicker) -> None:
        node = Node(clock, last=2)
        ticker.start(node)
        await asyncio.sleep(1)
        assert node.times == [20, 40]
        ticker.start(node)
        await asyncio.sleep(1)
        assert node.times == [20, 40, 1020]

    run(story)


def test_without_nodes_there_is_no_timer() -> None:
    async def story(clock: LoopClock, ticker: LoopTicker) -> None:
        node = Node(clock)
        ticker.start(node)
        await asyncio.sleep(0.1)
        ticker.stop(node)
        ticker.stop(node)
        before = len(node.times)
        await asyncio.sleep(10)  # the loop jumps: a timer of the ticker would stop it on the way
        assert len(node.times) == before

    run(story)


def test_a_node_that_fails_is_dropped_and_told_and_the_others_go_on() -> None:
    async def story(clock: LoopClock, ticker: LoopTicker) -> None:
        failed: list[tuple[Ticking, Exception]] = []
        ticker = LoopTicker(lambda node, error: failed.append((node, error)))

        def fail() -> None:
            raise RuntimeError("broken")

        bad, good = Node(clock, work=fail), Node(clock)
        ticker.start(bad)
        ticker.start(good)
        await asyncio.sleep(0.1)
        assert len(bad.times) == 1
        assert len(good.times) == 5
        assert [(node, str(error)) for node, error in failed] == [(bad, "broken")]
        ticker.close()

    run(story)


def test_a_node_may_stop_or_start_another_in_its_tick() -> None:
    async def story(clock: LoopClock, ticker: LoopTicker) -> None:
        second, third = Node(clock), Node(clock)

        def switch() -> None:
            ticker.stop(second)
            ticker.start(third)

        first = Node(clock, work=switch)
        ticker.start(first)
        ticker.start(second)
        await asyncio.sleep(0.05)
        assert second.times == []
        assert third.times == [40]
        ticker.close()

    run(story)


@pytest.mark.live
def test_after_a_stall_a_few_ticks_are_made_up_for_and_the_rest_is_skipped() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        ticker = LoopTicker()
        count = 0

        class Counter:
            def tick(self) -> bool:
                nonlocal count
                count += 1
                return True

        ticker.start(Counter())
        await asyncio.sleep(0.03)
        before, began = count, loop.time()
        time.sleep(0.5)  # the whole loop stalls  # noqa: ASYNC251
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        made_up = count - before
        ticker.close()
        assert 1 <= made_up <= MOST_CATCH_UP + 2 + (loop.time() - began - 0.5) / 0.02

    asyncio.run(story())
