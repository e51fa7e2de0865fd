"""Calls that go on for a while: does their delay or the bridge's memory grow?

What a window of some seconds gives varies by chance and with the machine. So windows follow each other all
the time, and those of the first quarter are compared with those of the last: it is growth where their middles
differ by more than windows of one quarter do among themselves.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from _bridges import Load, Result, all_taken, load, memory_kb, ours, window

from voxrun.cli.figures import Figure, share, times

CLICKERS = 4
WINDOWS = 16
"""At least so many, however short the time is, and so short the windows."""
LONGEST_S, SETTLE_S = 20.0, 20.0
FEWEST_CLICKS = 10
"""A window that the machine left fewer of says nothing about the delay."""
LEAST_KB, LEAST_MS = 0.02, 1.0
"""What is no growth in any case: this part of the memory; what timers of whole ms can tell apart."""


@dataclass(frozen=True, slots=True)
class Window:
    """What a few seconds gave."""

    one_way: tuple[float, ...]
    """ms of each click from the caller's packet to the WebSocket message."""
    memory_kb: float
    """PSS of the bridge and its children."""
    work_ns: float = 0.0
    """What a fixed piece of work took: how fast the machine was."""


async def soak(minutes: float) -> list[Figure]:
    """60 % of the capacity found before (``VOXRUN_BENCH_CALLS``), for so long. Raises RuntimeError where a
    call ends meanwhile, or where the machine never was itself."""
    calls = int(os.environ.get("VOXRUN_BENCH_CALLS", "20"))
    return judge(await listen(calls, 60 * minutes), f"in {minutes:g} minutes with {calls} calls")


async def listen(calls: int, seconds: float) -> list[Window]:
    """Window after window, for so long once the calls have settled. Raises RuntimeError where one ends."""
    async with load() as work, ours(work) as run:
        placed = await work.call(run.url, clickers=CLICKERS, talkers=calls - CLICKERS)
        all_taken(placed)
        await work.do("listen", seconds=min(SETTLE_S, seconds / 10))
        each, over = min(LONGEST_S, seconds / WINDOWS), time.monotonic() + seconds
        windows: list[Window] = []
        while not windows or time.monotonic() + each < over:
            windows.append(await _alive(work, run.pid, calls, each))
        await work.do("end")
    return windows


async def _alive(work: Load, pid: int, calls: int, seconds: float) -> Window:
    """Raises RuntimeError where calls have ended."""
    result: Result = await window(work, pid, calls, seconds, tries=1)
    kb = memory_kb(pid)
    delay = f"{share(result.one_way, 0.5):.1f} ms" if result.one_way else "no calm moment"
    print(f"  {result.flowing} calls, {delay}, {result.late:.2f} % late, {kb / 1024:.0f} MB", file=sys.stderr)
    if result.flowing < calls:
        raise RuntimeError(f"{calls - result.flowing} of {calls} calls are silent: they have ended")
    return Window(result.one_way, kb, result.work_ns)


def judge(windows: Sequence[Window], name: str) -> list[Figure]:
    """The figures; one that has grown misses its mark. Raises RuntimeError where there is too little to judge
    by."""
    clear = [each for each in windows if len(each.one_way) >= FEWEST_CLICKS]
    if len(clear) < WINDOWS // 2:
        raise RuntimeError(
            f"in {len(windows) - len(clear)} of {len(windows)} windows the machine stood still"
        )
    speed = [each.work_ns for each in clear]
    machine = _machine(speed)
    kb = [each.memory_kb for each in windows]
    first = share(kb[: len(kb) // 4], 0.5)
    grown = [100 * each / first - 100 for each in kb]
    return [
        growth(f"growth of memory {name} (PSS)", grown, "%", 100 * LEAST_KB, "grown",
               f"{kb[0] / 1024:.0f} MB at first, {kb[-1] / 1024:.0f} MB in the end"),
        growth("growth of the delay, middle of a window", [share(each.one_way, 0.5) for each in clear], "ms",
               LEAST_MS, "later_middle_ms", machine),
        growth("growth of the delay, 95 of 100 of a window", [share(each.one_way, 0.95) for each in clear],
               "ms", LEAST_MS, "later_ms", machine),
    ]  # fmt: skip


def growth(name: str, values: Sequence[float], unit: str, least: float, key: str, also: str = "") -> Figure:
    """How much the middle of the last quarter of ``values`` is over that of the first.

    The mark: what eight of ten windows of the first quarter lie within, but no less than ``least``. Not of
    the last: what grows and varies more with it would be its own excuse.
    """
    size = len(values) // 4
    quarters = values[:size], values[-size:]
    within = [(share(each, 0.1), share(each, 0.9)) for each in quarters]
    first, last = (share(each, 0.5) for each in quarters)
    told = " and ".join(f"{low:.3g} to {high:.3g} {unit}" for low, high in within)
    against = f"8 of 10 windows of the first and of the last quarter: {told}" + (f"; {also}" if also else "")
    low, high = within[0]
    most = round(max(least, high - low), 2)
    return Figure(name, last - first, unit, most, against=against, key=key)


def _machine(speed: Sequence[float]) -> str:
    """How fast the machine was in the last quarter against the first."""
    size = len(speed) // 4
    first, last = share(speed[:size], 0.5), share(speed[-size:], 0.5)
    return times(last, first, "as long for a fixed piece of work in the last quarter") if first else ""
