"""Beeps and tones, as the ears of one call hear them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.media.signals import pcm, sine, voice

from voxrun.legs.scripted import ScriptedLeg
from voxrun.media.frames import SILENCE
from voxrun.media.tones import ToneGenerator, progress_tone
from voxrun.services.beeps import BeepEar, ToneScan, wrong_frequencies
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual


def play(story: Callable[[ScriptedLeg, LoopTicker], Awaitable[None]]) -> None:
    async def main(clock: LoopClock) -> None:
        ticker = LoopTicker()
        leg = ScriptedLeg(ticker, incoming=True)
        leg.answer({})
        await story(leg, ticker)
        await leg.close()
        ticker.close()

    run_virtual(main)


def now() -> int:
    return round(asyncio.get_running_loop().time() * 1000)


def test_a_beep_is_told_when_it_is_over_so_that_a_message_is_not_cut_off() -> None:
    async def story(leg: ScriptedLeg, ticker: LoopTicker) -> None:
        told: list[tuple[int, int]] = []
        leg.audio.connect(BeepEar(ticker, (), lambda hz: told.append((hz, now()))))
        leg.remote.speak(pcm(voice(1000)) + pcm(sine(1000, 500)))
        await asyncio.sleep(3)
        ((hz, at),) = told
        assert abs(hz - 1000) <= 10
        assert 1500 <= at <= 1620
        assert leg.audio.sinks == []

    play(story)


def test_a_beep_whose_packets_stop_is_over_too() -> None:
    async def story(leg: ScriptedLeg, ticker: LoopTicker) -> None:
        told: list[int] = []
        leg.audio.connect(BeepEar(ticker, (), told.append))
        leg.remote.speak(pcm(sine(1000, 5000)))
        await asyncio.sleep(0.5)
        leg.remote.stop_sending()
        await asyncio.sleep(0.3)
        assert len(told) == 1

    play(story)


def test_a_beep_without_end_counts_after_two_seconds() -> None:
    async def story(leg: ScriptedLeg, ticker: LoopTicker) -> None:
        told: list[int] = []
        leg.audio.connect(BeepEar(ticker, (), lambda hz: told.append(now())))
        leg.remote.speak(pcm(sine(1000, 10_000)))
        await asyncio.sleep(9)
        assert len(told) == 1
        assert 2000 <= told[0] <= 2300

    play(story)


def test_a_beep_of_another_frequency_is_not_meant() -> None:
    async def story(leg: ScriptedLeg, ticker: LoopTicker) -> None:
        told: list[int] = []
        leg.audio.connect(BeepEar(ticker, (440.0,), told.append))
        leg.remote.speak(pcm(sine(1000, 500)) + SILENCE * 20 + pcm(sine(440, 500)))
        await asyncio.sleep(3)
        assert len(told) == 1
        assert abs(told[0] - 440) <= 10

    play(story)


@pytest.mark.parametrize("country", ["US", "RU"])
def test_a_scan_tells_exchanges_from_answering_machines(country: str) -> None:
    async def story(leg: ScriptedLeg, ticker: LoopTicker) -> None:
        told: list[object] = []
        leg.audio.connect(ToneScan(ticker, told.append, lambda hz: told.append(abs(hz - 1400) <= 10)))
        tone = ToneGenerator(progress_tone(country, "busy"))
        leg.remote.speak(b"".join(tone.next_frame() or SILENCE for _ in range(200)))
        await asyncio.sleep(5)
        leg.remote.speak(pcm(sine(1400, 400)))
        await asyncio.sleep(2)
        assert told == ["busy", True]

    play(story)


@pytest.mark.parametrize(("frequencies", "wrong"), [((), False), ((350, 3000), False), ((100,), True)])
def test_frequencies_that_no_beep_has_are_refused(frequencies: tuple[float, ...], wrong: bool) -> None:
    problem = wrong_frequencies(frequencies)
    assert (problem != "") is wrong
    assert not wrong or "100 Hz" in problem
