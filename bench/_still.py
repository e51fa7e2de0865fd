"""When the machine itself stood still: moments that say nothing about the program that is measured.

On a rented machine the host takes processors away, often without telling (steal time stays zero): for 20 to
100 ms everything is ten times as slow. A fixed piece of work, done every 5 ms on each processor, finds them:
it is timed in processor time, so other programs on this machine do not count, only what slows it down.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

SLOW: Final = 3.0
"""How many times its usual processor time the piece of work takes when the machine is disturbed."""
TOGETHER_S: Final = 0.05
"""Slow moments this near to each other are one disturbance; a single one is chance."""
BEFORE_S, AFTER_S = 0.01, 0.15
"""What belongs to a disturbance before and after it: what waits is then caught up with."""

_PROBE = """
import json, os, sys, threading, time
os.sched_setaffinity(0, {int(sys.argv[1])})
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
data, rows, due = bytes(range(256)) * 40, [], time.monotonic()
while not ended.is_set():
    due = max(due + 0.005, time.monotonic())
    time.sleep(max(0.0, due - time.monotonic()))
    at, used = time.monotonic(), time.thread_time_ns()
    data.count(7) + sum(range(1500))
    rows.append((at, time.thread_time_ns() - used))
print(json.dumps(rows))
"""


@dataclass
class Stillness:
    """What was found, once the ``async with`` of ``watch`` is over."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    """From and to (seconds of the monotonic clock), in order, not overlapping."""
    seconds: float = 0.0
    """How long was watched."""
    work_ns: float = 0.0
    """What the piece of work usually took, on the slowest processor: how fast the machine was."""

    def at(self, moment: float) -> bool:
        """Whether the machine was disturbed at ``moment``."""
        index = bisect_right(self.spans, (moment, float("inf"))) - 1
        return index >= 0 and moment <= self.spans[index][1]

    def between(self, begin: float, end: float) -> bool:
        """Whether it was at any moment from ``begin`` to ``end``."""
        return any(first <= end and begin <= last for first, last in self.spans)

    @property
    def share(self) -> float:
        """Per cent of the time."""
        return 100 * sum(last - first for first, last in self.spans) / self.seconds if self.seconds else 0.0


@asynccontextmanager
async def watch() -> AsyncIterator[Stillness]:
    """Watch all processors meanwhile; costs each about 2 %."""
    found = Stillness()
    probes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROBE, str(cpu)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for cpu in sorted(os.sched_getaffinity(0))
    ]
    began = asyncio.get_running_loop().time()
    try:
        yield found
    finally:
        found.seconds = asyncio.get_running_loop().time() - began
        ended = await asyncio.gather(*(probe.communicate(b"") for probe in probes))
        slow: list[float] = []
        for out, _ in ended:
            with suppress(json.JSONDecodeError):  # Ctrl-C ended it too
                rows = json.loads(out)
                slow += slow_moments(rows)
                found.work_ns = max(found.work_ns, usual(rows))
        found.spans = disturbances(slow)


def slow_moments(rows: Sequence[tuple[float, int]]) -> list[float]:
    """Of (moment, ns of processor time), the moments at which the work took far more than usual."""
    most = SLOW * usual(rows)
    return [at for at, ns in rows if ns > most]


def usual(rows: Sequence[tuple[float, int]]) -> int:
    """The middle ns of (moment, ns); 0 for none."""
    return sorted(ns for _, ns in rows)[len(rows) // 2] if rows else 0


def disturbances(slow: Sequence[float]) -> list[tuple[float, float]]:
    """Spans in which at least two slow moments lie close together, with what belongs to them."""
    groups: list[list[float]] = []
    for at in sorted(slow):
        if groups and at - groups[-1][-1] <= TOGETHER_S:
            groups[-1].append(at)
        else:
            groups.append([at])
    spans: list[tuple[float, float]] = []
    for group in groups:
        if len(group) < 2:
            continue
        first, last = group[0] - BEFORE_S, group[-1] + AFTER_S
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return spans
