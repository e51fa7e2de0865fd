"""Which words were heard by when."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voxrun.emulators.ultravox.playback import LEAD, Playback, split_text


def test_words_and_punctuation_are_parts_of_their_own() -> None:
    assert split_text("Hello, it's 3.5 degrees!") == ("Hello", ",", " it's", " 3.5", " degrees", "!")


@given(st.text())
def test_the_parts_add_up_to_the_text(text: str) -> None:
    assert "".join(split_text(text)) == text


def test_parts_follow_the_playback_and_the_rest_comes_at_its_end() -> None:
    playback = Playback("one two", 2.15, 10.0)
    assert playback.due(10.1) == []
    assert playback.deadline == 10.0 + LEAD
    assert playback.due(10.2) == ["one"]
    assert (playback.heard, playback.begun, playback.done(12.0)) == ("one", True, False)
    assert playback.due(12.15) == [" two"]
    assert playback.done(12.15)


@given(st.text(min_size=1, max_size=80), st.floats(0, 30), st.floats(0, 1e6))
def test_deadlines_never_go_back_and_everything_is_given_once(
    text: str, seconds: float, start: float
) -> None:
    playback = Playback(text, seconds, start)
    given_parts: list[str] = []
    now = start
    while not playback.done(now):
        assert playback.deadline >= now
        now = playback.deadline
        given_parts += playback.due(now)
    given_parts += playback.due(now)
    assert "".join(given_parts) == text
