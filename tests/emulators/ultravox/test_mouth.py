"""The agent's audio: 20 ms messages, not further ahead than the client's buffer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.emulators.ultravox.mouth import Mouth

PCM = bytes(range(256)) * 125  # one second at 16 kHz


def sent(mouth: Mouth, now: float) -> list[bytes]:
    found = []
    while (message := mouth.next(now)) is not None:
        found.append(message)
    return found


def test_sixty_milliseconds_ahead_then_in_step() -> None:
    mouth = Mouth(PCM, 16_000, 5.0, 60)
    assert [len(message) for message in sent(mouth, 5.0)] == [640] * 3
    assert mouth.deadline == pytest.approx(5.02)
    assert sent(mouth, 5.01) == []
    assert len(sent(mouth, 5.105)) == 5


def test_a_buffer_is_filled_up_when_half_of_it_was_played() -> None:
    mouth = Mouth(PCM, 16_000, 5.0, 400)
    assert len(sent(mouth, 5.0)) == 20
    assert mouth.deadline == pytest.approx(5.2)
    assert len(sent(mouth, 5.201)) == 10


def test_a_large_buffer_is_filled_at_once() -> None:
    mouth = Mouth(PCM, 16_000, 5.0, 30_000)
    assert b"".join(sent(mouth, 5.0)) == PCM
    assert (mouth.deadline, mouth.sent_seconds) == (None, 1.0)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_nothing_is_lost_at_any_rate(rate: int) -> None:
    assert b"".join(sent(Mouth(PCM, rate, 0.0, 60), 100.0)) == PCM


def test_odd_audio_splits_samples_and_loses_none() -> None:
    messages = sent(Mouth(PCM, 16_000, 0.0, 60, odd=True), 100.0)
    assert len(messages[0]) == 641
    assert b"".join(messages) == PCM


@pytest.mark.parametrize("times", [(5.0, 5.1, 5.3, 9.0), (9.0,)])
def test_all_messages_that_there_is_room_for_can_be_had_in_one_piece(times: tuple[float, ...]) -> None:
    one, whole = Mouth(PCM, 16_000, 5.0, 60), Mouth(PCM, 16_000, 5.0, 60)
    for now in times:
        assert whole.all(now) == b"".join(sent(one, now))
        assert (whole.deadline, whole.sent_seconds) == (one.deadline, one.sent_seconds)
    assert whole.all(99.0) == b""


@given(
    st.sampled_from([8_000, 16_000, 22_050, 48_000]),
    st.integers(0, 400),
    st.lists(st.integers(0, 30), max_size=8),
    st.floats(0, 1000),
    st.booleans(),
)
def test_all_that_there_is_room_for_is_what_messages_one_by_one_would_be(
    rate: int, buffer_ms: int, steps: list[int], start: float, odd: bool
) -> None:
    one, other = (Mouth(PCM, rate, start, buffer_ms, odd=odd) for _ in range(2))
    now = start
    for step in steps:
        now += step / 100  # the very moments at which there is room, and those between them
        assert one.all(now) == b"".join(sent(other, now))
        assert (one.deadline, one.sent_seconds) == (other.deadline, other.sent_seconds)
