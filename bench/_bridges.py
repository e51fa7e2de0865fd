"""Bridges under load: voxrun with its realm hosts, or the baseline, on the first processor; callers and
voice AI on the second. A ``window`` says how late frames were while the machine did not stand still.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _processes import ROOT, pss_kb, voxrun
from _still import Stillness, watch
from calls import _children

HERE = Path(__file__).parent
WINDOW_S = 8.0
LATE_MS = 20.0
LOST_MS = 40.0
"""Later than this a frame is of no use to a receiver with a usual jitter buffer."""
OWN_MS = 10.0
"""A caller that is this late itself says nothing about the bridge."""
MOST_DISTURBED = 50.0
"""Per cent of a window; above it the window is repeated."""
TRIES = 3

Moments = Sequence[tuple[float, float]]


class Load:
    """The process of callers and voice AI."""

    def __init__(self, process: asyncio.subprocess.Process, api: str, ws: str) -> None:
        self._process = process
        self.api, self.ws = api, ws

    async def do(self, what: str, **order: Any) -> dict[str, Any]:
        """Give an order and wait for its answer. Raises RuntimeError for what went wrong there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what} | order).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(f"the load process: {answer['error']}")
        return answer

    async def call(self, url: str, **callers: Any) -> dict[str, Any]:
        """Place calls, ten a second unless told otherwise, and let them settle. Raises RuntimeError."""
        placed = await self.do("call", url=url, **({"rate": 10, "clickers": 0, "talkers": 0} | callers))
        await asyncio.sleep(1.5)
        return placed


@asynccontextmanager
async def load() -> AsyncIterator[Load]:
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "1", sys.executable, str(HERE / "_load.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 26,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        where = json.loads(await process.stdout.readline())
        yield Load(process, where["api"], where["ws"])
    finally:
        process.stdin.close()
        await process.wait()


def all_taken(placed: dict[str, Any]) -> None:
    """Raises RuntimeError where a call was not."""
    if placed["failed"]:
        raise RuntimeError(f"{len(placed['failed'])} calls failed: {placed['failed'][0]}")


@dataclass(frozen=True, slots=True)
class Running:
    """A bridge that takes calls."""

    url: str
    pid: int


Bridge = Callable[[Load], AbstractAsyncContextManager[Running]]


@asynccontextmanager
async def on_the_first_core(*files: Path, options: Sequence[str] = (), **env: str) -> AsyncIterator[Running]:
    """voxrun with its realm hosts, there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})  # children keep it
    try:
        async with voxrun(*files, *options, **env) as run:
            os.sched_setaffinity(0, before)
            yield Running(run.url, run.pid)
    finally:
        os.sched_setaffinity(0, before)


@asynccontextmanager
async def ours(work: Load, *options: str) -> AsyncIterator[Running]:
    """voxrun scenarios/inbound.js; each call in a realm of its own, the journal on."""
    env = {"VOXRUN_AI_MODE": "local", "VOXRUN_AI_BASE_URL": work.api}
    scenario = ROOT / "scenarios" / "inbound.js"
    async with on_the_first_core(scenario, options=options or ("--no-record",), **env) as run:
        yield run


@asynccontextmanager
async def stock(work: Load) -> AsyncIterator[Running]:
    """The baseline."""
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "0", sys.executable, str(HERE / "_stock.py"), work.ws),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        yield Running(line.split()[1], process.pid)
    finally:
        process.kill()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Result:
    """One window. Shares are per cent of frames, of the worse direction."""

    late: float
    raw_late: float
    """With the moments in which the machine stood still."""
    lost: float = 100.0
    own: float = 0.0
    """Of the callers' own packets, those that left late."""
    one_way: tuple[float, ...] = ()
    """ms."""
    round_trip: tuple[float, ...] = ()
    heard: tuple[float, ...] = ()
    """ms to the listeners of a conference."""
    cpu: float = 0.0
    """Per cent of a core for each call."""
    disturbed: float = 0.0
    """Per cent of the time in which the machine stood still."""
    flowing: int = 0
    """Callers to whom packets came."""
    work_ns: float = 0.0
    """What a fixed piece of work took when the machine was itself: how fast it was."""


FAILED = Result(100.0, 100.0)


async def window(
    work: Load, pid: int, calls: int, seconds: float = WINDOW_S, tries: int | None = None
) -> Result:
    """Listen; again where the machine stood still for most of it."""
    tries = TRIES if tries is None else tries
    for attempt in range(tries):
        async with watch() as machine:
            before, began = cpu_seconds(pid), time.monotonic()
            heard = await work.do("listen", seconds=seconds)
            cpu = 100 * (cpu_seconds(pid) - before) / (time.monotonic() - began) / calls
        if machine.share <= MOST_DISTURBED or attempt == tries - 1:
            break
    ways = [heard[way] for way in ("up", "down") if heard[way]]
    return Result(
        late=max((share_over(LATE_MS, calm(way, machine)) for way in ways), default=100.0),
        raw_late=max((share_over(LATE_MS, [ms for _, ms in way]) for way in ways), default=100.0),
        lost=max((share_over(LOST_MS, calm(way, machine)) for way in ways), default=100.0),
        own=share_over(OWN_MS, calm(heard["own"], machine)),
        one_way=tuple(calm_spans(heard["one_way"], machine)),
        round_trip=tuple(calm_spans(heard["round_trip"], machine)),
        heard=tuple(calm_spans(heard["heard"], machine)),
        cpu=cpu,
        disturbed=machine.share,
        flowing=heard["flowing"],
        work_ns=machine.work_ns,
    )


async def at(work: Load, bridge: Bridge, calls: int, seconds: float = WINDOW_S, clickers: int = 2) -> Result:
    """A fresh bridge with so many calls."""
    async with bridge(work) as run:
        placed = await work.call(run.url, clickers=clickers, talkers=calls - clickers)
        result = FAILED if placed["failed"] else await window(work, run.pid, calls, seconds)
        await work.do("end")
    return result


def calm(moments: Moments, machine: Stillness) -> list[float]:
    """The ms of those moments in which the machine was itself."""
    return [ms for moment, ms in moments if not machine.at(moment)]


def calm_spans(moments: Moments, machine: Stillness) -> list[float]:
    """The ms of those spans, from the moment on, in which the machine was itself all the time."""
    return [ms for moment, ms in moments if not machine.between(moment, moment + ms / 1e3)]


def share_over(most: float, lateness: Sequence[float]) -> float:
    """Per cent of frames more than ``most`` ms late; 100 where there are none at all."""
    return 100.0 * sum(ms > most for ms in lateness) / len(lateness) if lateness else 100.0


_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Seconds of processor that a process and its children have used."""
    total = 0
    for each in (pid, *_children(pid)):
        fields = Path(f"/proc/{each}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def memory_kb(pid: int) -> float:
    """PSS of a process and its children."""
    return sum(pss_kb(each) for each in (pid, *_children(pid)))
