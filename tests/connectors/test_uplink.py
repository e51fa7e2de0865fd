"""The audio of units on its way to a provider is steady."""

from __future__ import annotations

import asyncio

import pytest
from tests.connectors.provider import LOUD, leap, virtual

from voxrun.connectors.uplink import Uplink
from voxrun.media.frames import SILENCE
from voxrun.media.graph import Source
from voxrun.media.levels import samples
from voxrun.media.runs import Leaper, Run, Ticks
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import VirtualLoop, run_virtual


class Speaker:
    """A unit that writes a frame every 20 ms, in step with the ticker's grid plus ``phase``."""

    def __init__(self, uplink: Uplink, frame: bytes = LOUD) -> None:
        self.source = Source()
        self.source.connect(uplink)
        self.frame = frame

    async def speak(self, frames: int) -> None:
        for _ in range(frames):
            self.source.push(self.frame)
            await asyncio.sleep(0.02)


@virtual
async def test_a_provider_that_nobody_speaks_to_gets_one_second_of_zeros_a_second() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    await asyncio.sleep(10)
    assert len(sent) in (499, 500)
    assert all(frame is SILENCE for frame in sent)


@virtual
async def test_nothing_is_sent_before_the_provider_listens_or_after_it_stopped() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    speaker = Speaker(uplink)
    await speaker.speak(5)
    assert sent == []
    uplink.open()
    await speaker.speak(5)
    uplink.close()
    count = len(sent)
    await speaker.speak(5)
    await asyncio.sleep(1)
    assert len(sent) == count > 0


@virtual
async def test_speech_goes_on_in_the_callback_that_brought_it_and_no_silence_is_mixed_in() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    await asyncio.sleep(0.007)
    source = Source()
    source.connect(uplink)
    for number in range(100):
        before = len(sent)
        source.push(LOUD)
        assert sent[before:] == [LOUD], number
        await asyncio.sleep(0.02)
    assert SILENCE not in sent[1:]


@virtual
async def test_jitter_of_a_leg_is_no_silence_but_a_leg_that_stopped_is() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    speaker = Speaker(uplink)
    await speaker.speak(50)
    await asyncio.sleep(0.06)  # three frames late, then all at once
    for _ in range(4):
        speaker.source.push(LOUD)
    await speaker.speak(10)
    assert SILENCE not in sent[1:]
    spoken = len(sent)
    await asyncio.sleep(1)
    silence = sent[spoken:]
    assert 45 <= len(silence) <= 52
    assert set(silence) == {SILENCE}


@virtual
async def test_a_unit_faster_than_real_time_loses_what_is_too_much() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    source = Source()
    source.connect(uplink)
    for _ in range(1000):
        source.push(LOUD)
    assert len(sent) == 25
    assert uplink.dropped == 975


class ByHand:
    """A ticker whose ticks the test makes."""

    def start(self, node: object) -> None: ...

    def stop(self, node: object) -> None: ...


@pytest.mark.parametrize("ppm", [100, -100])
def test_a_clock_100_ppm_off_for_an_hour_makes_no_gap_and_loses_nothing(ppm: int) -> None:
    async def main(clock: LoopClock) -> tuple[int, int, Uplink]:
        loop, loud, silent = asyncio.get_running_loop(), 0, 0

        def deliver(frame: bytes) -> None:
            nonlocal loud, silent
            loud, silent = loud + (frame is LOUD), silent + (frame is SILENCE)

        uplink, source = Uplink(ByHand(), deliver), Source()
        uplink.open()
        source.connect(uplink)
        period, tick = 0.02 * (1 - ppm / 1_000_000), 0.005
        for n in range(3600 * 50):
            while tick < n * period:
                loop._virtual_now = tick  # type: ignore[attr-defined]
                uplink.tick()
                tick += 0.02
            loop._virtual_now = n * period  # type: ignore[attr-defined]
            source.push(LOUD)
        return loud, silent, uplink

    loud, silent, uplink = run_virtual(main)
    assert (loud, silent, uplink.dropped) == (3600 * 50, 0, 0)


@virtual
async def test_a_stall_in_the_middle_of_a_word_puts_no_silence_into_it() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    speaker = Speaker(uplink)
    await speaker.speak(20)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.advance(loop.time() + 0.2)  # the loop is held up, and the ticker comes first after it
    await asyncio.sleep(0.001)
    for _ in range(10):  # what the unit owes
        speaker.source.push(LOUD)
    await speaker.speak(20)
    assert SILENCE not in sent[1:]
    assert len(sent) >= 50
    await asyncio.sleep(1)
    assert sent[-1] is SILENCE


@virtual
async def test_stalls_one_after_another_lose_no_word() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    speaker = Speaker(uplink)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    for _ in range(12):
        await speaker.speak(120)
        loop.advance(loop.time() + 0.2)
        await asyncio.sleep(0.001)
        for _ in range(10):
            speaker.source.push(LOUD)
    assert sent.count(LOUD) == 12 * 130
    assert uplink.dropped == 0


@virtual
async def test_a_unit_that_breaks_off_in_a_word_is_waited_for_longer_than_one_that_pauses() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    speaker = Speaker(uplink)
    await speaker.speak(20)
    await asyncio.sleep(0.23)  # its own side is held up
    assert SILENCE not in sent[1:]
    for _ in range(12):
        speaker.source.push(LOUD)
    speaker.frame = SILENCE
    await speaker.speak(20)  # it pauses
    paused = len(sent)
    await asyncio.sleep(0.16)
    assert len(sent) >= paused + 6


@virtual
async def test_a_provider_gets_all_its_time_also_when_a_unit_breaks_off_for_good() -> None:
    for leave in (False, True):
        sent: list[bytes] = []
        uplink = Uplink(LoopTicker(), sent.append)
        uplink.open()
        speaker = Speaker(uplink)
        await speaker.speak(20)
        if leave:
            speaker.source.disconnect(uplink)
            await asyncio.sleep(0.13)
            assert len(sent) >= 25
        await asyncio.sleep(2 - len(sent) * 0.02)
        assert len(sent) in (99, 100, 101), leave
        uplink.close()


@virtual
async def test_what_a_stall_put_ahead_goes_frame_by_frame_also_where_nobody_pauses() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    speaker = Speaker(uplink)
    await speaker.speak(50)
    for _ in range(15):
        speaker.source.push(LOUD)
    await speaker.speak(1500)
    assert len(sent) <= 1555


@virtual
async def test_what_a_stall_put_ahead_melts_away_in_pauses() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    speaker = Speaker(uplink)
    await speaker.speak(50)
    for _ in range(15):  # what was held up comes at once
        speaker.source.push(LOUD)
    speaker.frame = bytes(640)
    await speaker.speak(50)
    assert sent.count(LOUD) == 65
    assert len(sent) <= 103


@virtual
async def test_two_units_that_send_to_one_client_are_mixed_frame_by_frame() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    quiet, loud = b"\xe8\x03" * 320, b"\x10\x27" * 320  # 1000 and 10000
    first, second = Source(), Source()
    first.connect(uplink)
    second.connect(uplink)
    for _ in range(50):
        first.push(quiet)
        second.push(loud)
        await asyncio.sleep(0.02)
    assert len(sent) in (50, 51)
    assert set(samples(sent[-1]).tolist()) == {11000}
    second.disconnect(uplink)
    for _ in range(20):
        first.push(quiet)
        await asyncio.sleep(0.02)
    assert sent[-1] == quiet
    assert 69 <= len(sent) <= 72


@virtual
async def test_a_unit_is_heard_though_the_other_one_is_mute() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.open()
    first, mute = Source(), Source()
    first.connect(uplink)
    mute.connect(uplink)
    for _ in range(100):
        first.push(LOUD)
        await asyncio.sleep(0.02)
    assert sent.count(LOUD) >= 96


@virtual
async def test_another_rate_towards_the_provider_is_converted_at_the_port() -> None:
    sent: list[bytes] = []
    uplink = Uplink(LoopTicker(), sent.append)
    uplink.use_rate(8000)
    uplink.open()
    await Speaker(uplink).speak(10)
    assert {len(piece) for piece in sent} == {320}


class Provider:
    """An ``AudioDoor`` that takes up to ``most`` frames at once."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self.frames: list[bytes] = []
        self.runs: list[int] = []

    def take(self, pcm: bytes) -> None:
        self.frames.append(pcm)

    def room(self, run: Run) -> int:
        return min(self.most, run.count)

    def take_run(self, run: Run) -> None:
        self.frames += run.frames()
        self.runs.append(run.count)


class Talker(Leaper):
    """A unit that can leap."""

    def __init__(self, uplink: Uplink) -> None:
        self.source = Source()
        self.source.connect(uplink)

    def ahead(self, ticks: Ticks) -> int:
        return self.source.room(Run(ticks, LOUD * ticks.count))

    def leap(self, ticks: Ticks) -> bool:
        self.source.push_run(Run(ticks, LOUD * ticks.count))
        return True


@virtual
async def test_speech_passes_to_a_provider_in_this_process_in_one_piece() -> None:
    provider = Provider(30)
    uplink = Uplink(LoopTicker(), provider.take, lambda: provider)
    uplink.open()
    talker = Talker(uplink)
    assert leap(uplink, talker, first=1, count=50) == 0  # it has not been sending
    talker.source.push(LOUD)
    assert leap(uplink, talker, first=1, count=50) == 30
    assert leap(talker, uplink, first=31, count=9) == 9
    assert (provider.runs, provider.frames) == ([30, 9], [LOUD] * 40)
    Source().connect(uplink)
    assert leap(uplink, talker, first=40, count=9) == 0  # two would have to be mixed


@virtual
async def test_silence_for_a_provider_that_nobody_speaks_to_comes_in_one_piece() -> None:
    provider = Provider()
    uplink = Uplink(LoopTicker(), provider.take, lambda: provider)
    uplink.open()
    assert leap(uplink, first=1, count=50) == 50
    assert provider.frames == [SILENCE] * 50
    assert leap(uplink, first=60, count=5) == 0  # it is behind: tick by tick
    uplink.close()
    assert leap(uplink, first=61, count=5) == 0
    other = Uplink(LoopTicker(), provider.take, lambda: provider)
    other.use_rate(8000)
    other.open()
    assert leap(other, first=62, count=5) == 0
