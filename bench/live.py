"""Live calls at load: how many one core bridges to a WebSocket, and how late; stock aiortc in the same run.

The bridge (voxrun with its realm hosts, or the baseline) has one core, callers and voice AI have another. At
most 1 % of frames may be over 20 ms late, in either direction. Delays are taken at half of what was found.
Moments in which the machine itself stood still are found by a probe and do not count (``_still``); what it
would be with them is told beside it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from _bridges import (
    FAILED,
    WINDOW_S,
    Bridge,
    Load,
    Result,
    all_taken,
    at,
    calm,
    calm_spans,
    load,
    memory_kb,
    ours,
    stock,
    window,
)
from _soak import soak
from _still import watch
from msgspec.structs import replace

from voxrun.cli.figures import Figure, figure, share, times

MOST_LATE = 1.0
"""Per cent of frames over 20 ms late."""
MOST_OWN = 1.0
"""Per cent of their packets that callers may send late themselves; above it they are at their own limit."""
STOCK_FROM, STOCK_STEP, STOCK_TO = 4, 2, 16
STEP = 0.15
"""The search for voxrun's capacity goes up by this part."""
CLICKERS = 2
QUICK_BASE = 10
"""What stock aiortc was found to hold on the reference machine."""
ROUNDS = 3
BARGES = 6


def measure(
    quick: bool = False,
    soak_minutes: float = 0.0,
    base: int = QUICK_BASE,
    seconds: float = WINDOW_S,
    rounds: int = ROUNDS,
) -> list[Figure]:
    """``quick``: ``base`` calls for the baseline and three times as many for voxrun, without searching."""
    if len(os.sched_getaffinity(0)) < 2:
        raise RuntimeError("live calls are measured with two processors: one for the bridge, one for callers")
    if soak_minutes:
        return asyncio.run(soak(soak_minutes))
    return asyncio.run(_quick(base, seconds) if quick else _whole(rounds))


# -- the search ---------------------------------------------------------------------------------------


async def _whole(rounds: int) -> list[Figure]:
    """Everything so many times; the middle of each figure, with the least and the most."""
    found: list[list[Figure]] = []
    start = 0
    async with load() as work:
        for _ in range(rounds):
            found.append(await _round(work, start))
            start = int(0.7 * found[-1][0].value)
    return [_middle(each) for each in zip(*found, strict=True)]


def _middle(same: Sequence[Figure]) -> Figure:
    ordered = sorted(same, key=lambda each: each.value)
    middle = ordered[len(ordered) // 2]
    return replace(middle, spread=(ordered[0].value, ordered[-1].value)) if len(same) > 1 else middle


async def _round(work: Load, start: int) -> list[Figure]:
    base, _ = await capacity(work, stock, STOCK_FROM, lambda n: n + STOCK_STEP, STOCK_TO)
    first = max(4, base * 2, start)
    found, result = await capacity(work, ours, first, lambda n: n + max(1, int(n * STEP)), 120)
    against = f"{found / base:.1f} x stock aiortc" if base else "stock aiortc held none"
    against += f"; {result.raw_late:.1f} % late with the {result.disturbed:.0f} % of the time left out"
    return [
        Figure("Opus calls bridged on one core", found, "", least=4 * base, key="calls", against=against),
        Figure("the same, stock aiortc", base, "", key="stock_calls"),
        *await _delays(work, max(CLICKERS + 1, found // 2), base),
    ]


async def capacity(
    work: Load, bridge: Bridge, start: int, step: Callable[[int], int], most: int
) -> tuple[int, Result]:
    """The most calls with at most 1 % of late frames: upwards until it fails twice at one load.

    Where it fails at the very start, the search goes down instead.
    """
    best, passed, calls = 0, FAILED, start
    while calls <= most:
        result = await _at_best(work, bridge, calls)
        if result.late > MOST_LATE:
            if best or calls <= 2:
                break
            calls = calls * 3 // 4
            continue
        if best > calls:
            break
        best, passed, calls = calls, result, step(calls)
    return best, passed


async def _at_best(work: Load, bridge: Bridge, calls: int) -> Result:
    """The better of two windows, where the first fails."""
    results = [await at(work, bridge, calls)]
    if results[0].late > MOST_LATE:
        results.append(await at(work, bridge, calls))
    for each in results:
        limit = "; the callers themselves were at their limit" if each.own > MOST_OWN else ""
        print(
            f"  {bridge.__name__} {calls} calls: {each.late:.2f} % late ({each.raw_late:.2f} % with what was"
            f" left out, {each.disturbed:.0f} % of the time), {each.cpu:.1f} % of a core a call{limit}",
            file=sys.stderr,
        )
    return min(results, key=lambda each: each.late)


# -- delays -------------------------------------------------------------------------------------------


async def _delays(work: Load, calls: int, base: int) -> list[Figure]:
    """Delay, barge-in, memory and set-up at ``calls`` calls; delay of the baseline at half of its own."""
    name = f"at {calls} calls"
    async with ours(work) as run:
        before = memory_kb(run.pid)
        setups = await _setups(work, run.url, calls)
        result = await window(work, run.pid, calls, 15.0)
        per_call = (memory_kb(run.pid) - before) / calls / 1024
        clear = await _clear(work)
        await work.do("end")
        setups += await _setups(work, run.url, calls)
        await work.do("end")
    rough = await _rough(work)
    plain = await at(work, stock, max(CLICKERS + 1, base // 2))
    against = f"stock aiortc {share(plain.one_way, 0.95):.0f} ms" if plain.one_way else ""
    back = f"stock aiortc {share(plain.round_trip, 0.95):.0f} ms" if plain.round_trip else ""
    return [
        _late(f"caller's packet to WebSocket message, 95 of 100, {name}", result.one_way, 15,
              "added_p95_ms", against),
        _late(f"round trip through an echoing WebSocket, 95 of 100, {name}", result.round_trip, 60,
              "round_trip_p95_ms", back),
        figure(f"playback_clear_buffer to the last audible packet, the longest, {name}", clear or [999.0],
               "ms", 20, at=1.0, key="clear_ms"),
        _late("one way at 2 % loss and 30 ms jitter, 95 of 100, first half", rough[0], 60, "rough_p95_ms"),
        _late("the same, second half", rough[1], 60, "rough_later_p95_ms"),
        Figure("memory a call, realm included (PSS)", per_call, "MB", 3, key="mb_per_call"),
        Figure("processor a call", result.cpu, "% of a core", key="cpu_per_call",
               against=times(plain.cpu, result.cpu, "as much for stock aiortc")),
        _late("call set-up, offer to answer, 95 of 100, 10 a second", setups, 80, "setup_p95_ms"),
    ]  # fmt: skip


def _late(name: str, samples: Sequence[float], most: float, key: str, against: str = "") -> Figure:
    return figure(name, samples or [999.0], "ms", most, at=0.95, against=against, key=key)


async def _setups(work: Load, url: str, calls: int) -> list[float]:
    """ms from offer to answer, of each of so many calls, which stay."""
    async with watch() as machine:
        placed = await work.call(url, clickers=CLICKERS, talkers=calls - CLICKERS)
    all_taken(placed)
    return calm_spans(placed["answers"], machine)


async def _clear(work: Load) -> list[float]:
    async with watch() as machine:
        barged = await work.do("barge", times=BARGES)
    return calm(barged["clear"], machine)


async def _rough(work: Load) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """ms one way in a bad network: in the first seconds, and later."""
    async with ours(work) as run:
        all_taken(await work.call(run.url, clickers=4, loss=0.02, jitter=0.03))
        halves = [(await window(work, run.pid, 4, 10.0)).one_way for _ in range(2)]
        await work.do("end")
    return halves[0], halves[1]


# -- other ways ---------------------------------------------------------------------------------------


async def _quick(base: int, seconds: float) -> list[Figure]:
    async with load() as work:
        once = await at(work, stock, base, seconds)
        three = await at(work, ours, 3 * base, seconds)
    return [
        Figure(f"late frames of stock aiortc at {base} calls", once.late, "%", key="stock_late"),
        Figure(f"late frames at {3 * base} calls", three.late, "%", MOST_LATE, key="late",
               against=f"{three.raw_late:.2f} % with the {three.disturbed:.0f} % of the time left out"),
        _late("caller's packet to WebSocket message, 95 of 100", three.one_way, 15, "added_p95_ms"),
        Figure("processor a call", three.cpu, "% of a core", key="cpu_per_call",
               against=times(once.cpu, three.cpu, "as much for stock aiortc")),
    ]  # fmt: skip
