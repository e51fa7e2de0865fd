"""The start: from the command to the link that can be called.

The baseline is what no voxrun could do without: Python importing aiortc. Both are started in turn, so that
a noisy machine is noisy for both.
"""

from __future__ import annotations

import asyncio
import sys

from _processes import seconds_of, voxrun

from voxrun.cli.figures import Figure, figure, share, times

ROUNDS = 9
MOST_MS = 1500


def measure(rounds: int = ROUNDS) -> list[Figure]:
    """The mark: under 1.5 s."""
    return asyncio.run(_measure(rounds))


async def _measure(rounds: int) -> list[Figure]:
    starts, imports, bare = [], [], []
    for _ in range(rounds):
        bare.append(1e3 * await seconds_of(sys.executable, "-c", "pass"))
        imports.append(1e3 * await seconds_of(sys.executable, "-c", "import aiortc"))
        async with voxrun() as run:
            starts.append(1e3 * run.ready_s)
    against = times(share(starts, 0.5), share(imports, 0.5), "python -c 'import aiortc'")
    return [
        figure("start of voxrun scenarios/inbound.js to ready", starts, "ms", MOST_MS, against=against),
        figure("python -c 'import aiortc'", imports, "ms"),
        figure("python -c pass", bare, "ms"),
    ]
