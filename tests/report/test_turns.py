"""How long the caller waits, from who speaks when."""

from __future__ import annotations

from voxrun.report.sound import Span
from voxrun.report.turns import Interruption, Turn, interruptions, outside, turns


def test_the_wait_is_from_the_end_of_the_caller_s_words_to_the_first_sound_of_the_answer() -> None:
    (turn,) = turns([Span(1000, 2000)], [Span(0, 800), Span(2820, 4000), Span(4300, 5000)], 6000)
    assert turn == Turn(1000, 2000, 2820, 2820)
    assert turn.wait_ms == 820


def test_sentences_without_an_answer_between_them_are_one_turn() -> None:
    (turn,) = turns([Span(1000, 2000), Span(2500, 3000)], [Span(3600, 4000)], 6000)
    assert (turn.start, turn.end, turn.wait_ms) == (1000, 3000, 600)


def test_words_that_are_never_answered_are_a_turn_without_an_answer() -> None:
    turn, after = turns([Span(1000, 2000), Span(9000, 9500)], [Span(10_000, 10_500)], 11_000)
    assert turn.answer is None
    assert turn.wait_ms == 7000
    assert after.wait_ms == 500


def test_a_goodbye_before_hanging_up_waits_for_nothing() -> None:
    assert turns([Span(1000, 2000)], [], 3000) == []


def test_an_agent_that_talks_over_the_caller_is_no_answer() -> None:
    assert turns([Span(1000, 1200)], [Span(500, 4000)], 5000) == []


def test_an_agent_that_begins_before_the_caller_has_ended_answered_early() -> None:
    (turn,) = turns([Span(1000, 2000)], [Span(1900, 3000)], 4000)
    assert turn.wait_ms == -100


def test_an_interruption_is_measured_from_the_caller_s_first_sound_to_the_agent_s_last() -> None:
    found = interruptions([Span(1000, 2000)], [Span(100, 1280)], [1200])
    assert found == [Interruption(1000, 280)]


def test_a_buffer_that_is_cleared_while_nobody_speaks_interrupts_nothing() -> None:
    assert interruptions([Span(1000, 2000)], [Span(100, 900)], [1200]) == []
    assert interruptions([], [Span(100, 900)], [500]) == []


def test_moments_of_a_second_call_are_inside_of_it() -> None:
    assert outside(5, [Span(6, 9)])
    assert not outside(6, [Span(6, 9)])
