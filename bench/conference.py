"""A conference of 30: the mix alone, and 30 live callers on one core, with what comes late.

Live, voxrun with its realm hosts has one core, the callers have another. Each call is a session of its own
that is joined with the conference's by a pair of legs, as ``callConference`` does it. Moments in which the
machine itself stood still do not count (``_still``).
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import numpy as np
from _bridges import WINDOW_S, Load, Running, load, on_the_first_core, window
from live import MOST_LATE

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


def room() -> AbstractAsyncContextManager[Running]:
    """voxrun with a conference, on the first core."""
    scenario, rooms = (HERE / "_conference" / name for name in ("gate.js", "room.js"))
    options = ("--no-record", "--conference", str(rooms))
    return on_the_first_core(scenario, options=options, VOXRUN_AI_MODE="cloud")


async def _live(parties: int, seconds: float) -> list[Figure]:
    if len(os.sched_getaffinity(0)) < 2:
        raise RuntimeError("live calls are measured with two processors: one for voxrun, one for callers")
    async with load() as work:
        async with room() as run:
            await _fill(work, run, talkers=parties)
            loud = await window(work, run.pid, parties, seconds)
            await work.do("end")
        async with room() as run:
            await _fill(work, run, clickers=1, listeners=parties - 1)
            heard = (await window(work, run.pid, parties, seconds)).heard
            await work.do("end")
    raw = f"{loud.raw_late:.2f} % with the {loud.disturbed:.0f} % of the time left out"
    return [
        Figure(f"frames over 20 ms late in a conference of {parties} who all speak, one core", loud.late, "%",
               MOST_LATE, against=raw, key="late"),
        Figure("frames over 40 ms late", loud.lost, "%", key="lost"),
        Figure("processor for each of them", loud.cpu, "% of a core", key="cpu_per_party"),
        figure("from a caller's packet to that of a listener, 95 of 100", heard or [999.0], "ms",
               150, at=0.95, key="mouth_to_ear_p95_ms"),
    ]  # fmt: skip


async def _fill(work: Load, run: Running, **callers: int) -> None:
    placed = await work.call(run.url, **callers)
    if placed["failed"]:
        raise RuntimeError(f"{len(placed['failed'])} calls failed: {placed['failed'][0]}")
