"""A conference of 30: the mix alone, and 30 live callers on one core, with what comes late.

Live, voxrun with its realm hosts has one core, the callers have another. Each call is a session of its own
that is joined with the conference's by a pair of legs, as ``callConference`` does it. A run counts when an
idle timer was never late meanwhile; others are repeated.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
from _processes import bare_timer, voxrun
from live import MOST_LATE, STALL_MS, TRIES, WINDOW_S, Load, Running, _cpu, load

from voxrun.cli.figures import Figure, figure, share, times
from voxrun.media.bridge import Bridge
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Sink, Source, Ticking
from voxrun.media.mix import mix

PARTIES = 30
TICKS = 2000
HERE = Path(__file__).parent


def measure(quick: bool = False, parties: int = PARTIES, seconds: float = WINDOW_S) -> list[Figure]:
    """``quick``: the mix alone."""
    figures = _mixing(parties, TICKS // 10 if quick else TICKS)
    return figures if quick else figures + asyncio.run(_live(parties, seconds))


# -- the mix alone ------------------------------------------------------------------------------------


class _Hand:
    """A ticker that ticks when told to."""

    def start(self, node: Ticking) -> None: ...

    def stop(self, node: Ticking) -> None: ...


class _Ear(Sink):
    def write(self, frame: bytes, source: Source) -> None: ...


def _mixing(parties: int, ticks: int) -> list[Figure]:
    rng = np.random.default_rng(7)
    frames = [(3000 * rng.standard_normal(320)).astype("<i2").tobytes() for _ in range(parties)]
    loud, quiet = _ticks(frames, ticks), _ticks([SILENCE] * parties, ticks)
    plain = _one_by_one(frames, ticks)
    against = times(share(loud, 0.5), plain, f"{parties} sums of {parties - 1} frames each")
    return [
        figure(f"one tick of a conference in which all {parties} speak", loud, "us", 1000, against=against,
               key="tick_us"),
        figure("the same in silence", quiet, "us", key="silent_tick_us"),
    ]  # fmt: skip


def _ticks(frames: list[bytes], ticks: int) -> list[float]:
    """us of each tick of a bridge whose parties say ``frames``, the frames' way in included."""
    bridge = Bridge(_Hand())
    mouths = []
    for _ in frames:
        mouth, ear = Source(), _Ear()
        ear.own = mouth
        mouth.connect(bridge.sink)
        bridge.source.connect(ear)
        mouths.append(mouth)
    found = []
    for _ in range(ticks):
        began = time.perf_counter()
        for mouth, frame in zip(mouths, frames, strict=True):
            mouth.push(frame)
        bridge.tick()
        found.append(1e6 * (time.perf_counter() - began))
    return found


def _one_by_one(frames: list[bytes], ticks: int) -> float:
    """us of a tick in which each listener's mix is made by itself."""
    found = []
    for _ in range(max(10, ticks // 20)):
        began = time.perf_counter()
        for number in range(len(frames)):
            mix([*frames[:number], *frames[number + 1 :]])
        found.append(1e6 * (time.perf_counter() - began))
    return share(found, 0.5)


# -- live ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def room(work: Load) -> AsyncIterator[Running]:
    """voxrun with a conference, on the first core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})  # children keep it
    scenario, rooms = (HERE / "_conference" / name for name in ("gate.js", "room.js"))
    try:
        async with voxrun(scenario, "--no-record", "--conference", str(rooms), VOXRUN_AI_MODE="cloud") as run:
            os.sched_setaffinity(0, before)
            yield Running(run.url, run.pid)
    finally:
        os.sched_setaffinity(0, before)


async def _live(parties: int, seconds: float) -> list[Figure]:
    if len(os.sched_getaffinity(0)) < 2:
        raise RuntimeError("live calls are measured with two processors: one for voxrun, one for callers")
    async with load() as work:
        async with room(work) as run:
            await _fill(work, run, clickers=0, talkers=parties)
            late, lost, cpu, idle = await _window(work, run.pid, parties, seconds)
            await work.do("end")
        async with room(work) as run:
            await _fill(work, run, clickers=1, talkers=0, listeners=parties - 1)
            heard = await work.do("listen", seconds=seconds)
            await work.do("end")
    return [
        Figure(f"frames over 40 ms late in a conference of {parties} who all speak, one core", lost, "%",
               MOST_LATE, against=f"an idle timer: late by at most {idle:.0f} ms", key="lost"),
        Figure("frames over 20 ms late", late, "%", key="late"),
        Figure("processor for each of them", cpu, "% of a core", key="cpu_per_party"),
        figure("from a caller's packet to that of a listener, 95 of 100", heard["heard_ms"] or [999.0], "ms",
               150, at=0.95, key="mouth_to_ear_p95_ms"),
    ]  # fmt: skip


async def _window(work: Load, pid: int, parties: int, seconds: float) -> tuple[float, float, float, float]:
    """Per cent of frames over 20 and 40 ms late, per cent of a core for each, an idle timer's ms."""
    for attempt in range(TRIES):
        async with bare_timer() as idle:
            before, began = _cpu(pid), time.monotonic()
            heard = await work.do("listen", seconds=seconds)
            cpu = 100 * (_cpu(pid) - before) / (time.monotonic() - began) / parties
        stall = max(idle, default=0.0)
        if stall <= STALL_MS or attempt == TRIES - 1:
            break
    return heard["down_late"], heard["down_lost"], cpu, stall


async def _fill(work: Load, run: Running, **callers: int) -> None:
    placed = await work.do("call", url=run.url, rate=10, **callers)
    if placed["failed"]:
        raise RuntimeError(f"{len(placed['failed'])} calls failed: {placed['failed'][0]}")
    await asyncio.sleep(2.0)
