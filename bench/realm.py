"""Realms: what a turn costs inline and through a host, how fast and how big a realm is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from voxrun.cli.figures import Figure
from voxrun.realm.inline import InlineRealms
from voxrun.realm.pool import HostedRealms
from voxrun.realm.port import BootInfo, RealmPort, Script
from voxrun.realm.realm import Realm
from voxrun.session.messages import Event

TURNS = 3000
START = 1_736_154_000_000
STARTED = Event("Application.Started")
SOURCE = """
  let turns = 0;
  VoxEngine.addEventListener(AppEvents.Started, () => Logger.write("turn " + ++turns));
"""
AGENT = """
  require(Modules.Ultravox);
  VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => call.answer());
"""
CALL = Event("Application.CallAlerting", "c1", {"callerid": "1", "destination": "2", "headers": {}})


def measure() -> list[Figure]:
    """All figures, the issue's marks where it gives some."""
    inline = asyncio.run(_inline())
    hosted, alerting, heap = asyncio.run(_hosted())
    prepare = sorted(_prepare() for _ in range(20))
    return [
        Figure("turn inline, p50", 1e6 * _at(inline, 0.5), "us", 50),
        Figure("turn inline, p95", 1e6 * _at(inline, 0.95), "us"),
        Figure("turn through the host, p50", 1e6 * _at(hosted, 0.5), "us"),
        Figure("turn through the host, p95", 1e6 * _at(hosted, 0.95), "us", 400),
        Figure("realm made ahead, p50", 1e3 * _at(prepare, 0.5), "ms"),
        Figure("session opened to CallAlerting handled, warm, p50", 1e3 * _at(alerting, 0.5), "ms", 10),
        Figure("heap of a realm with the Ultravox module", heap / 1024, "KB", 2048),
    ]


def _at(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


def _info(source: str) -> BootInfo:
    return BootInfo((Script("bench.js", source),), 1, START)


async def _turns(realm: RealmPort, event: Callable[[int], Event], count: int) -> list[float]:
    await realm.boot(_info(SOURCE))
    return [await _timed(realm.turn(event(i), START + i)) for i in range(count)]


async def _timed(work: Awaitable[object]) -> float:
    before = time.perf_counter()
    await work
    return time.perf_counter() - before


async def _inline() -> list[float]:
    realms = InlineRealms()
    times = await _turns(await realms.open("bench"), lambda _: STARTED, TURNS)
    await realms.close()
    return times


async def _hosted() -> tuple[list[float], list[float], int]:
    realms = HostedRealms()
    await realms.start()
    times = await _turns(await realms.open("bench"), lambda _: STARTED, TURNS)
    alerting, heap = [], 0
    for i in range(10):
        await realms.start()
        realm = await realms.open(f"call{i}")

        async def call() -> None:
            await realm.boot(_info(AGENT))  # noqa: B023
            await realm.turn(STARTED, START)  # noqa: B023
            await realm.turn(CALL, START + 1)  # noqa: B023

        alerting.append(await _timed(call()))
        heap = await realm.memory_used()
        await realm.close()
    await realms.close()
    return times, alerting, heap


def _prepare() -> float:
    before = time.perf_counter()
    realm = Realm()
    realm.prepare()
    took = time.perf_counter() - before
    realm.close()
    return took
