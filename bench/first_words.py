"""The first words: how soon a caller hears the local agent, right after the start and later.

Each voxrun here is new and has spoken nothing yet: its cache of phrases is an empty folder.
"""

from __future__ import annotations

import asyncio

from _processes import voxrun
from _telephone import Telephone

from voxrun.cli.figures import Figure, figure

ROUNDS = 3
WARM_AFTER_S = 10.0
"""A person opens the page, allows the microphone and dials: the emulator has loaded its voice by then."""


def measure(rounds: int = ROUNDS, warm_after_s: float = WARM_AFTER_S) -> list[Figure]:
    """No marks in the issue."""
    return asyncio.run(_measure(rounds, warm_after_s))


async def _measure(rounds: int, warm_after_s: float) -> list[Figure]:
    at_once, again, later = [], [], []
    for _ in range(rounds):
        async with voxrun() as run:
            at_once.append(await _first_words(run.url))
            again.append(await _first_words(run.url))
        async with voxrun() as run:
            await asyncio.sleep(warm_after_s)
            later.append(await _first_words(run.url))
    return [
        figure("call to the agent's first audio, in the moment of ready", at_once, "ms"),
        figure(f"the same {warm_after_s:g} s later", later, "ms"),
        figure("the same with a greeting that was said before", again, "ms"),
    ]


async def _first_words(url: str) -> float:
    """ms from the offer to the first packet with sound."""
    async with Telephone(url) as phone:
        return 1e3 * (await phone.hears(phone.offered_at) - phone.offered_at)
