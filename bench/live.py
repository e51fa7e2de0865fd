"""Live calls at load: how many one core bridges to a WebSocket, and how late; stock aiortc in the same run.

The bridge (voxrun with its realm hosts, or the baseline) has one core, callers and voice AI have another. A
run counts when an idle timer was never late meanwhile; others are repeated. At most 1 % of frames may be over
20 ms late, in either direction. Delays are taken at half of what was found.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _processes import ROOT, bare_timer, pss_kb, voxrun
from calls import _children

from voxrun.cli.figures import Figure, figure, share, times

HERE = Path(__file__).parent
MOST_LATE = 1.0
"""Per cent of frames over 20 ms late."""
WINDOW_S = 8.0
STALL_MS = 10.0
"""An idle timer this late marks a window in which the machine stood still."""
TRIES = 3
STOCK_FROM, STOCK_STEP, STOCK_TO = 4, 2, 16
STEP = 0.15
"""The search for voxrun's capacity goes up by this part."""
CLICKERS = 2
QUICK_BASE = 10
"""What stock aiortc was found to hold on the reference machine."""


def measure(
    quick: bool = False, soak_minutes: float = 0.0, base: int = QUICK_BASE, seconds: float = WINDOW_S
) -> list[Figure]:
    """``quick``: ``base`` calls for the baseline and three times as many for voxrun, without searching."""
    if len(os.sched_getaffinity(0)) < 2:
        raise RuntimeError("live calls are measured with two processors: one for the bridge, one for callers")
    if soak_minutes:
        return asyncio.run(_soak(soak_minutes))
    return asyncio.run(_quick(base, seconds) if quick else _whole())


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


@asynccontextmanager
async def load() -> AsyncIterator[Load]:
    process = await asyncio.create_subprocess_exec(
        *("taskset", "-c", "1", sys.executable, str(HERE / "_load.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        where = json.loads(await process.stdout.readline())
        yield Load(process, where["api"], where["ws"])
    finally:
        process.stdin.close()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Running:
    """A bridge that takes calls."""

    url: str
    pid: int


@asynccontextmanager
async def ours(work: Load, *options: str) -> AsyncIterator[Running]:
    """voxrun scenarios/inbound.js on the first core; each call in a realm of its own, the journal on."""
    env = {"VOXRUN_AI_MODE": "local", "VOXRUN_AI_BASE_URL": work.api}
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})  # children keep it
    try:
        async with voxrun(ROOT / "scenarios" / "inbound.js", *(options or ("--no-record",)), **env) as run:
            os.sched_setaffinity(0, before)
            yield Running(run.url, run.pid)
    finally:
        os.sched_setaffinity(0, before)


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
    """One window."""

    late: float
    """Per cent, of the worse direction."""
    one_way: list[float]
    round_trip: list[float]
    cpu: float = 0.0
    """Per cent of a core for each call."""


async def window(work: Load, pid: int, calls: int, seconds: float = WINDOW_S) -> Result:
    """Listen until the machine did not stand still meanwhile."""
    for attempt in range(TRIES):
        async with bare_timer() as idle:
            before, began = _cpu(pid), time.monotonic()
            heard = await work.do("listen", seconds=seconds)
            cpu = 100 * (_cpu(pid) - before) / (time.monotonic() - began) / calls
        if max(idle, default=0.0) <= STALL_MS or attempt == TRIES - 1:
            break
    return Result(max(heard["up_late"], heard["down_late"]), heard["one_way_ms"], heard["round_trip_ms"], cpu)


async def at(work: Load, bridge: Callable[[Load], Any], calls: int, seconds: float = WINDOW_S) -> Result:
    """A fresh bridge with so many calls."""
    async with bridge(work) as run:
        placed = await work.do("call", url=run.url, clickers=CLICKERS, talkers=calls - CLICKERS, rate=10)
        if placed["failed"]:
            await work.do("end")
            return Result(100.0, [], [])
        await asyncio.sleep(1.5)
        result = await window(work, run.pid, calls, seconds)
        await work.do("end")
        return result


async def capacity(
    work: Load, bridge: Callable[[Load], Any], start: int, step: Callable[[int], int], most: int
) -> int:
    """The most calls with at most 1 % of late frames: upwards until it fails twice in a row at one load."""
    best, calls = 0, start
    while calls <= most:
        results = [await at(work, bridge, calls)]
        if results[0].late > MOST_LATE:
            results.append(await at(work, bridge, calls))
        print(
            f"  {bridge.__name__} {calls} calls: {[round(r.late, 2) for r in results]} % late",
            file=sys.stderr,
        )
        if min(r.late for r in results) > MOST_LATE:
            break
        best, calls = calls, step(calls)
    return best


async def _whole() -> list[Figure]:
    async with load() as work:
        base = await capacity(work, stock, STOCK_FROM, lambda n: n + STOCK_STEP, STOCK_TO)
        found = await capacity(work, ours, max(4, base * 2), lambda n: n + max(1, int(n * STEP)), 120)
        figures = [
            Figure("Opus calls bridged on one core", found, "", least=4 * base, key="calls",
                   against=f"{found / base:.1f} x stock aiortc" if base else ""),
            Figure("the same, stock aiortc", base, "", key="stock_calls"),
        ]  # fmt: skip
        return figures + await _details(work, max(CLICKERS + 1, found // 2), base)


async def _details(work: Load, calls: int, base: int) -> list[Figure]:
    """Delay, barge-in, memory and set-up at ``calls`` calls; delay of the baseline at half of its own."""
    async with ours(work) as run:
        before = _memory(run.pid)
        placed = await work.do("call", url=run.url, clickers=CLICKERS, talkers=calls - CLICKERS, rate=10)
        await asyncio.sleep(1.5)
        result = await window(work, run.pid, calls, 15.0)
        per_call = (_memory(run.pid) - before) / calls / 1024
        barge = await work.do("barge")
        await work.do("end")
    async with ours(work) as run:
        await work.do("call", url=run.url, clickers=4, talkers=0, rate=10, loss=0.02, jitter=0.03)
        await asyncio.sleep(1.5)
        rough = await window(work, run.pid, 4, 15.0)
        await work.do("end")
    plain = await at(work, stock, max(CLICKERS + 1, base // 2))
    against = f"stock aiortc {share(plain.one_way, 0.95):.0f} ms" if plain.one_way else ""
    back = f"stock aiortc {share(plain.round_trip, 0.95):.0f} ms" if plain.round_trip else ""
    name = f"at {calls} calls"
    return [
        figure(f"caller's packet to WebSocket message, 95 of 100, {name}", result.one_way, "ms", 15, at=0.95,
               against=against, key="added_p95_ms"),
        figure(f"round trip through an echoing WebSocket, 95 of 100, {name}", result.round_trip, "ms", 60,
               at=0.95, against=back, key="round_trip_p95_ms"),
        figure(f"playback_clear_buffer to the last audible packet, {name}", barge["clear_ms"], "ms", 20,
               at=1.0, key="clear_ms"),
        figure("one way at 2 % loss and 30 ms jitter, 95 of 100", rough.one_way, "ms", 60, at=0.95,
               key="rough_p95_ms"),
        Figure("memory a call, realm included (PSS)", per_call, "MB", 3, key="mb_per_call"),
        figure("call set-up, offer to answer, 95 of 100, 10 a second", placed["answer_ms"], "ms", 80, at=0.95,
               key="setup_p95_ms"),
    ]  # fmt: skip


async def _quick(base: int, seconds: float) -> list[Figure]:
    async with load() as work:
        once = await at(work, stock, base, seconds)
        three = await at(work, ours, 3 * base, seconds)
        return [
            Figure(f"late frames of stock aiortc at {base} calls", once.late, "%", key="stock_late"),
            Figure(f"late frames at {3 * base} calls", three.late, "%", MOST_LATE, key="late"),
            figure(
                "caller's packet to WebSocket message, 95 of 100",
                three.one_way or [999.0], "ms", 15, at=0.95, key="added_p95_ms",
            ),
            Figure("processor a call", three.cpu, "% of a core", key="cpu_per_call",
                   against=times(once.cpu, three.cpu, "as much for stock aiortc")),
        ]  # fmt: skip


async def _soak(minutes: float) -> list[Figure]:
    """60 % of the capacity found before, for a while: nothing grows."""
    calls = int(os.environ.get("VOXRUN_BENCH_CALLS", "20"))
    async with load() as work, ours(work) as run:
        await work.do("call", url=run.url, clickers=CLICKERS, talkers=calls - CLICKERS, rate=10)
        await asyncio.sleep(20)
        first, memory = await window(work, run.pid, calls, 20.0), _memory(run.pid)
        rounds = max(1, int(minutes * 60 / 20) - 1)
        for _ in range(rounds):
            last = await window(work, run.pid, calls, 20.0)
        grown = 100 * (_memory(run.pid) - memory) / memory
        await work.do("end")
    later = share(last.one_way, 0.95) - share(first.one_way, 0.95)
    return [
        Figure(
            f"growth of memory in {minutes:g} minutes with {calls} calls (PSS)", grown, "%", 10, key="grown"
        ),
        Figure("growth of the delay, 95 of 100", later, "ms", 10, key="later_ms"),
    ]


_TICKS = os.sysconf("SC_CLK_TCK")


def _cpu(pid: int) -> float:
    """Seconds of processor that a process and its children have used."""
    total = 0
    for each in (pid, *_children(pid)):
        fields = Path(f"/proc/{each}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _memory(pid: int) -> float:
    return sum(pss_kb(each) for each in (pid, *_children(pid)))
