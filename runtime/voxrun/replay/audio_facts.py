"""Facts about the sound on one person's line. Pure; times in whole ms on the timeline."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from voxrun.media.frames import SAMPLE_RATE
from voxrun.media.levels import rms_dbfs
from voxrun.replay.people import Sound
from voxrun.replay.script import Wish

TONE_MS: Final = 400
"""Sound that is needed to tell a tone."""
TONE_SHARE: Final = 0.5
"""Of the power that must be within ``TONE_WIDTH`` of the frequency."""
TONE_WIDTH: Final = 12
LEVEL_MS: Final = 500
STOPPED_MS: Final = 200
"""Quiet for so long is an end and not a pause between words."""


class Verdict(Struct, frozen=True):
    """``holds`` None: it cannot be told yet. ``text`` says what was measured."""

    holds: bool | None
    text: str
    at: int = 0


class Line(Struct, frozen=True):
    """What is known of a line: what its person heard and said, since when to look, and the time."""

    heard: Sound
    said: Sound
    since: int
    now: int
    interrupted_at: int | None = None
    slack: int = 0
    """By how much lengths may be off (real time)."""


def judge(wish: Wish, line: Line) -> Verdict:
    """Whether the fact of an ``audio`` wish holds."""
    match wish.audio:
        case "speech":
            return _speech(line, wish.low - line.slack)
        case "silence":
            return _silence(line, wish.low - line.slack)
        case "tone":
            return _tone(line, wish.low)
        case "level":
            return _level(line, wish.low, wish.high)
        case "gap":
            return _gap(line, wish.low + line.slack)
        case "overlap":
            return _overlap(line, wish.low + line.slack)
    return _stops(line, wish.low + line.slack)


def _speech(line: Line, least: int) -> Verdict:
    total = _length(line.heard.within(line.since, line.now))
    return Verdict(True if total >= least else None, f"{total} ms of sound were heard", line.now)


def _silence(line: Line, least: int) -> Verdict:
    longest, start = 0, line.since
    for begin, end in [*line.heard.within(line.since, line.now), (line.now, line.now)]:
        longest = max(longest, begin - start)
        start = end
    return Verdict(True if longest >= least else None, f"the longest silence was {longest} ms", line.now)


def _tone(line: Line, hertz: int) -> Verdict:
    stretches = line.heard.within(line.since, line.now)
    found = 0
    for begin, end in stretches:
        if end - begin < TONE_MS:
            continue
        for start in range(begin, end - TONE_MS + 1, TONE_MS):
            share, loudest = _share(line.heard.pcm(start, start + TONE_MS), hertz)
            if share >= TONE_SHARE:
                return Verdict(True, f"a tone of {hertz} Hz", start)
            found = loudest
    text = f"the strongest frequency was {found} Hz" if found else f"no sound of {TONE_MS} ms was heard"
    return Verdict(None, text, line.now)


def _share(pcm: bytes, hertz: int) -> tuple[float, int]:
    """(share of the power near ``hertz``, the strongest frequency)."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    power = np.abs(np.fft.rfft(samples * np.hanning(samples.size))) ** 2
    step = SAMPLE_RATE / samples.size
    low, high = int((hertz - TONE_WIDTH) / step), int((hertz + TONE_WIDTH) / step) + 1
    total = float(power.sum())
    share = float(power[max(0, low) : high + 1].sum()) / total if total else 0.0
    return share, round(int(np.argmax(power)) * step)


def _level(line: Line, low: int, high: int) -> Verdict:
    pcm = b"".join(line.heard.pcm(begin, end) for begin, end in line.heard.within(line.since, line.now))
    if len(pcm) < LEVEL_MS * SAMPLE_RATE // 1000 * 2:
        return Verdict(None, f"less than {LEVEL_MS} ms of sound were heard")
    level = round(rms_dbfs(pcm), 1)
    return Verdict(low <= level <= high or None, f"the level is {level} dBFS", line.now)


def _gap(line: Line, most: int) -> Verdict:
    ended = line.said.last
    if ended is None:
        return Verdict(False, "nobody has spoken on this side yet")
    first = next((begin for begin, end in line.heard.stretches if end > ended), None)
    gap = (first if first is not None else line.now) - ended
    if first is None:
        return Verdict(None if gap <= most else False, f"no sound for {gap} ms after the end of speech")
    return Verdict(gap <= most, f"the gap was {max(0, gap)} ms", max(first, ended))


def _overlap(line: Line, most: int) -> Verdict:
    total = 0
    for begin, end in line.said.within(line.since, line.now):
        total += _length(line.heard.within(begin, end))
    return Verdict(total <= most, f"both spoke at once for {total} ms", line.now)


def _stops(line: Line, most: int) -> Verdict:
    start = line.interrupted_at
    if start is None:
        return Verdict(False, "nobody has interrupted yet: this goes with a step 'interrupt'")
    end = start
    for begin, finish in line.heard.stretches:
        if finish <= start:
            continue
        if begin - end > STOPPED_MS:
            break
        end = finish
    text = f"the sound went on for {end - start} ms after the interruption began"
    if end - start > most:
        return Verdict(False, text)
    return Verdict(True if line.now - end >= STOPPED_MS else None, text, end)


def _length(stretches: list[tuple[int, int]]) -> int:
    return sum(end - begin for begin, end in stretches)
