"""One utterance at a time: rendered, held back, heard, cut."""

from __future__ import annotations

from typing import Any

import pytest

from voxrun.emulators.ultravox.call_config import DEFAULT_FLAGS, Medium
from voxrun.emulators.ultravox.effects import Effect, Render, Send, StartAudio, StopAudio
from voxrun.emulators.ultravox.history import History
from voxrun.emulators.ultravox.outlet import Outlet
from voxrun.emulators.ultravox.plan import Speak
from voxrun.emulators.ultravox.speaker import Speaker


class Stage:
    def __init__(self, medium: Medium = "voice") -> None:
        self.outlet, self.history = Outlet(DEFAULT_FLAGS), History("s")
        self.speaker = Speaker(self.outlet, self.history, medium)
        self.speaker.joined_at = 10.0

    def told(self) -> list[Any]:
        """Effects since the last time: messages by their type, transcripts by their words."""
        return [self._short(effect) for effect in self.outlet.take()]

    @staticmethod
    def _short(effect: Effect) -> Any:
        if not isinstance(effect, Send):
            return effect
        message = effect.message
        words = message.get("text") or message.get("delta")
        return (
            (words, message["final"])
            if message["type"] == "transcript"
            else message.get("state", message["type"])
        )


def test_an_utterance_is_rendered_and_heard_word_by_word() -> None:
    stage = Stage()
    speaker = stage.speaker
    speaker.say(Speak("Good day."), 20.0)
    assert stage.told() == ["thinking", Render(1, "Good day.")]
    assert (speaker.busy, speaker.advance(20.0, held=False), speaker.spoke) == (True, False, False)
    speaker.rendered(0, 5.0)  # an earlier one, that was dropped
    assert not speaker.advance(20.0, held=False)
    speaker.rendered(1, 1.0)
    assert not speaker.advance(20.5, held=True)
    assert speaker.deadline is None
    assert speaker.advance(20.5, held=False)
    assert stage.told() == ["speaking", StartAudio(1)]
    assert speaker.deadline == pytest.approx(20.65)
    assert not speaker.advance(20.65, held=True)  # what has begun goes on
    assert stage.told() == [("Good", False)]
    assert speaker.advance(21.5, held=False)
    assert stage.told() == [(" day", False), (".", False), ("Good day. ", True)]
    assert (speaker.busy, speaker.spoke, speaker.deadline) == (False, True, None)
    (message,) = stage.history.messages()
    assert message["text"] == "Good day."
    assert message["timespan"] == {"start": "10.5s", "end": "11.5s"}


def test_what_is_cut_is_known_as_far_as_it_was_heard() -> None:
    stage = Stage()
    speaker = stage.speaker
    assert not speaker.cut(20.0)
    speaker.say(Speak("Good day.", uninterruptible=True), 20.0)
    assert speaker.protected
    assert not speaker.cut(20.0)
    speaker.rendered(1, 1.0)
    speaker.advance(20.0, held=False)
    stage.told()
    assert speaker.cut(20.2)
    assert stage.told() == [("Good", False), "playback_clear_buffer", StopAudio(), ("Good ", True)]
    assert (speaker.busy, speaker.protected) == (False, False)
    assert [message["text"] for message in stage.history.messages()] == ["Good"]


def test_nothing_to_hear_is_over_at_once_and_what_was_dropped_never_begins() -> None:
    stage = Stage()
    speaker = stage.speaker
    speaker.say(Speak("..."), 20.0)
    speaker.rendered(1, 0.0)
    assert speaker.advance(20.0, held=False)
    assert (speaker.busy, speaker.spoke) == (False, False)
    speaker.say(Speak("Good day."), 20.0)
    speaker.drop()
    speaker.rendered(2, 1.0)
    assert not speaker.advance(20.0, held=False)
    assert StartAudio(2) not in stage.told()


def test_in_the_text_medium_it_is_written_at_once() -> None:
    stage = Stage("text")
    stage.speaker.say(Speak("Good day."), 20.0)
    assert stage.told() == [("Good", False), (" day", False), (".", False), ("Good day.", True)]
    assert (stage.speaker.busy, stage.speaker.spoke) == (False, True)
