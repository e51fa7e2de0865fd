"""Real WebRTC calls, one after another: how soon each is answered, and whether they leave anything behind.

Caller and provider are in this process, voxrun in its own: what it holds is measured from outside.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from _processes import Voxrun, pss_kb, voxrun
from _provider import provider
from _telephone import Telephone

from voxrun.cli.figures import Figure, figure

CALLS = 240
SETTLED = 100
REST_S = 1.5
LOOKS = 4


def measure(calls: int = CALLS, settled: int = SETTLED) -> list[Figure]:
    """No mark of its own; growth is to be as for sessions."""
    return asyncio.run(_measure(calls, settled))


async def _measure(calls: int, settled: int) -> list[Figure]:
    async with provider() as agent:
        address = {"VOXRUN_AI_MODE": "local", "VOXRUN_AI_BASE_URL": agent.base_url}
        async with voxrun(**address) as run:
            times = [await _call(run.url) for _ in range(settled)]
            before = await _memory(run)
            times += [await _call(run.url) for _ in range(calls - settled)]
            after = await _memory(run)
    answers, packets = [a for a, _ in times[1:]], [p for _, p in times[1:]]
    growth = 100 * (after - before) / before
    against = f"{before / 1024:.1f} MB after {settled} calls, {after / 1024:.1f} MB after {calls}"
    return [
        figure("offer sent to answer received (HTTP, SDP, session, handler)", answers, "ms"),
        figure("offer sent to the first packet (ICE and DTLS too)", packets, "ms"),
        Figure("the same, first call of a process", times[0][1], "ms"),
        Figure("growth of voxrun and its children over real calls (PSS)", growth, "%", 10, against=against),
    ]


async def _call(url: str) -> tuple[float, float]:
    """ms from the offer to the answer and to the first packet of audio."""
    async with Telephone(url) as phone:
        packet = await phone.first_packet()
        return 1e3 * (phone.answered_at - phone.offered_at), 1e3 * (packet - phone.offered_at)


async def _memory(run: Voxrun) -> int:
    """KB of voxrun and its children at rest: the least of a few looks, for Python frees cycles late."""
    looks = []
    for _ in range(LOOKS):
        await _call(run.url)
        await asyncio.sleep(REST_S)
        looks.append(sum(pss_kb(each) for each in (run.pid, *_children(run.pid))))
    return min(looks)


def _children(pid: int) -> list[int]:
    """Processes below ``pid``, however deep."""
    own = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    return [each for child in own for each in (child, *_children(child))]
