"""The pipe protocol: whole messages or a clear refusal."""

from __future__ import annotations

import io

import pytest

from voxrun.speech import wire


def test_a_message_arrives_as_it_was_sent() -> None:
    stream = io.BytesIO()
    wire.send(stream, {"op": "render", "text": "Grüße \ud83d"}, b"\x01\x02\x03")
    wire.send(stream, {"ok": True})
    stream.seek(0)
    assert wire.receive(stream) == ({"op": "render", "text": "Grüße \ud83d", "bytes": 3}, b"\x01\x02\x03")
    assert wire.receive(stream) == ({"ok": True, "bytes": 0}, b"")
    assert wire.receive(stream) is None


@pytest.mark.parametrize("cut", [1, 3, 4, 9, -1])
def test_a_stream_that_ends_in_a_message_is_an_error(cut: int) -> None:
    data = wire.pack({"ok": True}, b"abcd")
    with pytest.raises(wire.WireError):
        wire.receive(io.BytesIO(data[:cut]))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xff\xff\xff{}",
        b"\x02\x00\x00\x00[]",
        b"\x02\x00\x00\x00{]",
        b'\x0c\x00\x00\x00{"bytes":-1}',
        b'\x0d\x00\x00\x00{"bytes":"1"}',
        b"\x02\x00\x00\x00\xff\xfe",
    ],
)
def test_bytes_that_are_no_message_are_an_error(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.receive(io.BytesIO(data))
