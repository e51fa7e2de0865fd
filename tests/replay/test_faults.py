"""What goes wrong between a connector and its provider, in whole calls: seeded, so that it repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.replay.calls import AGENT, passes

from voxrun.connectors.transport import SocketClosed, Transports
from voxrun.replay.faults import faulty
from voxrun.replay.resources import Resources
from voxrun.replay.script import Faults


def test_a_refusal_reaches_the_scenario_with_its_status(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
faults: {refuse: {status: 429, body: {detail: slow down}}}
steps:
  - expect: {log: status 429}
  - expect: {log: slow down}
  - expect: {ended: scenario}
"""
    )
    passes(resources, tmp_path, script)


def test_a_socket_that_ends_in_mid_word(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
faults: {close: {after: 800ms, code: 1011, reason: overloaded}}
steps:
  - expect: {caller_hears: Good}
  - expect: {log: overloaded}
  - expect: {log: closed 1011}
  - expect: {ended: scenario}
  - expect: {caller_hears: for you, absent: true}
"""
    )
    outcome = passes(resources, tmp_path, script)
    closed = next(m for m in outcome.timeline.moments if m.text == "closed 1011")
    assert 800 <= closed.at < 850
    passes(resources, tmp_path, script.replace("code: 1011, reason: overloaded", "code: 1006")
           .replace("overloaded", "failed").replace("1011", "1006"))  # fmt: skip


def test_a_stall_holds_everything_back_and_then_lets_it_through(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
faults: {stall: {after: 500ms, for: 3s}}
steps:
  - expect: {agent_says: good}
  - expect: {agent_says: do for you}
  - hangup
"""
    )
    outcome = passes(resources, tmp_path, script)
    assert outcome.met[0].at < 500
    assert 3500 <= outcome.met[1].at < 3600


def test_messages_come_late_and_get_lost_the_same_way_each_time(resources: Resources, tmp_path: Path) -> None:
    script = (
        AGENT
        + """
faults: {delay: {by: 200ms, jitter: 100ms}, drop: {percent: 20, of: audio}}
steps:
  - expect: {agent_says: do for you}
  - hangup
"""
    )
    one, two = (passes(resources, tmp_path, script) for _ in range(2))
    assert one.records == two.records
    assert one.people[0].heard.frames == two.people[0].heard.frames
    other = passes(resources, tmp_path, script.replace("faults:", "seed: 2\nfaults:"))
    assert other.people[0].heard.frames != one.people[0].heard.frames


class Script:
    """A socket that gives its messages at once."""

    def __init__(self, count: int) -> None:
        self._left = [str(number) for number in range(count)]

    async def recv(self) -> str | bytes:
        if not self._left:
            raise SocketClosed(1000, "", True)
        return self._left.pop(0)

    async def send(self, message: str | bytes) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


def test_messages_that_arrive_together_keep_their_order_on_any_loop() -> None:
    async def connect(url: str, headers: Mapping[str, str], *rest: Any) -> Any:
        return Script(200)

    async def main() -> list[str | bytes]:
        found: list[str | bytes] = []
        faults = Faults(delay_ms=20, jitter_ms=10)
        socket = await faulty(Transports(connect, None), faults, 1).connect("ws://x", {})
        try:
            while True:
                found.append(await socket.recv())
        except SocketClosed:
            return found

    assert asyncio.run(main()) == [str(number) for number in range(200)]
