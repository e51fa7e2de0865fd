"""The audio of a provider is paced towards the units."""

from __future__ import annotations

import asyncio

import pytest
from tests.connectors.provider import LOUD, Ear, leap, ms, virtual

from voxrun.connectors.downlink import Downlink, SampleJoiner
from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.graph import Sink, Source
from voxrun.media.levels import samples
from voxrun.media.runs import Run
from voxrun.services.ticker import LoopTicker
from voxrun.session.virtual import VirtualLoop


class Played:
    """A downlink with an ear, and what it reported."""

    def __init__(self) -> None:
        self.source = Source()
        self.ear = Ear()
        self.source.connect(self.ear)
        self.reports: list[str | float] = []
        self.downlink = Downlink(
            self.source, LoopTicker(), lambda: self.reports.append("started"), self.reports.append
        )


@virtual
async def test_a_burst_of_30_seconds_is_played_in_30_seconds_whole() -> None:
    played = Played()
    burst = b"".join(number.to_bytes(2, "little") * 320 for number in range(1, 1501))
    played.downlink.receive(burst)
    await asyncio.sleep(15)
    assert 748 <= len(played.ear.frames) <= 751
    await asyncio.sleep(16)
    assert played.ear.pcm == burst


@virtual
async def test_what_exceeds_30_seconds_is_dropped_and_counted() -> None:
    played = Played()
    for _ in range(40):
        played.downlink.receive(ms(1000))
    assert played.downlink.queue.ms == 30_000
    assert played.downlink.queue.dropped_ms == 10_000


@virtual
async def test_clear_is_heard_within_one_tick() -> None:
    played = Played()
    played.downlink.receive(ms(10_000))
    await asyncio.sleep(1.013)
    played.downlink.clear()
    count = len(played.ear.frames)
    await asyncio.sleep(2)
    assert len(played.ear.frames) == count


def timed() -> tuple[Downlink, list[float]]:
    """A downlink, and when it played each of its frames."""
    loop = asyncio.get_running_loop()
    played: list[float] = []

    class Clock(Sink):
        def write(self, frame: bytes, source: Source) -> None:
            played.append(loop.time())

    source = Source()
    source.connect(Clock())
    return Downlink(source, LoopTicker(), lambda: None, lambda seconds: None), played


@virtual
async def test_audio_that_a_stall_of_the_loop_held_up_is_caught_up_with_and_stays_in_time() -> None:
    """Else each stall would leave a stream that comes in real time later by its length, for good."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    downlink, played = timed()
    await asyncio.sleep(0.007)  # frames come between ticks
    for _ in range(3):
        for _ in range(25):
            downlink.receive(LOUD)
            await asyncio.sleep(0.02)
        loop.advance(loop.time() + 0.095)  # the ticker comes first after it, and finds nothing
        await asyncio.sleep(0.005)
        for _ in range(5):
            downlink.receive(LOUD)
    await asyncio.sleep(0.2)
    assert len(played) == 90
    waits = [at - n * 0.02 for n, at in enumerate(played)]
    assert max(waits[60:85]) - min(waits[:25]) < 0.025


@virtual
async def test_audio_that_a_stall_of_the_provider_held_up_is_caught_up_with() -> None:
    downlink, played = timed()
    await asyncio.sleep(0.007)
    for _ in range(3):
        for _ in range(25):
            downlink.receive(LOUD)
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.08)  # nothing comes
        for _ in range(4):
            downlink.receive(LOUD)
    await asyncio.sleep(0.2)
    assert len(played) == 87
    waits = [at - n * 0.02 for n, at in enumerate(played)]
    assert max(waits[58:83]) - min(waits[:25]) < 0.025


@virtual
async def test_new_speech_after_a_clear_is_played() -> None:
    played = Played()
    played.downlink.receive(ms(10_000) + b"\x01")
    await asyncio.sleep(0.1)
    played.downlink.clear()
    played.ear.frames.clear()
    played.downlink.receive(ms(200, b"\x05\x06" * 320))
    await asyncio.sleep(1)
    assert played.ear.pcm == ms(200, b"\x05\x06" * 320)


@virtual
async def test_messages_of_any_length_make_whole_frames_and_the_rest_is_filled_with_silence() -> None:
    played = Played()
    pcm = bytes(range(1, 251)) * 11  # 2750 bytes: 4 frames and 190 bytes
    for start in range(0, len(pcm), 50):
        played.downlink.receive(pcm[start : start + 50])
    await asyncio.sleep(1)
    assert played.ear.pcm == pcm + bytes(5 * FRAME_BYTES - len(pcm))


@virtual
async def test_a_phrase_that_goes_on_in_the_next_message_has_no_gap() -> None:
    played = Played()
    chunk = b"\x11\x22" * 480  # 30 ms, every 30 ms
    for _ in range(20):
        played.downlink.receive(chunk)
        await asyncio.sleep(0.03)
    await asyncio.sleep(0.1)
    sound = played.ear.pcm.rstrip(b"\0")
    assert sound.count(0) == 0
    assert len(sound) == 20 * len(chunk)


@virtual
async def test_media_started_at_the_first_sound_and_ended_a_second_after_the_last() -> None:
    played = Played()
    played.downlink.receive(bytes(FRAME_BYTES * 10))
    await asyncio.sleep(2)
    assert played.reports == []  # zeros are no sound
    played.downlink.receive(ms(6000))
    await asyncio.sleep(0.1)
    assert played.reports == ["started"]
    await asyncio.sleep(6.8)
    assert played.reports == ["started"]
    await asyncio.sleep(0.2)
    assert [played.reports[0], round(float(played.reports[1]), 3)] == ["started", 6.0]


@virtual
async def test_a_pause_shorter_than_a_second_does_not_end_the_media() -> None:
    played = Played()
    for _ in range(5):
        played.downlink.receive(ms(200))
        await asyncio.sleep(0.9)
    assert played.reports == ["started"]
    await asyncio.sleep(1)
    assert len(played.reports) == 2


@virtual
async def test_the_end_reports_media_that_was_playing() -> None:
    played = Played()
    played.downlink.receive(ms(5000))
    await asyncio.sleep(2.011)
    played.downlink.finish()
    assert [played.reports[0], round(float(played.reports[1]), 1)] == ["started", 2.0]
    await asyncio.sleep(5)
    assert len(played.reports) == 2


@virtual
async def test_drained_waits_until_the_last_word_was_played() -> None:
    played = Played()
    played.downlink.receive(ms(700))
    loop = asyncio.get_running_loop()
    before = loop.time()
    await played.downlink.drained()
    assert 0.68 <= loop.time() - before <= 0.76
    assert played.ear.pcm == ms(700)


@virtual
async def test_another_rate_of_the_provider_is_converted_at_the_port() -> None:
    played = Played()
    played.downlink.use_rate(48_000)
    played.downlink.receive(b"\x10\x27" * 48_000)
    await asyncio.sleep(2)
    assert 0.99 * 32_000 <= len(played.ear.pcm) <= 32_000 + FRAME_BYTES
    assert set(samples(played.ear.frames[20]).tolist()) == {10_000}


def test_a_sample_cut_in_two_is_joined() -> None:
    joiner = SampleJoiner()
    assert joiner.join(b"\x01\x02\x03") + joiner.join(b"\x04\x05\x06") == b"\x01\x02\x03\x04\x05\x06"


def test_a_single_odd_message_does_not_shift_the_speech_after_it() -> None:
    joiner = SampleJoiner()
    assert joiner.join(b"\x01\x02\x03") == b"\x01\x02"
    assert joiner.join(b"\x04\x05") == b"\x04\x05"
    assert joiner.join(b"") == b""
    assert joiner.join(b"\x06\x07") == b"\x06\x07"


class RunEar(Ear):
    """Takes runs too."""

    def room(self, run: Run, source: Source) -> int:
        return run.count

    def write_run(self, run: Run, source: Source) -> None:
        self.frames += run.frames()


@virtual
async def test_a_provider_s_audio_is_played_in_one_piece_up_to_its_first_sound_and_its_end() -> None:
    source, ear, told = Source(), RunEar(), list[float | str]()
    source.connect(ear)
    downlink = Downlink(source, LoopTicker(), lambda: told.append("started"), told.append)
    downlink.receive(bytes(640 * 2) + LOUD * 5 + bytes(640) + LOUD[:300])
    assert leap(downlink, first=1, count=50) == 3
    assert told == ["started"]
    assert leap(downlink, first=4, count=50) == 5
    assert leap(downlink, first=9, count=50) == 0  # half a frame: the ticks have to decide
    assert ear.frames == [SILENCE] * 2 + [LOUD] * 5 + [SILENCE]
    assert downlink.tick()
    downlink.finish()
    assert told[1:] == [pytest.approx(0.1)]  # from the first sound to the last


@pytest.mark.parametrize("leaps", [False, True])
def test_ticks_without_audio_are_the_same_in_one_leap_as_one_by_one(leaps: bool) -> None:
    virtual(lambda: _stops_and_goes_on(leaps))()


async def _stops_and_goes_on(leaps: bool) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    played = Played()
    downlink = played.downlink

    def ticks(first: int, count: int) -> list[bool]:
        done = []
        for number in range(first, first + count):
            loop.advance(number * 0.02)
            done.append(downlink.tick())
        return done

    downlink.receive(LOUD * 2)
    assert ticks(1, 2) == [True, True]
    assert leap(downlink, first=3, count=50) == 0  # it has to tell that nothing is there
    assert ticks(3, 1) == [True]
    if leaps:
        assert leap(downlink, first=4, count=2) == 2
    else:
        assert ticks(4, 2) == [True, True]
    downlink.receive(LOUD * 6)
    assert len(played.ear.frames) == 5  # three of them should have been played by now
    assert ticks(6, 4) == [True] * 4
    if leaps:
        assert leap(downlink, first=10, count=50) == 4
    else:
        assert ticks(10, 4) == [True, True, True, False]  # nothing has come for a tenth of a second
    assert len(played.ear.frames) == 8
