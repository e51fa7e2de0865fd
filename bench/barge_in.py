"""Barge-in and delay in a real call: WebRTC over loopback, a real WebSocket, scenarios/inbound.js.

Caller and provider are in this process, voxrun and its realm host in theirs, so one clock times both ends:
from just before the provider sends to the arrival of the caller's packet. What the network and both ends
take is in the figures; they are upper bounds of what voxrun itself takes.
"""

from __future__ import annotations

import asyncio

from _processes import bare_timer, voxrun
from _provider import Provider, provider
from _telephone import Telephone, tone

from voxrun.cli.figures import Figure, figure, share
from voxrun.media.frames import FRAME_MS

TRIALS = 60
MOST_MS = 40
SPEECH_MS = 2000
"""What the agent has to say; it waits in voxrun when the clear comes."""
HEARD_MS = 300
"""How much of it the caller hears first."""
QUIET_MS = 200


def measure(trials: int = TRIALS) -> list[Figure]:
    """The mark: at most 40 ms from the message to the last audible frame."""
    return asyncio.run(_measure(trials))


async def _measure(trials: int) -> list[Figure]:
    async with provider() as agent:
        address = {"VOXRUN_AI_MODE": "local", "VOXRUN_AI_BASE_URL": agent.base_url}
        async with voxrun(**address) as run, bare_timer() as late, Telephone(run.url) as phone:
            await agent.called()
            await phone.silence(QUIET_MS)
            speech = tone(SPEECH_MS)
            rounds = [await _barge_in(agent, phone, speech, n) for n in range(trials)]
            inward = [await _inward(agent, phone, n) for n in range(trials)]
    stops = [stop for _, stop in rounds]
    bare = (
        f"a bare 20 ms timer: 95 of 100 late by at most {share(late, 0.95):.1f} ms, all by {max(late):.0f} ms"
    )
    return [
        figure("playback_clear_buffer to the last audible frame", stops, "ms", MOST_MS, against=bare),
        figure("the same, 95 of 100", stops, "ms", at=0.95),
        Figure("the same, longest", max(stops), "ms", MOST_MS),
        figure("agent's audio sent to the caller's packet", [out for out, _ in rounds], "ms"),
        figure("caller's packet to the agent's message", inward, "ms"),
    ]


async def _barge_in(agent: Provider, phone: Telephone, speech: bytes, n: int) -> tuple[float, float]:
    """(ms until the caller hears the agent, ms until it no longer does)."""
    await _phase(n)
    spoke = await agent.speak(speech)
    first = await phone.hears(spoke)
    await asyncio.sleep(HEARD_MS / 1000 + _offset(n * 7))
    cleared = await agent.clear()
    await phone.silence(QUIET_MS)
    after = phone.heard(cleared)
    return 1e3 * (first - spoke), 1e3 * (after[-1] - cleared) if after else 0.0


async def _inward(agent: Provider, phone: Telephone, n: int) -> float:
    """ms from the caller's first loud packet to the provider's first loud message."""
    await _phase(n)
    agent.loud_at = asyncio.get_running_loop().create_future()
    phone.say(tone(4 * FRAME_MS))
    async with asyncio.timeout(10):
        heard = await agent.loud_at
    await asyncio.sleep(QUIET_MS / 1000)
    assert phone.spoke_at is not None
    return 1e3 * (heard - phone.spoke_at)


async def _phase(n: int) -> None:
    """Meet the 20 ms tick at another point each time."""
    await asyncio.sleep(_offset(n))


def _offset(n: int) -> float:
    return (n * 3.7) % FRAME_MS / 1000
