"""Packets to frames and frames to packets, with packets made by hand."""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from aiortc.rtp import RtpPacket

from voxrun.legs.webrtc import media
from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.media import Incoming, MediaPath, Outgoing
from voxrun.legs.webrtc.sdp import Codec, Offer
from voxrun.media.frames import FRAME_BYTES, SILENCE

OPUS = Codec("opus", 111, 48000)
LOUD = bytes((np.sin(np.arange(320) / 5) * 8000).astype("<i2").tobytes())


def offer(telephone_event: int | None = 110) -> Offer:
    return Offer("", OPUS, telephone_event, (), 0)


class Wire:
    """A port that keeps what is sent."""

    def __init__(self) -> None:
        self.ssrc = 0x11223344
        self.on_packet: Callable[[RtpPacket], None] | None = None
        self.sent: list[RtpPacket] = []

    def send(self, packet: bytes) -> bool:
        self.sent.append(RtpPacket.parse(packet))
        return True

    def close(self) -> None:
        self.on_packet = None


def packets(count: int, start: int = 0) -> list[RtpPacket]:
    coder = AudioCodec(OPUS)
    return [RtpPacket(111, 0, n, n * 960, 1, coder.encode(LOUD)) for n in range(start, start + count)]


class Heard:
    def __init__(self) -> None:
        self.incoming = Incoming(offer(), AudioCodec(OPUS))
        self.frames: list[bytes] = []
        self.digits: list[str] = []
        self.incoming.on_frame = self.frames.append
        self.incoming.on_digit = self.digits.append


def test_every_packet_gives_a_frame_at_once() -> None:
    heard = Heard()
    for number, packet in enumerate(packets(10), 1):
        heard.incoming.packet(packet)
        assert len(heard.frames) == number
    assert {len(frame) for frame in heard.frames} == {FRAME_BYTES}


def test_a_lost_packet_is_silence_and_delays_nothing_afterwards() -> None:
    heard = Heard()
    for packet in [p for p in packets(10) if p.sequence_number != 4]:
        heard.incoming.packet(packet)
    assert len(heard.frames) == 10
    assert heard.frames[4] is SILENCE


def test_keys_among_audio_become_digits_and_as_much_silence() -> None:
    heard = Heard()
    audio = packets(10)
    for n in range(3, 7):  # 100 ms of key "9" in place of four audio packets, then the repeated end
        audio[n].payload_type = 110
        end = n >= 5
        audio[n].timestamp = 3 * 960
        audio[n].payload = struct.pack("!BBH", 9, 0x8A if end else 0x0A, 960 * min(n - 2, 3))
    for packet in audio:
        heard.incoming.packet(packet)
    assert heard.digits == ["9"]
    assert heard.frames.count(SILENCE) == 3
    assert len(heard.frames) == 9


def test_packets_of_other_types_are_ignored() -> None:
    heard = Heard()
    heard.incoming.packet(RtpPacket(13, 0, 1, 0, 1, b"\x00"))
    assert heard.frames == []


class Sent:
    def __init__(self, telephone_event: int | None = 110) -> None:
        self.wire = Wire()
        self.frames: deque[bytes] = deque(maxlen=media.MAX_QUEUE)
        codec = AudioCodec(OPUS)
        self.outgoing = Outgoing(offer(telephone_event), codec, self.wire, self.frames)


def test_frames_leave_with_the_timestamps_of_their_codec() -> None:
    sent = Sent()
    for _ in range(4):
        sent.outgoing.frame()
    first = sent.wire.sent[0]
    assert [p.sequence_number - first.sequence_number for p in sent.wire.sent] == [0, 1, 2, 3]
    assert [p.timestamp - first.timestamp for p in sent.wire.sent] == [0, 960, 1920, 2880]
    assert [p.marker for p in sent.wire.sent] == [1, 0, 0, 0]


def test_a_key_takes_the_place_of_audio_and_keeps_one_timestamp() -> None:
    sent = Sent()
    sent.outgoing.frame()
    sent.outgoing.keys.queue("8")
    for _ in range(6):
        sent.outgoing.frame()
    types = [p.payload_type for p in sent.wire.sent]
    assert types == [111] + [110] * 7 + [111]
    assert len({p.timestamp for p in sent.wire.sent[1:8]}) == 1
    assert sent.wire.sent[8].timestamp - sent.wire.sent[0].timestamp == 6 * 960


def test_a_backlog_melts_away_in_pauses_and_the_oldest_goes_first() -> None:
    sent = Sent()
    sent.frames.extend([LOUD, LOUD] + [SILENCE] * 10 + [LOUD] * 2)
    for _ in range(4):
        sent.outgoing.frame()
    assert len(sent.frames) == 0  # two loud ones, the pause skipped, two loud ones
    sent.frames.extend([LOUD] * 100)
    assert len(sent.frames) == media.MAX_QUEUE


def test_skipping_lets_time_pass() -> None:
    sent = Sent()
    sent.outgoing.frame()
    sent.outgoing.skip(1)
    sent.outgoing.frame()
    assert [p.timestamp - sent.wire.sent[0].timestamp for p in sent.wire.sent] == [0, 1920]


@pytest.mark.live
def test_a_stall_of_the_loop_neither_cuts_audio_nor_leaves_the_call_late() -> None:
    async def story() -> None:
        wire, frames = Wire(), deque[bytes](maxlen=media.MAX_QUEUE)
        path = MediaPath(offer(), wire, frames)
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range(40):
            if number == 20:
                time.sleep(0.15)  # noqa: ASYNC251  (the stall)
            await asyncio.sleep(max(0.0, start + number * 0.02 - loop.time()))
            frames.append(LOUD)
        await asyncio.sleep(0.05)
        path.close()
        assert len(frames) == 0
        steps = {b.timestamp - a.timestamp for a, b in pairwise(wire.sent)}
        assert steps == {960}

    asyncio.run(story())


@pytest.mark.live
def test_the_pacer_sends_a_packet_every_20_ms_and_a_fault_does_not_stop_it() -> None:
    async def story() -> None:
        wire = Wire()
        path = MediaPath(offer(), wire, deque())
        faults: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, what: faults.append(what["message"]))

        def broken(frame: bytes) -> None:
            raise ValueError("a unit behind the leg failed")

        path.incoming.on_frame = broken
        assert wire.on_packet is not None
        wire.on_packet(packets(1)[0])
        start = asyncio.get_running_loop().time()
        await asyncio.sleep(0.5)
        path.close()
        count = len(wire.sent)
        assert count == pytest.approx((asyncio.get_running_loop().time() - start) / 0.02, abs=3)
        await asyncio.sleep(0.05)
        assert len(wire.sent) == count
        assert faults == ["webrtc: a packet of the far end was not digested"]

    asyncio.run(story())
