"""Inactivity messages in time."""

from __future__ import annotations

from voxrun.emulators.ultravox.call_config import TimedMessage
from voxrun.emulators.ultravox.silence import Silence

FIRST, SECOND = TimedMessage(5, "Hm?"), TimedMessage(3, "Bye.", "soft")


def test_each_message_counts_from_the_one_before_and_a_sign_of_life_begins_anew() -> None:
    silence = Silence((FIRST, SECOND))
    assert silence.deadline is None
    silence.began(10.0)
    silence.began(11.0)  # still the same silence
    assert (silence.deadline, silence.next()) == (15.0, FIRST)
    silence.interrupted()  # it is spoken
    assert silence.deadline is None
    silence.began(16.0)
    assert silence.deadline == 19.0
    silence.broken(18.0)
    assert (silence.deadline, silence.next()) == (23.0, FIRST)
    assert silence.next() == SECOND
    assert silence.deadline is None
