"""Virtual time: it jumps, it is fair, it stands still for work outside, and it refuses the network."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from voxrun.session.clock import LoopClock
from voxrun.session.virtual import VirtualLoop, VirtualTimeError, run_virtual


def test_an_hour_of_sleep_takes_no_time() -> None:
    async def main(clock: LoopClock) -> tuple[float, int]:
        started = clock.unix_ms()
        await asyncio.sleep(3600)
        return clock.now(), clock.unix_ms() - started

    before = time.perf_counter()
    assert run_virtual(main) == (3600.0, 3_600_000)
    assert time.perf_counter() - before < 5


def test_time_starts_at_the_given_date() -> None:
    async def main(clock: LoopClock) -> int:
        return clock.unix_ms()

    assert run_virtual(main) == 1_736_154_000_000
    assert run_virtual(main, start_ms=5) == 5


def test_timers_with_one_deadline_run_in_the_order_they_were_set() -> None:
    async def main(clock: LoopClock) -> list[int]:
        loop = asyncio.get_running_loop()
        order: list[int] = []
        for number in range(200):
            loop.call_at(1.0, order.append, number)
        await asyncio.sleep(2)
        return order

    assert run_virtual(main) == list(range(200))


def test_sleep_until_a_moment_that_is_over_returns_at_once() -> None:
    async def main(clock: LoopClock) -> float:
        await clock.sleep_until(1.5)
        await clock.sleep_until(1.0)
        return clock.now()

    assert run_virtual(main) == 1.5


def test_time_stands_still_while_work_outside_is_pending_and_results_keep_their_order() -> None:
    async def main(clock: LoopClock) -> list[tuple[str, float]]:
        loop = asyncio.get_running_loop()
        threads = ThreadPoolExecutor(2)
        second_done = threading.Event()
        seen: list[tuple[str, float]] = []

        def first() -> None:
            assert second_done.wait(10)  # the later job is ready first

        async def run(name: str, job: object) -> None:
            await loop.run_in_executor(threads, job)  # type: ignore[arg-type]
            seen.append((name, clock.now()))

        async def timer() -> None:
            await asyncio.sleep(0.02)
            seen.append(("timer", clock.now()))

        await asyncio.gather(run("first", first), run("second", second_done.set), timer())
        threads.shutdown()
        return seen

    assert run_virtual(main) == [("first", 0.0), ("second", 0.0), ("timer", 0.02)]


def test_work_for_no_executor_in_particular_is_done_in_its_turn_without_a_thread() -> None:
    async def main(clock: LoopClock) -> list[object]:
        loop, done = asyncio.get_running_loop(), list[object]()
        one = loop.run_in_executor(None, done.append, threading.get_ident())
        two = loop.run_in_executor(None, done.append, "two")
        two.cancel()
        assert not done  # the loop is not idle yet
        await one
        await asyncio.sleep(1)
        return done

    assert run_virtual(main) == [threading.get_ident(), "two"]


def test_an_error_of_work_outside_reaches_who_waits_for_it() -> None:
    async def main(clock: LoopClock) -> None:
        await asyncio.get_running_loop().run_in_executor(None, int, "no number")

    with pytest.raises(ValueError, match="no number"):
        run_virtual(main)


def test_nothing_to_wait_for_is_a_deadlock_with_a_message() -> None:
    async def main(clock: LoopClock) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(VirtualTimeError, match="stands still"):
        run_virtual(main)


def test_a_cancelled_timer_does_not_keep_time_going() -> None:
    async def main(clock: LoopClock) -> float:
        handle = asyncio.get_running_loop().call_later(1000, print)
        handle.cancel()
        await asyncio.sleep(1)
        return clock.now()

    assert run_virtual(main) == 1.0


def test_the_network_is_refused_by_name() -> None:
    async def main(clock: LoopClock) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get("http://example.com:8080/")

    with pytest.raises(VirtualTimeError, match=r"example\.com"):
        run_virtual(main)


def test_servers_and_child_processes_are_refused() -> None:
    async def serve(clock: LoopClock) -> None:
        await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)

    async def spawn(clock: LoopClock) -> None:
        await asyncio.create_subprocess_exec("true")

    with pytest.raises(VirtualTimeError, match="server"):
        run_virtual(serve)
    with pytest.raises(VirtualTimeError, match="child process"):
        run_virtual(spawn)


def test_the_horizon_is_the_next_deadline_of_anybody() -> None:
    async def main(clock: LoopClock) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await asyncio.sleep(0)
        assert loop.horizon() == float("inf")
        loop.call_at(1.0, print).cancel()
        loop.call_at(3.0, lambda: None)
        assert loop.horizon() == 3.0
        loop.advance(2.5)
        loop.advance(1.0)
        assert clock.now() == 2.5
        loop.call_soon(lambda: None)
        assert loop.horizon() is None  # something is ready
        await asyncio.sleep(0)
        work = loop.run_in_executor(None, lambda: None)
        assert loop.horizon() is None  # something is under way
        await work
        await asyncio.sleep(1)

    run_virtual(main)
