"""What an ASR tells of one source: CaptureStarted, InterimResult, SpeechCaptured, Result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from tests.harness import Stage, play
from tests.media.signals import Floats, noise, pcm, quiet, voice
from tests.services.hearing import Counter

from voxrun.media.frames import split
from voxrun.media.runs import Run, Ticks
from voxrun.services.listening import Listener, Wishes


class Room:
    """A listener that hears audio in real (virtual) time; ``told`` are (ms, event, fields)."""

    def __init__(self, stage: Stage, ears: Counter, wishes: Wishes, begin_ms: int = 0) -> None:
        self._stage = stage
        self._zero = stage.clock.now()
        self.told: list[tuple[int, str, dict[str, Any]]] = []
        self.listener = Listener(stage.ticker, ears, wishes, self._tell, begin_ms)

    def _tell(self, name: str, fields: dict[str, Any]) -> None:
        self.told.append((round((self._stage.clock.now() - self._zero) * 1000), name, fields))

    async def hears(self, *parts: Floats) -> None:
        for frame in split(pcm(np.concatenate(parts))):
            self.listener.write(frame)
            await asyncio.sleep(0.02)

    def names(self) -> list[str]:
        return [name for _, name, _ in self.told]

    def texts(self, name: str) -> list[str]:
        return [fields["text"] for _, told, fields in self.told if told == name]

    def at(self, name: str) -> int:
        return next(at for at, told, _ in self.told if told == name)


def listen(story: Callable[[Room], Awaitable[None]], ears: Counter | None = None, **wishes: Any) -> Room:
    rooms: list[Room] = []

    async def main(stage: Stage) -> None:
        room = Room(stage, ears or Counter(), Wishes(**wishes))
        rooms.append(room)
        await story(room)
        room.listener.stop()

    play(main)
    return rooms[0]


UTTERANCE = ["CaptureStarted", "SpeechCaptured", "Result"]


def test_an_utterance_is_captured_and_then_understood() -> None:
    async def story(room: Room) -> None:
        await room.hears(quiet(500), voice(1000), quiet(2000))

    room = listen(story)
    assert room.names() == UTTERANCE
    assert 500 < room.at("CaptureStarted") < 800
    assert 2400 < room.at("SpeechCaptured") < 2700
    assert room.told[-1][2]["text"] == "one"
    assert room.told[-1][2]["confidence"] == 99
    assert abs(room.told[-1][2]["resultEndTime"] - 1.5) < 0.1


def test_a_result_names_the_language_that_was_asked_for() -> None:
    async def story(room: Room) -> None:
        await room.hears(quiet(100), voice(1000), quiet(2000))

    assert listen(story, language="de").told[-1][2]["languageCode"] == "de"
    assert "languageCode" not in listen(story).told[-1][2]


def test_without_single_utterance_pieces_with_short_pauses_are_one_result() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(700), quiet(600), voice(700), quiet(2000), voice(700), quiet(2000))

    room = listen(story)
    assert room.names() == UTTERANCE * 2
    assert room.texts("Result") == ["one two", "three"]
    assert room.told[2][2]["confidence"] == 98  # of the less sure one


def test_with_single_utterance_each_piece_is_a_result_and_comes_sooner() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(700), quiet(600), voice(700), quiet(2000))

    room = listen(story, single=True)
    assert room.names() == UTTERANCE * 2
    assert room.texts("Result") == ["one", "two"]
    assert room.at("Result") < 700 + 500


def test_a_result_comes_after_a_minute_of_speech_at_the_latest() -> None:
    async def story(room: Room) -> None:
        await room.hears(np.tile(np.concatenate([voice(3000), quiet(500)]), 20), quiet(3000))

    room = listen(story)
    assert room.names() == UTTERANCE * 2
    assert abs(room.at("Result") - 60_000) < 1000


def test_interim_results_come_only_when_asked_for_and_grow() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(1500), quiet(600), voice(1500), quiet(2000))

    assert listen(story).texts("InterimResult") == []
    room = listen(story, interim=True)
    interim = room.texts("InterimResult")
    assert interim[0].startswith("about ")
    assert "one" in interim
    assert any(text.startswith("one about ") for text in interim)
    assert len(interim) == len(set(interim))
    assert room.names()[-2:] == ["SpeechCaptured", "Result"]
    assert room.texts("Result") == ["one two"]


def test_an_interim_result_never_follows_the_result() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(1500), quiet(3000))

    room = listen(story, Counter(slow=0.7), interim=True)
    assert room.names()[-1] == "Result"


def test_results_keep_the_order_of_their_utterances() -> None:
    class Hasty(Counter):
        async def transcribe(self, pcm: bytes, hints: tuple[str, ...], language: str) -> Any:
            self.slow = 0.0 if self.lengths else 3.0
            return await super().transcribe(pcm, hints, language)

    async def story(room: Room) -> None:
        await room.hears(voice(700), quiet(600), voice(700), quiet(4000))

    assert listen(story, Hasty(), single=True).texts("Result") == ["one", "two"]


def test_speech_that_was_not_understood_is_an_empty_result_of_confidence_zero() -> None:
    ears = Counter()
    ears.unsure = {1}

    async def story(room: Room) -> None:
        await room.hears(voice(700), quiet(2000))

    room = listen(story, ears)
    assert room.names() == UTTERANCE
    assert (room.told[-1][2]["text"], room.told[-1][2]["confidence"]) == ("", 0)


def test_a_failure_of_the_engine_is_an_error_and_listening_goes_on() -> None:
    ears = Counter()
    ears.broken = {1}

    async def story(room: Room) -> None:
        await room.hears(voice(700), quiet(2000), voice(700), quiet(2000))

    room = listen(story, ears, single=True)
    assert room.names() == ["CaptureStarted", "SpeechCaptured", "Error", "Result", *UTTERANCE]
    assert room.told[2][2] == {"error": "the engine broke"}
    assert room.texts("Result") == ["", "two"]


def test_silence_is_taken_at_once_where_nobody_speaks() -> None:
    async def story(room: Room) -> None:
        listener, silence, sound = (
            room.listener,
            Run(Ticks(0.0, 1, 50), None),
            Run(Ticks(0.0, 1, 1), b"x" * 640),
        )
        assert (listener.room(silence), listener.room(sound)) == (50, 0)
        listener.write_run(silence)
        assert listener.heard_ms == 1000
        await room.hears(voice(1000))
        assert listener.room(silence) == 0
        await room.hears(quiet(1500))
        assert listener.room(silence) == 50

    assert listen(story).names() == UTTERANCE


def test_who_stops_sending_in_mid_word_has_said_what_was_said() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(1000))
        await asyncio.sleep(3)

    assert listen(story).names() == UTTERANCE


def test_media_that_is_cut_off_in_mid_word_ends_the_utterance_with_its_result() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(1000))
        room.listener.finish()
        await asyncio.sleep(0.1)
        assert room.names() == UTTERANCE

    listen(story)


def test_after_stop_nothing_is_told() -> None:
    async def story(room: Room) -> None:
        await room.hears(voice(1000), quiet(1100))
        room.listener.stop()
        room.listener.finish()
        await asyncio.sleep(3)
        assert room.names() == ["CaptureStarted", "SpeechCaptured"]

    listen(story, Counter(slow=2.0))


@pytest.mark.parametrize("sound", [noise(1000, dbfs=-60), voice(80), quiet(1000)])
def test_what_is_no_speech_is_not_captured(sound: Floats) -> None:
    async def story(room: Room) -> None:
        await room.hears(quiet(300), sound, quiet(2000))

    assert listen(story).names() == []


def test_the_recogniser_gets_hints_and_language() -> None:
    ears = Counter()

    async def story(room: Room) -> None:
        await room.hears(voice(700), quiet(2000))

    listen(story, ears, hints=("yes", "no"), language="de")
    assert ears.asked == [(("yes", "no"), "de")]


def test_times_go_on_from_the_sources_before() -> None:
    async def main(stage: Stage) -> None:
        room = Room(stage, Counter(), Wishes(), begin_ms=10_000)
        await room.hears(voice(1000), quiet(2000))
        assert abs(room.told[-1][2]["resultEndTime"] - 11.0) < 0.1
        room.listener.stop()

    play(main)
