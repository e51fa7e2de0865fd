"""A connected call between its port and its frames, in virtual time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from voxrun.legs.webrtc import media, rtp
from voxrun.legs.webrtc.codec import AudioCodec
from voxrun.legs.webrtc.media import MediaPath
from voxrun.legs.webrtc.pacer import pacer
from voxrun.legs.webrtc.rtp import Packet, ReportBlock
from voxrun.legs.webrtc.sdp import Codec, Offer
from voxrun.media.backlog import WINDOW
from voxrun.media.frames import SILENCE
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import VirtualLoop, run_virtual

OPUS = Codec("opus", 111, 48000)
LOUD = bytes((np.sin(np.arange(320) / 5) * 8000).astype("<i2").tobytes())


class Wire:
    """A port that keeps what is sent, with the moment of it."""

    def __init__(self) -> None:
        self.ssrc = 0x11223344
        self.cname = "us"
        self.on_rtp: Callable[[bytes], None] | None = None
        self.on_rtcp: Callable[[bytes], None] | None = None
        self.sent: list[tuple[float, Packet]] = []
        self.reports: list[bytes] = []

    def send(self, packet: bytes) -> bool:
        parsed = rtp.parse(packet)
        assert parsed is not None
        self.sent.append((asyncio.get_running_loop().time(), parsed))
        return True

    def send_rtcp(self, packet: bytes) -> bool:
        self.reports.append(packet)
        return True

    def close(self) -> None:
        self.on_rtp = self.on_rtcp = None


class Letters(AudioCodec):
    """A codec whose payloads say what they are."""

    def decode(self, payload: bytes) -> bytes:
        return {b"loud": LOUD, b"quiet": SILENCE}.get(payload, b"")

    def conceal(self, samples: int) -> bytes:
        return SILENCE

    def encode(self, frame: bytes) -> bytes:
        return b"loud" if frame is LOUD else b"quiet"


class Call:
    def __init__(self) -> None:
        self.wire = Wire()
        self.frames: deque[bytes] = deque(maxlen=media.MAX_QUEUE)
        offer = Offer("", OPUS, 110, (), 0)
        self.path = MediaPath(offer, Letters(OPUS), self.wire, self.frames)
        self.loop = asyncio.get_running_loop()

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)
        self.path.written()

    async def speak(self, frames: int, period: float = 0.02) -> None:
        start = self.loop.time()
        for n in range(frames):
            await asyncio.sleep(max(0.0, start + n * period - self.loop.time()))
            self.write(LOUD)

    @property
    def loud(self) -> list[tuple[float, Packet]]:
        return [(at, p) for at, p in self.wire.sent if p.payload == b"loud"]


def play(story: Callable[[Call], Awaitable[None]]) -> Call:
    async def main(clock: LoopClock) -> Call:
        call = Call()
        await story(call)
        call.path.close()
        return call

    return run_virtual(main)


def steps(packets: list[tuple[float, Packet]]) -> set[int]:
    return {b.timestamp - a.timestamp for (_, a), (_, b) in pairwise(packets)}


def test_without_a_source_silence_goes_out_50_times_a_second() -> None:
    call = play(lambda call: asyncio.sleep(1))
    assert len(call.wire.sent) == pytest.approx(50, abs=1)
    assert steps(call.wire.sent) == {960}


@pytest.mark.parametrize("phase", [0.0, 0.003, 0.007, 0.013, 0.019])
def test_what_a_source_gives_every_20_ms_leaves_without_delay(phase: float) -> None:
    given: list[float] = []

    async def story(call: Call) -> None:
        await asyncio.sleep(0.5 + phase)
        for _ in range(50):
            given.append(call.loop.time())
            call.write(LOUD)
            await asyncio.sleep(0.02)

    call = play(story)
    assert len(call.loud) == 50
    assert steps(call.loud) == {960}
    assert max(at - when for (at, _), when in zip(call.loud, given, strict=True)) < 0.003


def test_a_burst_leaves_in_its_own_time() -> None:
    async def story(call: Call) -> None:
        await asyncio.sleep(0.1)
        for _ in range(20):
            call.write(LOUD)
        await asyncio.sleep(0.5)

    call = play(story)
    assert len(call.loud) == 20
    assert call.loud[-1][0] - call.loud[0][0] == pytest.approx(0.38, abs=0.03)


@pytest.mark.parametrize("ppm", [100, -100])
def test_a_clock_100_ppm_off_for_an_hour_makes_no_gap_and_no_delay(ppm: int) -> None:
    frames = 3600 * 50
    late: list[int] = []

    async def story(call: Call) -> None:
        pacer().remove(call.path)  # its ticks are made here: an hour of a loop's timers takes its time
        call.wire.send = lambda packet: True  # type: ignore[method-assign]
        period, tick = 0.02 * (1 - ppm / 1_000_000), 0.005
        for n in range(frames):
            given = n * period
            while tick < given:
                call.loop._virtual_now = tick  # type: ignore[attr-defined]
                call.path.tick(tick)
                tick += 0.02
            call.loop._virtual_now = given  # type: ignore[attr-defined]
            call.write(LOUD)
            late.append(len(call.frames))
        assert call.path.sender.packets == frames - len(call.frames)  # no silence in between

    play(story)
    assert max(late) <= 1
    assert sum(late) < 100


def test_a_backlog_melts_away_in_pauses_and_the_oldest_goes_first() -> None:
    async def story(call: Call) -> None:
        await asyncio.sleep(0.1)
        for frame in [LOUD, LOUD] + [SILENCE] * 10 + [LOUD] * 2:
            call.write(frame)
        await asyncio.sleep(0.11)
        assert len(call.frames) == 0
        call.frames.extend([LOUD] * 100)
        assert len(call.frames) == media.MAX_QUEUE

    call = play(story)
    assert len(call.loud) == 4
    assert call.loud[-1][0] - call.loud[0][0] < 0.1


def test_a_backlog_of_a_source_that_never_pauses_goes_frame_by_frame() -> None:
    async def story(call: Call) -> None:
        await asyncio.sleep(0.1)
        for _ in range(3):
            call.write(LOUD)
        await call.speak(6 * WINDOW)
        assert len(call.frames) == 0

    call = play(story)
    assert 6 * WINDOW <= len(call.loud) < 6 * WINDOW + 3
    assert steps(call.loud) == {960}


def test_a_stall_of_the_loop_neither_cuts_audio_nor_leaves_the_call_late() -> None:
    async def story(call: Call) -> None:
        await call.speak(20)
        call.loop._virtual_now += 0.15  # type: ignore[attr-defined]  # the loop stands still
        for _ in range(8):  # what the source owes comes at once
            call.write(LOUD)
        await call.speak(20)
        await asyncio.sleep(0.1)
        assert len(call.frames) == 0

    call = play(story)
    assert len(call.loud) == 48
    assert steps(call.loud) == {960}


@pytest.mark.parametrize("since", [0.0005, 0.004, 0.009, 0.014, 0.0195])
def test_what_is_cut_off_ends_with_a_frame_of_silence_at_once_and_with_one_only(since: float) -> None:
    cut_at: list[float] = []

    async def story(call: Call) -> None:
        await asyncio.sleep(0.5)
        await call.speak(25)
        await asyncio.sleep(since)
        cut_at.append(call.loop.time())
        for _ in range(5):
            call.frames.clear()
            call.path.cut()
        await asyncio.sleep(0.5)
        await call.speak(25)

    call = play(story)
    after = [(at, packet.payload) for at, packet in call.wire.sent if at >= cut_at[0] - 1e-9]
    assert after[0] == (pytest.approx(cut_at[0], abs=1e-6), b"quiet")
    assert after[1][0] - after[0][0] > 0.01
    assert len(call.loud) == 50
    assert steps(call.wire.sent) == {960}


def test_a_cut_in_silence_sends_nothing() -> None:
    async def story(call: Call) -> None:
        await asyncio.sleep(0.503)
        for _ in range(100):
            call.path.cut()
        await asyncio.sleep(0.5)

    assert len(play(story).wire.sent) == pytest.approx(50, abs=1)


@pytest.mark.parametrize("speaks", [False, True])
@pytest.mark.parametrize("owes", [False, True])
@pytest.mark.parametrize("stall", [0.035, 0.1, 0.19, 0.3, 1.0, 3.0])
def test_after_a_stall_of_any_length_packets_have_the_time_at_which_they_are_sent(
    stall: float, owes: bool, speaks: bool
) -> None:
    """Else the far end plays all that follows late by what the clock of the stream lost."""

    async def story(call: Call) -> None:
        await asyncio.sleep(0.5)
        await (call.speak(50) if speaks else asyncio.sleep(1))
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.advance(loop.time() + stall)
        if owes:
            await asyncio.sleep(0.002)
            for _ in range(min(10, int(stall / 0.02))):
                call.write(LOUD)
        await (call.speak(150) if speaks else asyncio.sleep(3))

    sent = play(story).wire.sent
    offsets = [1e3 * (at - packet.timestamp / 48_000) for at, packet in sent]
    before, after = offsets[20:70], offsets[-50:]
    assert -42 < min(after) - min(before) < 21
    assert max(after) - max(before) < 21


def test_words_at_any_moment_leave_the_clock_of_the_stream_where_it_was() -> None:
    async def story(call: Call) -> None:
        await asyncio.sleep(0.5)
        for word in range(60):
            await call.speak(3)
            await asyncio.sleep(0.4 + 0.0037 * word)

    sent = play(story).wire.sent
    offsets = [1e3 * (at - packet.timestamp / 48_000) for at, packet in sent]
    assert max(offsets) - min(offsets[10:]) < 45


def test_tones_take_the_place_of_audio() -> None:
    async def story(call: Call) -> None:
        call.path.tones.extend([LOUD] * 3)
        await asyncio.sleep(0.2)

    assert len(play(story).loud) == 3


def test_a_unit_that_fails_behind_the_call_is_told_and_stops_nothing() -> None:
    told: list[str] = []

    async def story(call: Call) -> None:
        call.loop.set_exception_handler(lambda loop, what: told.append(what["message"]))

        def broken(frame: bytes) -> None:
            raise ValueError("a unit behind the leg failed")

        call.path.on_frame = broken
        for packet in packets(2):
            assert call.wire.on_rtp is not None
            call.wire.on_rtp(packet)
        await asyncio.sleep(0.2)

    call = play(story)
    assert told == ["webrtc: a packet of the far end was not digested"] * 2
    assert len(call.wire.sent) >= 9


def packets(count: int) -> Iterator[bytes]:
    for n in range(count):
        yield rtp.build(111, False, n, n * 960, 1, b"loud")


def test_packets_become_frames_and_it_is_told_when_they_flow_and_when_they_stop() -> None:
    told: list[tuple[bool, bool]] = []
    frames: list[bytes] = []

    async def story(call: Call) -> None:
        call.path.on_rtp = lambda flowing, first: told.append((flowing, first))
        call.path.receiver.on_frame = frames.append
        take = call.wire.on_rtp
        assert take is not None
        for packet in packets(10):
            take(packet)
            take(b"no packet")
            await asyncio.sleep(0.02)
        await asyncio.sleep(10)
        take(rtp.build(111, False, 500, 0, 1, b"no audio"))

    play(story)
    assert len(frames) == 10
    assert told == [(True, True), (False, False), (True, False)]


def test_once_a_second_a_report_goes_out_and_the_last_one_says_goodbye() -> None:
    async def story(call: Call) -> None:
        assert call.wire.on_rtp is not None
        for packet in packets(3):
            call.wire.on_rtp(packet)
        await asyncio.sleep(3.5)

    call = play(story)
    *reports, last = [rtp.parse_reports(data)[0] for data in call.wire.reports]
    assert len(reports) == 3
    assert [block.ssrc for block in reports[0].blocks] == [1]
    assert reports[1].ntp - reports[0].ntp == pytest.approx(1 << 32, rel=0.01)
    assert last.goodbye


def test_what_the_far_end_reports_is_kept() -> None:
    async def story(call: Call) -> None:
        await asyncio.sleep(1.2)
        (report,) = rtp.parse_reports(call.wire.reports[0])
        block = ReportBlock(call.wire.ssrc, 26, 5, 50, 0, rtp.middle(report.ntp), 0)
        assert call.wire.on_rtcp is not None
        call.wire.on_rtcp(rtp.sender_report(1, 5 << 32, 0, 1, 1, (block,), "far"))
        quality = call.path.quality
        assert quality.far_lost == 5
        assert quality.round_trip_ms is not None
        assert 0 < quality.round_trip_ms < 250
        assert quality.sent == call.path.sender.packets
        assert call.path.receiver.statistics.block(call.loop.time()) == ()

    play(story)


@pytest.mark.parametrize("phase", [0.0003, 0.0053, 0.0063, 0.0103, 0.0183])
def test_what_a_gap_of_the_source_has_moved_is_made_up_for(phase: float) -> None:
    """Packets come as late against their timestamps as before it, though their source owes some."""

    async def story(call: Call) -> None:
        await asyncio.sleep(phase)
        await call.speak(100)
        for _ in range(4):
            await asyncio.sleep(0.11)
            for _ in range(5):
                call.write(LOUD)
            await call.speak(100)

    call = play(story)
    offsets = [at - packet.timestamp / 48000 for at, packet in call.wire.sent]
    assert max(offsets[-60:-10]) - min(offsets[40:90]) < 0.005
