"""The record of a call: moments, and speech word by word."""

from __future__ import annotations

import asyncio

from voxrun.replay.timeline import Moment, Stream, Timeline
from voxrun.session.virtual import run_virtual


def test_words_have_the_time_at_which_they_came() -> None:
    stream = Stream()
    first = stream.begin(100)
    stream.grow(first, "Hello", 100)
    stream.grow(first, "Hello there,", 200)
    stream.grow(first, "Hello there, Bob.", 300)
    second = stream.begin(900)
    stream.grow(second, "Bye", 900)
    assert list(zip(stream.words, stream.times, strict=True)) == [
        ("Hello", 100),
        ("there,", 200),
        ("Bob.", 300),
        ("Bye", 900),
    ]
    assert [utterance.first for utterance in stream.utterances] == [0, 3]


def test_whoever_waits_is_woken_by_the_next_moment_or_by_time() -> None:
    async def main(_: object) -> tuple[float, float]:
        timeline, loop = Timeline(), asyncio.get_running_loop()
        loop.call_later(2, timeline.add, Moment(2000, "log", "x"))
        await timeline.changed(10)
        first = loop.time()
        await timeline.changed(10)
        assert not timeline._waiters
        return first, loop.time()

    assert run_virtual(main) == (2.0, 12.0)


def test_the_latest_of_a_kind() -> None:
    timeline = Timeline()
    for at, who in ((1, "a"), (2, "b"), (3, "a")):
        timeline.add(Moment(at, "log", str(at), who=who))
    assert (timeline.last("log") or Moment(0, "")).text == "3"
    assert (timeline.last("log", "b") or Moment(0, "")).text == "2"
    assert timeline.last("error") is None


def test_who_waits_for_some_kinds_is_not_woken_by_others() -> None:
    async def main(_: object) -> list[float]:
        timeline, loop = Timeline(), asyncio.get_running_loop()
        for at, kind in ((1, "event"), (2, "log"), (4, "event")):
            loop.call_later(at, timeline.add, Moment(at * 1000, kind))
        loop.call_later(5, timeline.touch)
        times = []
        for _ in range(3):
            await timeline.changed(2, frozenset({"log"}))
            times.append(loop.time())
        return times

    assert run_virtual(main) == [2.0, 4.0, 5.0]


def test_moments_of_a_kind_from_a_place_on() -> None:
    timeline = Timeline()
    for at, kind in enumerate(("log", "event", "log", "log")):
        timeline.add(Moment(at, kind))
    assert [(place, moment.at) for place, moment in timeline.of_kind("log", 1)] == [(2, 2), (3, 3)]
    assert list(timeline.of_kind("tool")) == []
