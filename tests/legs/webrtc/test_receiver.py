"""Packets to frames, with packets made by hand."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from voxrun.legs.webrtc.codec import make_codec
from voxrun.legs.webrtc.receiver import MOST_CONCEALED, Receiver
from voxrun.legs.webrtc.rtp import Packet
from voxrun.legs.webrtc.sdp import Codec
from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.levels import rms_dbfs

OPUS = Codec("opus", 111, 48000)
LOUD = bytes((np.sin(np.arange(320) / 5) * 8000).astype("<i2").tobytes())


def packets(count: int, codec: Codec = OPUS) -> list[Packet]:
    coder = make_codec(codec)
    units = coder.frame_units
    return [Packet(codec.payload_type, 0, n, n * units, 1, coder.encode(LOUD)) for n in range(count)]


class Heard:
    def __init__(self, codec: Codec = OPUS) -> None:
        self.receiver = Receiver(make_codec(codec), 110)
        self.frames: list[bytes] = []
        self.digits: list[str] = []
        self.receiver.on_frame = self.frames.append
        self.receiver.on_digit = self.digits.append
        self.now = 1.0

    def take(self, *some: Packet) -> Heard:
        for packet in some:
            self.receiver.packet(packet, self.now)
            self.now += 0.02
        return self


def test_every_packet_gives_a_frame_at_once() -> None:
    heard = Heard()
    for number, packet in enumerate(packets(10), 1):
        heard.take(packet)
        assert len(heard.frames) == number
    assert {len(frame) for frame in heard.frames} == {FRAME_BYTES}


@pytest.mark.parametrize(
    "codec", [OPUS, Codec("PCMU", 0, 8000), Codec("G722", 9, 8000)], ids=lambda c: c.name
)
def test_a_lost_packet_is_bridged_and_delays_nothing_afterwards(codec: Codec) -> None:
    heard = Heard(codec).take(*[p for p in packets(10, codec) if p.sequence_number != 4])
    assert len(heard.frames) == 10
    assert rms_dbfs(heard.frames[4]) > -25
    assert heard.receiver.concealed == 1
    assert heard.receiver.statistics.lost == 1


def test_a_long_hole_is_left_to_those_who_listen_by_the_clock() -> None:
    lost = range(4, 4 + MOST_CONCEALED + 1)
    heard = Heard().take(*[p for p in packets(20) if p.sequence_number not in lost])
    assert len(heard.frames) == 20 - len(lost)
    assert heard.receiver.concealed == 0


def test_a_swapped_pair_is_put_right_without_a_loss() -> None:
    some = packets(6)
    some[2], some[3] = some[3], some[2]
    heard = Heard().take(*some)
    assert len(heard.frames) == 6
    assert heard.receiver.concealed == 0


def test_behind_a_hole_a_packet_waits_60_ms_when_no_more_come() -> None:
    heard = Heard()
    some = packets(4)
    heard.take(some[0], some[1], some[3])
    assert len(heard.frames) == 2
    heard.receiver.expire(heard.now + 0.03)
    assert len(heard.frames) == 2
    heard.receiver.expire(heard.now + 0.05)
    assert len(heard.frames) == 4


def test_packets_of_60_ms_are_three_frames() -> None:
    coder = make_codec(Codec("PCMU", 0, 8000))
    payload = b"".join(coder.encode(LOUD) for _ in range(3))
    heard = Heard(Codec("PCMU", 0, 8000)).take(Packet(0, 0, 1, 0, 1, payload))
    assert [len(frame) for frame in heard.frames] == [FRAME_BYTES] * 3


def test_keys_among_audio_become_digits_and_as_much_silence() -> None:
    audio = packets(10)
    for n in range(3, 7):  # 60 ms of key "9" in place of audio packets, then the repeated end
        audio[n].payload_type = 110
        end = n >= 5
        audio[n].timestamp = 3 * 960
        audio[n].payload = struct.pack("!BBH", 9, 0x8A if end else 0x0A, 960 * min(n - 2, 3))
    heard = Heard().take(*audio)
    assert heard.digits == ["9"]
    assert heard.frames.count(SILENCE) == 3
    assert len(heard.frames) == 9


def test_a_key_packet_that_is_lost_is_not_made_up_as_sound() -> None:
    audio = packets(10)
    for n in range(3, 8):
        audio[n].payload_type = 110
        audio[n].timestamp = 3 * 960
        audio[n].payload = struct.pack("!BBH", 9, 0x0A, 960 * (n - 2))
    heard = Heard().take(*[p for p in audio if p.sequence_number != 5])
    assert heard.digits == ["9"]
    assert heard.receiver.concealed == 0
    assert len(heard.frames) == 10


def test_packets_of_other_types_are_ignored() -> None:
    heard = Heard().take(Packet(13, 0, 1, 0, 1, b"\x00"))
    assert heard.frames == []
    assert heard.receiver.statistics.received == 0
