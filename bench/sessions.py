"""Sessions: how soon a call reaches its handler, and whether hundreds of them leave anything behind."""

from __future__ import annotations

import asyncio
import gc
import os

from _processes import pss_kb
from _sessions import Stage, stage

from voxrun.cli.figures import Figure, figure

OFFERS = 60
SESSIONS = 500
SETTLED = 100
"""Sessions after which caches and pools have their size."""
AT_ONCE = 4
MOST_MS = 10
MOST_GROWTH = 10
SPARE_S = 0.4
"""A host makes the next realm when it has been quiet for 0.2 s."""


def measure(offers: int = OFFERS, sessions: int = SESSIONS, settled: int = SETTLED) -> list[Figure]:
    """The marks: 10 ms from the offer to the CallAlerting handler, no growth after 100 sessions."""
    first, later = asyncio.run(_offers(offers))
    before, after = asyncio.run(_many(sessions, settled))
    growth = 100 * (after - before) / before
    against = f"{before / 1024:.1f} MB after {settled} sessions, {after / 1024:.1f} MB after {sessions}"
    return [
        figure("call offered to CallAlerting handler, warm realm", later, "ms", MOST_MS),
        figure("the same, 95 of 100", later, "ms", at=0.95),
        Figure("the same, first session of a process", first, "ms"),
        Figure("growth of voxrun and its realm hosts (PSS)", growth, "%", MOST_GROWTH, against=against),
    ]


async def _offers(count: int) -> tuple[float, list[float]]:
    """ms of the first session, and of each later one; the line that the handler logs ends the time."""
    async with stage() as found:
        first = await _offer(found)
        later = []
        for _ in range(count):
            await asyncio.sleep(SPARE_S)
            later.append(await _offer(found))
    return first, later


async def _offer(found: Stage) -> float:
    handled = found.expect("call from")
    offered = asyncio.get_running_loop().time()
    leg, session = await found.call()
    took = 1e3 * (await handled - offered)
    leg.remote.hang_up()
    await found.runtime.wait(session)
    return took


async def _many(sessions: int, settled: int) -> tuple[int, int]:
    """KB after ``settled`` sessions and after all."""
    async with stage() as found:
        for _ in range(0, settled, AT_ONCE):
            await _batch(found)
        before = await _memory(found)
        for _ in range(settled, sessions, AT_ONCE):
            await _batch(found)
        return before, await _memory(found)


async def _batch(found: Stage) -> None:
    calls = [await found.call() for _ in range(AT_ONCE)]
    for leg, _ in calls:
        leg.remote.hang_up()
    for _, session in calls:
        await found.runtime.wait(session)


async def _memory(found: Stage) -> int:
    """What voxrun's process and its realm hosts hold once they are at rest."""
    await asyncio.sleep(SPARE_S)
    gc.collect()
    return sum(pss_kb(pid) for pid in (os.getpid(), *found.realms.pids))
