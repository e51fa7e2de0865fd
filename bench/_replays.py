"""The call that bench/replay.py measures, played in this process or in one of its own.

Started as a program it plays the call so many times and prints what each took, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voxrun.media.frames import FRAME_BYTES, FRAME_MS
from voxrun.threads import one_each

CALL = Path(__file__).parent / "_minute" / "minute.call.yaml"


@dataclass(frozen=True, slots=True)
class Plays:
    """Seconds of the call, and for each time it was played seconds of this process's CPU and of the clock;
    ``bare_s`` is the CPU of ``bare_frames``, measured in turn with the plays."""

    length_s: float
    cpu_s: list[float]
    wall_s: list[float]
    bare_s: list[float]


def play_elsewhere(times: int, cache: Path) -> Plays:
    """Play the call in a new process with that cache. Raises RuntimeError when it fails."""
    done = subprocess.run(
        [sys.executable, __file__, str(times)],
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the call of the benchmark failed:\n{done.stdout}{done.stderr}")
    return Plays(**json.loads(done.stdout))


def play_here(times: int) -> Plays:
    """Play the call as ``voxrun test`` does."""
    one_each()
    from voxrun.replay.failure import report
    from voxrun.replay.format import load_script
    from voxrun.replay.player import Player

    script = load_script(CALL)
    player = Player()
    plays = Plays(0.0, [], [], [])
    length_ms = 0
    try:
        for _ in range(times):
            cpu, wall = time.process_time(), time.monotonic()
            outcome = player.play(script)
            plays.cpu_s.append(time.process_time() - cpu)
            plays.wall_s.append(time.monotonic() - wall)
            if not outcome.ok:
                raise RuntimeError(report(outcome))
            length_ms = outcome.length_ms
            cpu = time.process_time()
            bare_frames(length_ms // FRAME_MS)
            plays.bare_s.append(time.process_time() - cpu)
    finally:
        player.close()
    return Plays(length_ms / 1000, plays.cpu_s, plays.wall_s, plays.bare_s)


def bare_frames(count: int) -> None:
    """What nobody could do without who moves audio frame by frame: ``count`` frames each way between two
    tasks of asyncio, and nothing done with them."""

    async def side(inbox: asyncio.Queue[bytes], outbox: asyncio.Queue[bytes]) -> None:
        for _ in range(count):
            outbox.put_nowait(bytes(FRAME_BYTES))
            await inbox.get()

    async def both() -> None:
        one: asyncio.Queue[bytes] = asyncio.Queue()
        other: asyncio.Queue[bytes] = asyncio.Queue()
        await asyncio.gather(side(one, other), side(other, one))

    asyncio.run(both())


def _print(plays: Plays) -> None:
    data: dict[str, Any] = {name: getattr(plays, name) for name in Plays.__slots__}
    print(json.dumps(data))


if __name__ == "__main__":
    _print(play_here(int(sys.argv[1])))
