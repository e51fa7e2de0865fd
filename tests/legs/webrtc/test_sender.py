"""Frames to packets."""

from __future__ import annotations

import numpy as np

from voxrun.legs.webrtc import rtp
from voxrun.legs.webrtc.codec import make_codec
from voxrun.legs.webrtc.rtp import Packet
from voxrun.legs.webrtc.sdp import Codec
from voxrun.legs.webrtc.sender import SETTLED, Sender
from voxrun.legs.webrtc.statistics import ReceiverStatistics
from voxrun.media.frames import SILENCE

LOUD = bytes((np.sin(np.arange(320) / 5) * 8000).astype("<i2").tobytes())


class Sent:
    def __init__(self, telephone_event: int | None = 110) -> None:
        self.packets: list[Packet] = []
        self.sender = Sender(make_codec(Codec("opus", 111, 48000)), telephone_event, 0x11223344, self._take)

    def _take(self, data: bytes) -> None:
        packet = rtp.parse(data)
        assert packet is not None
        self.packets.append(packet)

    def send(self, *frames: bytes) -> list[Packet]:
        for frame in frames:
            self.sender.frame(frame)
        return self.packets


def test_frames_leave_with_the_timestamps_of_their_codec() -> None:
    first, *rest = Sent().send(*[LOUD] * 4)
    assert [p.sequence_number - first.sequence_number for p in rest] == [1, 2, 3]
    assert [p.timestamp - first.timestamp for p in rest] == [960, 1920, 2880]
    assert [p.marker for p in (first, *rest)] == [1, 0, 0, 0]
    assert {p.ssrc for p in rest} == {0x11223344}


def test_a_key_takes_the_place_of_audio_and_keeps_one_timestamp() -> None:
    sent = Sent()
    sent.send(LOUD)
    sent.sender.keys.queue("8")
    sent.send(*[LOUD] * 6)
    assert [p.payload_type for p in sent.packets] == [111] + [110] * 7 + [111]
    assert len({p.timestamp for p in sent.packets[1:8]}) == 1
    assert sent.packets[8].timestamp - sent.packets[0].timestamp == 6 * 960


def test_a_stall_in_the_middle_of_a_key_does_not_make_it_two() -> None:
    sent = Sent()
    sent.send(LOUD)
    sent.sender.keys.queue("8")
    sent.send(LOUD, LOUD)
    sent.sender.skip(7)
    sent.send(*[LOUD] * 4)
    assert len({p.timestamp for p in sent.packets if p.payload_type == 110}) == 1


def test_keys_last_as_long_in_the_units_that_were_agreed_on() -> None:
    sent = Sent()
    sent.sender = Sender(make_codec(Codec("opus", 111, 48000)), 110, 0x11223344, sent._take, event_rate=8000)
    sent.sender.keys.queue("8")
    sent.send(*[LOUD] * 5)
    durations = [int.from_bytes(p.payload[2:], "big") for p in sent.packets]
    assert durations == [160, 320, 480, 640, 800, 800, 800]


def test_skipping_lets_time_pass() -> None:
    sent = Sent()
    sent.send(LOUD)
    sent.sender.skip(1)
    sent.send(LOUD)
    assert [p.timestamp - sent.packets[0].timestamp for p in sent.packets] == [0, 1920]


def test_silence_is_encoded_until_it_has_settled_and_speech_is_never_left_out() -> None:
    sent = Sent()
    sent.send(LOUD, *[SILENCE] * (SETTLED + 20), LOUD)
    settled = [p.payload for p in sent.packets[SETTLED : SETTLED + 20]]
    assert len(set(settled)) == 1
    assert len(sent.packets[-1].payload) > len(settled[0])
    decoder = make_codec(Codec("opus", 111, 48000))
    heard = [decoder.decode(p.payload) for p in sent.packets]
    assert max(np.abs(np.frombuffer(heard[SETTLED + 10], "<i2"))) < 50
    assert max(np.abs(np.frombuffer(heard[-1], "<i2"))) > 4000


def test_reports_tell_what_was_sent_and_what_arrives() -> None:
    sent, statistics = Sent(), ReceiverStatistics(48000)
    statistics.add(Packet(111, 0, 5, 0, 77, b"abc"), 1.0)
    (nothing_sent,) = rtp.parse_reports(sent.sender.report(statistics, 1.5, "cname"))
    assert nothing_sent.ntp == 0
    assert [block.ssrc for block in nothing_sent.blocks] == [77]
    sent.send(LOUD, LOUD)
    (report,) = rtp.parse_reports(sent.sender.report(statistics, 2.5, "cname"))
    assert report.ntp == int(2.5 * (1 << 32))
    assert report.ssrc == 0x11223344
    assert sent.sender.packets == 2
    assert sent.sender.octets == sum(len(p.payload) for p in sent.packets)
    (last,) = rtp.parse_reports(sent.sender.goodbye(statistics, 3.0, "cname"))
    assert last.goodbye
