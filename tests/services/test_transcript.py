"""The transcript of a recording: who said what, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

from tests.media.signals import pcm, voice
from tests.services.hearing import Counter

from voxrun.media.frames import split
from voxrun.services.listening import Wishes
from voxrun.services.ticker import LoopTicker
from voxrun.services.transcript import Line, Transcript, as_json, as_text
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def transcript(
    story: Callable[[Transcript, LoopClock], Awaitable[None]], ears: Counter | None = None
) -> Transcript:
    async def main(clock: LoopClock) -> Transcript:
        made = Transcript(LoopTicker(), ears or Counter(), Wishes())
        await story(made, clock)
        return made

    return run_virtual(main)


async def speak(made: Transcript, track: int, ms: int) -> None:
    for frame in split(pcm(voice(ms))):
        made.write(track, frame)
        await asyncio.sleep(0.02)


def test_every_source_has_its_lines_with_the_times_of_the_recording() -> None:
    async def story(made: Transcript, clock: LoopClock) -> None:
        made.add_track(0, "Caller", lambda: round(clock.now() * 1000))
        made.add_track(1, "Scenario", lambda: round(clock.now() * 1000))
        await speak(made, 0, 600)
        await asyncio.sleep(2)
        await speak(made, 1, 600)
        made.finish()
        await made.complete()

    lines = transcript(story).lines
    assert [(line.label, line.text, line.confidence) for line in lines] == [
        ("Caller", "one", 99), ("Scenario", "two", 98),
    ]  # fmt: skip
    assert 0 <= lines[0].begin_ms <= 200
    assert 2500 <= lines[1].begin_ms <= 2900


def test_it_is_complete_when_what_was_said_last_is_understood() -> None:
    async def story(made: Transcript, clock: LoopClock) -> None:
        made.add_track(0, "Caller", lambda: 0)
        await speak(made, 0, 600)
        made.end_track(0)
        made.write(0, bytes(640))  # a frame that was on its way
        began = clock.now()
        await made.complete()
        assert round(clock.now() - began, 2) == 3.0

    assert [line.text for line in transcript(story, Counter(slow=3)).lines] == ["one"]


def test_given_up_it_has_what_was_understood_until_then() -> None:
    async def story(made: Transcript, clock: LoopClock) -> None:
        made.add_track(0, "Caller", lambda: 0)
        await speak(made, 0, 600)
        made.stop()
        await asyncio.sleep(10)

    assert transcript(story, Counter(slow=3)).lines == []


def test_what_is_not_understood_has_a_line_and_what_breaks_is_kept_in_mind() -> None:
    ears = Counter()
    ears.unsure, ears.broken = {1}, {2}

    async def story(made: Transcript, clock: LoopClock) -> None:
        made.add_track(0, "Caller", lambda: 0)
        for _ in range(2):
            await speak(made, 0, 600)
            await asyncio.sleep(2)
        made.finish()
        await made.complete()

    made = transcript(story, ears)
    assert [(line.text, line.confidence) for line in made.lines] == [("", 0), ("", 0)]
    assert made.problem == "the engine broke"


def test_for_people_and_for_programs() -> None:
    lines = [Line(61_250, "Bot", "", 0), Line(7_390, "Ännchen", "a room, please", 80)]
    assert as_text(lines) == "[0:07.3] Ännchen: a room, please\n[1:01.2] Bot: (not understood)\n"
    assert json.loads(as_json(lines)) == [
        {"begin": 7.39, "label": "Ännchen", "text": "a room, please", "confidence": 80},
        {"begin": 61.25, "label": "Bot", "text": "", "confidence": 0},
    ]
    assert as_text([]) == ""
