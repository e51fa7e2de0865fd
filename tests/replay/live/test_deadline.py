"""Limits for what may hang, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.replay.calls import write

from voxrun.errors import PeerError
from voxrun.replay.live.deadline import RESERVE_MS, longest_ms, within
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def test_what_hangs_is_named_and_ended() -> None:
    async def main(clock: LoopClock) -> float:
        with pytest.raises(PeerError, match=r"serving tea: this has not come to an end after 7 s"):
            async with within(7, "serving tea"):
                await asyncio.Event().wait()
        return clock.now()

    assert run_virtual(main, 0) >= 7


def test_what_ends_in_time_and_what_fails_by_itself_are_left_alone() -> None:
    async def main(clock: LoopClock) -> None:
        async with within(7, "serving tea"):
            await asyncio.sleep(6)
        with pytest.raises(TimeoutError, match="its own"):
            async with within(7, "serving tea"):
                raise TimeoutError("its own")

    run_virtual(main, 0)


def test_every_step_may_take_what_it_says_and_something_more(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(bytes(40_000))
    text = """
within: 3s
steps:
  - wait: 240s
  - expect: {log: a, within: 70s, count: 2}
  - expect: [{log: a}, {log: b, absent: true}, {log: b, absent: true, within: 5s}]
  - expect: {any_order: [{log: a}], within: 90s}
  - silence: 20s
  - say: abcdefghij
  - say: {audio: a.wav}
  - {tone: 400, for: 9s}
"""
    script = write(tmp_path, text, "1")
    found = [longest_ms(step, script.within_ms) - RESERVE_MS for step in script.steps]
    assert found[:4] == [240_000, 140_000, 8_000, 90_000]
    waits = 120_000  # until there is a line, until the other side is quiet
    assert found[4:] == [waits + 40_000, waits + 3_000, waits + 40_000, waits + 9_000]
