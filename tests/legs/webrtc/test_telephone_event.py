"""Keys by RFC 4733."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from voxrun.legs.webrtc.telephone_event import GAP_FRAMES, TONE_FRAMES, Receiver, Sender
from voxrun.media.dtmf import DIGITS


def payload(event: int, duration: int, end: bool = False) -> bytes:
    return struct.pack("!BBH", event, (0x80 if end else 0) | 10, duration)


def press(receiver: Receiver, event: int, timestamp: int) -> list[str | None]:
    """A key as Chromium sends it: every 20 ms, then three times with the end bit."""
    packets = [payload(event, 960 * n) for n in range(1, 5)] + [payload(event, 4800, True)] * 3
    return [receiver.receive(timestamp, packet) for packet in packets]


def test_a_key_is_told_once_with_its_first_packet() -> None:
    receiver = Receiver()
    assert press(receiver, 5, 1000) == ["5", None, None, None, None, None, None]


def test_the_same_key_again_is_a_second_key() -> None:
    receiver = Receiver()
    assert [d for t in (1000, 9000) for d in press(receiver, 11, t) if d] == ["#", "#"]


def test_a_key_whose_beginning_is_lost_is_still_told() -> None:
    assert Receiver().receive(7, payload(10, 4800, True)) == "*"


def test_packets_that_come_late_tell_nothing() -> None:
    receiver = Receiver()
    press(receiver, 1, 1000)
    press(receiver, 2, 9000)
    assert receiver.receive(1000, payload(1, 4800, True)) is None


def test_a_key_longer_than_a_segment_is_one_key() -> None:
    receiver = Receiver()
    told = [receiver.receive(0, payload(3, duration)) for duration in range(960, 0xFFFF, 960)]
    told.append(receiver.receive(0, payload(3, 0xFFFF)))
    told += [receiver.receive(0xFFFF, payload(3, duration)) for duration in range(960, 4800, 960)]
    assert [digit for digit in told if digit] == ["3"]


def test_timestamps_may_wrap() -> None:
    receiver = Receiver()
    assert press(receiver, 1, (1 << 32) - 100)[0] == "1"
    assert press(receiver, 2, 8000)[0] == "2"


def test_events_that_are_no_digits_and_short_payloads_are_ignored() -> None:
    receiver = Receiver()
    assert receiver.receive(1, payload(16, 960)) is None
    assert receiver.receive(2, b"\x01\x0a") is None


def test_new_units_tell_the_time_a_key_took_once() -> None:
    receiver = Receiver()
    units = 0
    for packet in [payload(5, 960 * n) for n in (1, 2, 4)] + [payload(5, 4800, True)] * 3:
        receiver.receive(50, packet)
        units += receiver.new_units
    assert units == 4800


def sent(digits: str, frames: int = 200) -> list[tuple[int, bytes, int, bool]]:
    sender = Sender(48000)
    sender.queue(digits)
    out = []
    for number in range(frames):
        packets = sender.frame()
        if packets is not None:
            out += [(number, packets.payload, packets.frames_back, packets.marker)] * packets.copies
    assert sender.idle
    return out


def test_a_key_is_sent_as_growing_packets_and_three_ends() -> None:
    packets = sent("7")
    assert [struct.unpack("!BBH", p[1])[2] for p in packets] == [960, 1920, 2880, 3840, 4800, 4800, 4800]
    assert [bool(p[1][1] & 0x80) for p in packets] == [False] * 4 + [True] * 3
    assert [p[3] for p in packets] == [True] + [False] * 6


def test_keys_are_apart_and_p_pauses() -> None:
    starts = [number for number, _, back, _ in sent("12p3") if back == 0]
    assert starts[1] - starts[0] == TONE_FRAMES + GAP_FRAMES
    assert starts[2] - starts[1] == TONE_FRAMES + GAP_FRAMES + 25


@given(st.text(alphabet=DIGITS + "abcdpP?", max_size=8))
def test_what_is_sent_is_received(digits: str) -> None:
    receiver = Receiver()
    told = [receiver.receive((number - back) * 960, data) for number, data, back, _ in sent(digits, 400)]
    assert "".join(d for d in told if d) == "".join(d for d in digits.upper() if d in DIGITS)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=6)), max_size=30))
def test_no_payload_breaks_the_receiver(packets: list[tuple[int, bytes]]) -> None:
    receiver = Receiver()
    for timestamp, data in packets:
        digit = receiver.receive(timestamp, data)
        assert digit is None or digit in DIGITS
