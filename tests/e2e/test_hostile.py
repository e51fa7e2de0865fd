"""Hostile scenarios beside a live call and beside a session in the same realm host.

The call is real WebRTC, a steady tone that its scenario sends back. While another session dies of what its
scenario does, the tone must come back without a gap of 100 ms, and the neighbour must go on.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace
from tests.e2e.rig import House, house, journal_of
from tests.e2e.sounds import level, tone
from tests.e2e.telephone import Telephone

from voxrun.realm.port import Script

pytestmark = [pytest.mark.live, pytest.mark.alone]

ECHO = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  call.answer();
  call.sendMediaTo(call);
});
"""
NEIGHBOUR = """
let beats = 0;
VoxEngine.addEventListener(AppEvents.Started, ({ accessURL }) => {
  Logger.write([...accessURL].reverse().join('')); // backwards, or the journal would hide the token in it
  setInterval(() => Logger.write(`beat ${++beats}`), 100);
});
VoxEngine.addEventListener(AppEvents.HttpRequest, () => `still here after ${beats} beats`);
"""
GAP_MS = 100
CONTROL_PACKETS = 50
"""A second of the call before each trick: how late packets are on this machine anyway."""
ATTEMPTS = 3
"""A trick is tried again when audio was late: one that holds it up does so every time, a busy machine not."""
WITNESS = """
import time
due = time.monotonic()
while True:
    due += 0.01
    time.sleep(max(0.0, due - time.monotonic()))
    end = time.monotonic() + 0.002
    while time.monotonic() < end:
        pass
    late = time.monotonic() - due - 0.002
    if late > 0.01:
        print(due, late, flush=True)
        due += late
"""
"""A process about as busy as a call, which tells when the machine held it up: that much is not our doing."""


@dataclass(frozen=True)
class Trick:
    """A scenario and what its session's error must say."""

    source: str
    says: str
    keeps_log: bool = True


def started(body: str) -> str:
    lines = [
        "VoxEngine.addEventListener(AppEvents.Started, () => {",
        "Logger.write('last words');",
        body,
        "});",
    ]
    return "\n".join(lines)


TRICKS = {
    "syntax error": Trick("Logger.write('never said');\nconst = 3;\n", "SyntaxError", keeps_log=False),
    "endless loop": Trick(started("while (true);"), "more than 1 s without a pause"),
    "uninterruptible native loop": Trick(
        started("'a'.repeat(4e5).indexOf('a'.repeat(2e5) + 'b');"), "cannot be interrupted"
    ),
    "regex bomb": Trick(started("/^(a+)+$/.test('a'.repeat(40) + 'b');"), "more than 1 s without a pause"),
    "memory bomb": Trick(started("const all = []; for (;;) all.push(new Array(1000).fill(1.5));"), "16 MB"),
    "endless promise chain": Trick(
        started("const on = () => { Promise.resolve().then(on); }; on();"), "promises .* without an end"
    ),
    "unbounded recursion": Trick(
        started("const down = () => down() + 1; down();"), "recursion without an end"
    ),
    "thrown error": Trick(started("throw new Error('on purpose');"), "on purpose"),
    "hostile toString": Trick(started("throw { toString() { while (true); } };"), "^thrown: "),
    "unhandled rejection": Trick(started("Promise.reject(new Error('nobody listens'));"), "nobody listens"),
}


def test_a_hostile_session_ends_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            house(tmp_path, ECHO) as h,
            Telephone(h.url, hum=tone(400, 1)) as phone,
            witness() as stalls,
        ):
            await phone.call()
            neighbour = await start(h, "neighbour.js", NEIGHBOUR)
            await h.until(lambda: len(h.logs(neighbour)) > 3)
            await phone.until(lambda: len(phone.heard) > 2 * 32_000)
            complaints = []
            for name, trick in TRICKS.items():
                for _ in range(ATTEMPTS):
                    found = await try_one(h, phone, neighbour, name, trick, stalls)
                    if not any("late" in each or "hole" in each for each in found):
                        break
                complaints += found
            assert not complaints, "\n".join(complaints)
            await phone.hang_up()
            assert (await h.ended(phone.session)).error is None

    asyncio.run(story())


async def start(h: House, name: str, source: str) -> str:
    """A session of another scenario in the same voxrun."""
    runtime = h.app.runtime
    limits = replace(runtime.application.limits, idle_ms=600_000)
    before = runtime.application
    runtime.application = replace(before, scripts=(Script(name, source),), limits=limits)
    try:
        return await runtime.start_session("")
    finally:
        runtime.application = before


@asynccontextmanager
async def witness() -> AsyncGenerator[list[tuple[float, float]]]:
    """(loop time, ms) of each stall of the machine since then."""
    stalls: list[tuple[float, float]] = []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WITNESS, stdout=asyncio.subprocess.PIPE
    )

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            at, late = line.split()
            stalls.append((float(at), float(late) * 1000))

    reading = asyncio.create_task(read())
    try:
        yield stalls
    finally:
        process.kill()
        await process.wait()
        await reading


async def try_one(
    h: House, phone: Telephone, neighbour: str, name: str, trick: Trick, stalls: list[tuple[float, float]]
) -> list[str]:
    """Run one; gives what was not as it must be."""
    loop = asyncio.get_running_loop()
    control = len(phone.arrivals)
    await phone.until(lambda: len(phone.arrivals) >= control + CONTROL_PACKETS)
    usual = lateness(phone, control)
    began, first_packet, first_sample = loop.time(), len(phone.arrivals), len(phone.heard)
    beats = len(h.logs(neighbour))
    session = await start(h, "bad.js", trick.source)
    ending = await h.ended(session, 20)
    took = loop.time() - began
    beats_at_end = len(h.logs(neighbour))
    await h.until(lambda: len(h.logs(neighbour)) >= beats_at_end + 3)
    answer = await ask(h, neighbour)
    await phone.until(lambda: loop.time() - began > took + 0.5)
    late, hole = lateness(phone, first_packet), silence(bytes(phone.heard[first_sample:]))
    stall = max((ms for at, ms in stalls if at >= began), default=0.0)
    message = ending.error.message if ending.error else ""
    print(
        f"{name}: over after {took:.2f} s; packets at most {late:.0f} ms late, hole {hole} ms "
        f"(before: {usual:.0f} ms, machine: {stall:.0f} ms); {beats_at_end - beats} beats meanwhile; "
        f"{message.splitlines()[:1]}"
    )
    checks = {
        "it ends as JS session error": ending.reason == "JS session error",
        f"it says {trick.says!r}, not {message!r}": re.search(trick.says, message),
        "its log line is kept": not trick.keeps_log or h.logs(session) == ["last words"],
        "its journal is whole": journal_of(h.folder(session))[-1].get("state") == "ended",
        f"the neighbour answers, not {answer!r}": answer.startswith("still here after"),
        f"no packet is {late:.0f} ms late": late < GAP_MS + max(stall, usual),
        f"there is no hole of {hole} ms": hole < GAP_MS + stall,
    }
    return [f"{name}: {what}" for what, holds in checks.items() if not holds]


async def ask(h: House, session: str) -> str:
    """A request on the neighbour's access URL."""
    url = h.logs(session)[0][::-1]
    # Without certificates: reading them would hold up this loop, and the call in it, for 60 ms.
    async with httpx.AsyncClient(timeout=10, trust_env=False, verify=False) as client:
        return (await client.get(url)).text


def lateness(phone: Telephone, first: int) -> float:
    """How much later than the earliest of them packets came, in ms: what a jitter buffer has to bridge."""
    delays = [packet.at - packet.rtp for packet in phone.arrivals[first:]]
    return (max(delays) - min(delays)) * 1000 if delays else float("inf")


def silence(heard: bytes) -> int:
    """The longest stretch without the tone, ms."""
    longest = now = 0
    for start_at in range(0, len(heard) - 639, 640):
        now = now + 20 if level(heard[start_at : start_at + 640]) < -25 else 0
        longest = max(longest, now)
    return longest
