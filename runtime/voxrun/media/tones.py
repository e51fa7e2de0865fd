"""Tones: dial, ringback, busy and congestion of a country, and any other with a cadence.

``ToneGenerator`` makes frames on demand from a ``Tone``: up to some sine waves and one or more sections of
on/off patterns (the model of ToneScript, so that a parser is all that format needs). Levels are dBm0, as in
telephone standards: a full-scale sine is +3.17 dBm0 (G.711).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from voxrun.media.frames import FRAME_SAMPLES, SAMPLE_RATE, SILENCE
from voxrun.media.levels import FULL_SCALE, to_pcm

ToneName: TypeAlias = Literal["dial", "ringback", "busy", "congestion"]
Country: TypeAlias = Literal["US", "RU"]

FULL_SCALE_DBM0: Final = 3.17
"""Level of a sine that just reaches full scale."""


class Wave(Struct, frozen=True):
    """A sine of ``hz`` at ``dbm0``."""

    hz: float
    dbm0: float = -19.0


class Beat(Struct, frozen=True):
    """``on`` seconds of sound, then ``off`` seconds of silence; ``on`` None means without end.

    ``waves`` are indexes into ``Tone.waves``; empty means silence.
    """

    on: float | None
    off: float = 0.0
    waves: tuple[int, ...] = (0,)


class Section(Struct, frozen=True):
    """Beats repeated in turn for ``seconds``; None means without end."""

    beats: tuple[Beat, ...]
    seconds: float | None = None


class Tone(Struct, frozen=True):
    """Waves and the sections that play them, one section after another."""

    waves: tuple[Wave, ...]
    sections: tuple[Section, ...]

    def __post_init__(self) -> None:
        for wave in self.waves:
            if not 0.0 < wave.hz < SAMPLE_RATE / 2:
                raise ValueError(f"a tone of {wave.hz:g} Hz is not between 0 and {SAMPLE_RATE // 2} Hz")
        for section in self.sections:
            _check_section(section, len(self.waves))

    @property
    def length(self) -> int | None:
        """Samples from its beginning to its end; None where it has none."""
        total = 0
        for section in self.sections:
            if section.seconds is None:
                return None
            total += round(section.seconds * SAMPLE_RATE)
        return total


def _check_section(section: Section, waves: int) -> None:
    lengths = [length for beat in section.beats for length in (beat.on or 0.0, beat.off)]
    endless = any(beat.on is None for beat in section.beats)
    if any(not 0.0 <= length < math.inf for length in (*lengths, section.seconds or 0.0)):
        raise ValueError("lengths must not be negative")
    if not endless and sum(lengths) * SAMPLE_RATE < 1.0:
        raise ValueError("a section needs a beat that lasts")
    if any(not 0 <= index < waves for beat in section.beats for index in beat.waves):
        raise ValueError(f"a beat names a wave that is not there: there are {waves}")


def _steady(*waves: Wave) -> Tone:
    return Tone(waves, (Section((Beat(None, waves=tuple(range(len(waves)))),)),))


def _cadence(on: float, off: float, *waves: Wave) -> Tone:
    return Tone(waves, (Section((Beat(on, off, tuple(range(len(waves)))),)),))


# United States: the Precise Tone Plan. Russia: 425 Hz, ITU-T E.180 Supplement 2.
TONES: Final[dict[Country, dict[ToneName, Tone]]] = {
    "US": {
        "dial": _steady(Wave(350, -13), Wave(440, -13)),
        "ringback": _cadence(2.0, 4.0, Wave(440, -19), Wave(480, -19)),
        "busy": _cadence(0.5, 0.5, Wave(480, -24), Wave(620, -24)),
        "congestion": _cadence(0.25, 0.25, Wave(480, -24), Wave(620, -24)),
    },
    "RU": {
        "dial": _steady(Wave(425, -13)),
        "ringback": _cadence(0.8, 3.2, Wave(425, -13)),
        "busy": _cadence(0.4, 0.4, Wave(425, -13)),
        "congestion": _cadence(0.2, 0.2, Wave(425, -13)),
    },
}


def progress_tone(country: str, name: ToneName = "ringback") -> Tone:
    """A country's tone. Raises ValueError naming the countries that are known."""
    for known in get_args(Country):
        if country.upper() == known:
            return TONES[known][name]
    raise ValueError(f"no tones for {country!r}; known are {' and '.join(get_args(Country))}")


def beep(hz: float, ms: int, dbm0: float = -12.0) -> bytes:
    """16 kHz mono s16le of one sine of ``ms``, in whole frames. Raises ValueError for what is no tone."""
    tone = Tone((Wave(hz, dbm0),), (Section((Beat(None),), ms / 1000),))
    generator = ToneGenerator(tone)
    return b"".join(iter(generator.next_frame, None))


class ToneGenerator:
    """Plays a tone frame by frame. Waves run on through pauses, as a telephone exchange's do."""

    def __init__(self, tone: Tone, *, loop: bool = False) -> None:
        """With ``loop`` the sections start again at the end (if they end)."""
        self._tone = tone
        lengths = [section.seconds for section in tone.sections]
        self._loop = loop and any(s is None or round(s * SAMPLE_RATE) > 0 for s in lengths)
        self._spans = self._all_spans()
        self._left = 0.0
        self._waves: tuple[int, ...] = ()
        self._position = 0  # samples made
        self._amplitudes = [
            FULL_SCALE * 10.0 ** ((wave.dbm0 - FULL_SCALE_DBM0) / 20.0) for wave in tone.waves
        ]

    def next_frame(self) -> bytes | None:
        """The next 20 ms: ``SILENCE`` itself in pauses, None when the tone is over."""
        parts = list(self._frame_parts())
        if not parts:
            return None
        start = self._position
        self._position += FRAME_SAMPLES
        if not any(waves for _, _, waves in parts):
            return SILENCE
        out = np.zeros(FRAME_SAMPLES)
        for first, last, waves in parts:
            out[first:last] = self._sound(start + first, start + last, waves)
        return to_pcm(out)

    def _frame_parts(self) -> Iterator[tuple[int, int, tuple[int, ...]]]:
        """What the next frame is made of: first sample, last, waves. Nothing at the end of the tone."""
        filled = 0
        while filled < FRAME_SAMPLES:
            if self._left <= 0:
                span = next(self._spans, None)
                if span is None:
                    return
                self._left, self._waves = span
            count = int(min(self._left, FRAME_SAMPLES - filled))
            self._left -= count
            yield filled, filled + count, self._waves
            filled += count

    def _sound(self, first: int, last: int, waves: tuple[int, ...]) -> npt.NDArray[np.float64]:
        at = np.arange(first, last, dtype=np.float64)
        out = np.zeros(last - first)
        for index in waves:
            turns = at * self._tone.waves[index].hz / SAMPLE_RATE
            out += self._amplitudes[index] * np.sin(2.0 * np.pi * (turns - np.floor(turns)))
        return out

    def _all_spans(self) -> Iterator[tuple[float, tuple[int, ...]]]:
        """Spans of samples (math.inf for an endless one) and the waves that sound in them."""
        while True:
            for section in self._tone.sections:
                yield from _section_spans(section)
            if not self._loop:
                return


def _section_spans(section: Section) -> Iterator[tuple[float, tuple[int, ...]]]:
    """The spans of one section. Ends are rounded from exact times, so that no error adds up."""
    whole = math.inf if section.seconds is None else round(section.seconds * SAMPLE_RATE)
    done, exact = 0.0, 0.0
    while done < whole:
        for beat in section.beats:
            for seconds, waves in ((beat.on, beat.waves), (beat.off, ())):
                exact += math.inf if seconds is None else seconds * SAMPLE_RATE
                end = min(whole, exact if math.isinf(exact) else float(round(exact)))
                if end > done:
                    yield end - done, waves
                    done = end
                if done >= whole:
                    return
