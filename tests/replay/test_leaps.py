"""Leaps change nothing but the time it takes: the same bytes as tick by tick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.replay.calls import AGENT, TALK, VOICE, write

from voxrun.media.runs import Leaper, Ticks
from voxrun.replay.failure import report
from voxrun.replay.leaps import LONGEST, LeapingTicker
from voxrun.replay.resources import Resources
from voxrun.replay.runner import play_story, steps_of
from voxrun.session.virtual import VirtualLoop, run_virtual


class Node(Leaper):
    """Says how many ticks it can do; notes what it did, as (first tick, ticks)."""

    def __init__(self, room: int = 1000, last: int = 10_000) -> None:
        self.room, self.last = room, last
        self.did: list[tuple[int, int]] = []
        self.done = 0

    def ahead(self, ticks: Ticks) -> int:
        return min(self.room, ticks.count, self.last - self.done)

    def leap(self, ticks: Ticks) -> bool:
        assert asyncio.get_running_loop().time() == ticks.last
        return self._do(ticks.first, ticks.count)

    def tick(self) -> bool:
        return self._do(round(asyncio.get_running_loop().time() / 0.02), 1)

    def _do(self, first: int, count: int) -> bool:
        self.did.append((first, count))
        self.done += count
        return self.done < self.last


class Final(Node):
    """One that answers by trying."""

    final = True

    def __init__(self, room: int = 1000) -> None:
        super().__init__(room)
        self.tried = 0

    def ahead(self, ticks: Ticks) -> int:
        self.tried = min(self.room, ticks.count)
        return self.tried

    def leap(self, ticks: Ticks) -> bool:
        assert ticks.count == self.tried
        return super().leap(ticks)


class Plain:
    """A node that knows nothing of leaps."""

    def __init__(self) -> None:
        self.times: list[int] = []

    def tick(self) -> bool:
        self.times.append(round(asyncio.get_running_loop().time() * 1000))
        return True


def run(story: Callable[[LeapingTicker], Awaitable[None]]) -> None:
    async def main(_: object) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        ticker = LeapingTicker(loop)
        await story(ticker)
        ticker.close()

    run_virtual(main)


def test_it_leaps_to_the_next_deadline_and_does_what_is_due_with_a_tick_by_itself() -> None:
    async def story(ticker: LeapingTicker) -> None:
        node, seen = Node(), list[tuple[float, int]]()
        loop = asyncio.get_running_loop()
        for at in (0.2, 0.21, 0.9 + 1e-12):
            loop.call_at(at, lambda: seen.append((loop.time(), node.done)))
        ticker.start(node)
        await asyncio.sleep(0.99)
        assert seen == [(0.2, 9), (0.21, 10), (0.9, 45)]  # the last one is in the moment of the tick
        assert node.did == [(1, 9), (10, 1), (11, 34), (45, 1), (46, 4)]

    run(story)


def test_it_leaps_no_further_than_anybody_can_and_who_is_done_is_left_out() -> None:
    async def story(ticker: LeapingTicker) -> None:
        one, other, short = Node(7), Node(100), Node(100, last=3)
        for node in (one, other, short):
            ticker.start(node)
        await asyncio.sleep(0.41)
        assert short.did == [(1, 3)]
        assert one.did == other.did == [(1, 3), (4, 7), (11, 7), (18, 3)]

    run(story)


def test_beside_one_that_knows_nothing_of_leaps_there_are_none() -> None:
    async def story(ticker: LeapingTicker) -> None:
        node, plain = Node(), Plain()
        ticker.start(node)
        ticker.start(plain)
        await asyncio.sleep(0.21)
        assert plain.times == [*range(20, 220, 20)]
        assert node.did == [(tick, 1) for tick in range(1, 11)]
        ticker.stop(plain)
        await asyncio.sleep(0.2)
        assert node.did[10:] == [(11, 10)]

    run(story)


def test_who_answers_by_trying_is_asked_last_and_only_one_may() -> None:
    async def story(ticker: LeapingTicker) -> None:
        trying, node = Final(8), Node(5)
        ticker.start(trying)
        ticker.start(node)
        await asyncio.sleep(0.21)
        assert trying.did == node.did == [(1, 5), (6, 5)]
        ticker.start(second := Final())
        await asyncio.sleep(0.1)
        assert second.did == [(tick, 1) for tick in range(11, 16)]

    run(story)


def test_work_that_is_ready_or_outside_comes_first() -> None:
    async def story(ticker: LeapingTicker) -> None:
        node = Node()
        loop = asyncio.get_running_loop()
        loop.call_at(0.1, lambda: loop.call_soon(node.did.append, (0, 0)))
        ticker.start(node)
        await asyncio.sleep(0.15)
        assert node.did == [(1, 4), (5, 1), (0, 0), (6, 2)]

    run(story)


def test_a_node_that_fails_in_a_leap_is_dropped_and_the_others_go_on() -> None:
    class Broken(Node):
        def leap(self, ticks: Ticks) -> bool:
            raise RuntimeError("broken")

    async def story(ticker: LeapingTicker) -> None:
        broken, node = Broken(5), Node()
        ticker.start(broken)
        ticker.start(node)
        await asyncio.sleep(0.21)
        assert node.did == [(1, 5), (6, 5)]

    run(story)


def test_even_where_nothing_is_due_a_leap_has_an_end() -> None:
    async def story(ticker: LeapingTicker) -> None:
        node, over = Node(last=LONGEST + 2), asyncio.get_running_loop().create_future()
        leap = node.leap
        node.leap = lambda ticks: leap(ticks) or over.set_result(None)  # type: ignore[assignment, func-returns-value, return-value]
        ticker.start(node)
        await over
        assert node.did == [(1, LONGEST), (LONGEST + 1, 2)]

    run(story)


SCRIPT = (
    VOICE
    + AGENT
    + """
faults: {FAULTS}
steps:
  - expect: {agent_says: good morning}
  - say: how is the weather in London
  - expect: {agent_says: rain in London}
  - silence: 2s
  - say: tell me a long story please
  - interrupt: stop it right now
    after: 1s
  - expect: {agent_says: as you like}
  - expect: {audio: {gap: 3s}}
  - dtmf: 12
  - say: thank you and goodbye
  - expect: {ended: scenario}
"""
)
RECORDED = TALK + (
    "VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) =>"
    " call.record({ stereo: true, lossless: true }));\n"
)


LOSSES = "delay: {by: 90ms, jitter: 40ms}, drop: {percent: 5, of: audio}"
MENU = """
require(Modules.ASR);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  call.record({ stereo: true, lossless: true });
  call.handleTones(true);
  call.addEventListener(CallEvents.ToneReceived, ({ tone }) => {
    Logger.write(`key ${tone}`);
    call.say('Thank you and goodbye');
    call.addEventListener(CallEvents.PlaybackFinished, () => call.hangup());
  });
  const asr = VoxEngine.createASR({ profile: ASRProfileList.Google.en_US });
  asr.addEventListener(ASREvents.CaptureStarted, () => Logger.write('speaks'));
  asr.addEventListener(ASREvents.Result, ({ text }) => {
    Logger.write(`heard ${text}`);
    player.stop();
    call.say('Press one');
  });
  const player = VoxEngine.createTTSPlayer('Good morning, what can I do for you?');
  player.addMarker(300);
  player.addMarker(-500);
  player.addEventListener(PlayerEvents.PlaybackMarkerReached, ({ offset }) => {
    Logger.write(`at ${offset}`);
    call.sendMediaTo(asr);
  });
  player.sendMediaTo(call);
});
"""
KEYS = (
    VOICE
    + """
steps:
  - expect: {log: at 300}
  - expect: {log: at -500}
  - silence: 2s
  - say: how is the weather in London
  - expect: {log: heard how is the weather in London}
  - silence: 3s
  - dtmf: 1
  - expect: {ended: scenario}
"""
)


@pytest.mark.parametrize(
    ("steps", "scenario"),
    [
        (SCRIPT.replace("FAULTS", ""), RECORDED),
        (
            SCRIPT.replace("FAULTS", "delay: {by: 90ms, jitter: 40ms}, drop: {percent: 5, of: audio}"),
            RECORDED,
        ),
        (KEYS, MENU),
    ],
)
def test_a_call_gives_the_same_bytes_with_and_without_leaps(
    tmp_path: Path, resources: Resources, steps: str, scenario: str
) -> None:
    script = write(tmp_path, steps, scenario)
    found = []
    for leaps in (False, True):
        outcome = play_story(script, steps_of(script), resources, tmp_path / str(leaps), leaps=leaps)
        assert outcome.ok, report(outcome)
        outcome.shelf.finish()
        assert outcome.folder is not None
        files = {path.name: path.read_bytes() for path in outcome.folder.iterdir() if path.is_file()}
        (ear,) = outcome.people
        sounds = (ear.heard.frames, ear.heard.stretches, ear.said.frames, ear.said.stretches)
        found.append((files, sounds, outcome.met, outcome.done, outcome.length_ms))
    assert found[0] == found[1]
    assert {"journal.jsonl", "recording.wav", "record-1.flac"} <= found[0][0].keys()
