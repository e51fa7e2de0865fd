"""What waits to be sent."""

from __future__ import annotations

from voxrun.emulators.ultravox.outbox import MAX_BYTES, Close, Outbox


def test_an_interruption_drops_audio_and_keeps_messages_in_order() -> None:
    outbox = Outbox()
    for item in (b"1", "a", b"2", "b", Close(1000, "")):
        assert outbox.put(item)
    outbox.drop_audio()
    assert [outbox.take() for _ in range(4)] == ["a", "b", Close(1000, ""), None]


def test_a_client_that_does_not_read_cannot_fill_the_memory() -> None:
    outbox = Outbox()
    assert outbox.put(bytes(MAX_BYTES))
    assert not outbox.put("more")
    outbox.take()
    assert outbox.put("more")
