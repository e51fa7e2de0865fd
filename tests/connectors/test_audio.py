"""The audio of a voice-AI client: steady towards the provider, paced towards the units."""

from __future__ import annotations

import asyncio

import pytest
from tests.connectors.provider import LOUD, Ear, ms, virtual

from voxrun.connectors.audio import Downlink, SampleJoiner, Uplink
from voxrun.media.frames import FRAME_BYTES, SILENCE
from voxrun.media.graph import Sink, Source
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


class RunEar(Ear):
    """Takes runs too."""

    def room(self, run: Run, source: Source) -> int:
        return run.count

    def write_run(self, run: Run, source: Source) -> None:
        self.frames += run.frames()


def leap(*nodes: Uplink | Downlink | Talker, first: int, count: int) -> int:
    """What a leaping ticker does, the uplink being asked last."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    ticks = Ticks(0.0, first, count)
    for node in sorted(nodes, key=lambda node: node.final):
        ticks = ticks.cut(node.ahead(ticks))
        if not ticks.count:
            return 0
    loop.advance(ticks.last)
    for node in nodes:
        node.leap(ticks)
    return ticks.count


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


@virtual
async def test_a_provider_s_audio_is_played_in_one_piece_up_to_its_first_sound_and_its_end() -> None:
    source, ear, told = Source(), RunEar(), list[float | str]()
    source.connect(ear)
    downlink = Downlink(source, LoopTicker(), lambda: told.append("started"), told.append)
    assert leap(downlink, first=1, count=9) == 0  # nothing is there
    downlink.receive(bytes(640 * 2) + LOUD * 5 + bytes(640) + LOUD[:300])
    assert leap(downlink, first=1, count=50) == 3
    assert told == ["started"]
    assert leap(downlink, first=4, count=50) == 5
    assert leap(downlink, first=9, count=50) == 0  # half a frame: the ticks have to decide
    assert ear.frames == [SILENCE] * 2 + [LOUD] * 5 + [SILENCE]
    assert downlink.tick()
    downlink.finish()
    assert told[1:] == [pytest.approx(0.1)]  # from the first sound to the last
