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
