"""Sample-rate conversion, live and for files, with results that are the same everywhere.

A polyphase FIR filter (sinc under a Kaiser window). Two qualities:

=====  =========  ==============  ==========================================================
name   stop band  pass band       delay
=====  =========  ==============  ==========================================================
live   60 dB      0.41 x lower    20 samples of the lower rate: 2.5 ms at 8, 1.25 ms at 16 kHz
file   90 dB      0.455 x lower   64 samples, which ``convert`` takes out again
=====  =========  ==============  ==========================================================

**Arithmetic.** Coefficients are integers in units of 2**-24, samples are integers, and the sums are made in
float64. Every partial sum stays below 2**53, so each is exact whatever the order of additions, the vector
unit or the size of the blocks; the sum is rounded to the nearest sample and saturated. Each phase adds up to
2**24 exactly: silence stays silence and a constant stays that constant.

Whole periods are computed as matrix products: ``M`` input samples give ``L`` output samples, where L/M is
the ratio in lowest terms, so a 20 ms block in gives exactly 20 ms out for every pair of ``RATES``. A live
block took 11 to 14 us between 8, 16, 24, 32 and 48 kHz and up to 48 us with 22.05 or 44.1 kHz (measured on a
shared 2-core machine).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from voxrun.media.levels import samples, to_pcm

Quality: TypeAlias = Literal["live", "file"]
_Matrix: TypeAlias = npt.NDArray[np.float64]

RATES: Final = (8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
"""Rates that every pair is meant for; others work where the ratio is simple (``supported``)."""
UNIT: Final = 2**24
MAX_MATRIX: Final = 4_000_000
"""Entries of the largest conversion matrix that is made (32 MB)."""
CHUNK_SECONDS: Final = 10
"""``convert`` works through long audio in pieces of this length, to keep memory small."""


class _Shape(Struct, frozen=True):
    """A filter's shape: zero crossings on each side, stop band, centre of the slope (of the lower rate)."""

    crossings: int
    stop_db: float
    centre: float


SHAPES: Final[dict[Quality, _Shape]] = {
    "live": _Shape(crossings=20, stop_db=60.0, centre=0.455),
    "file": _Shape(crossings=64, stop_db=90.0, centre=0.478),
}


class _Filter(Struct, frozen=True):
    """``up`` outputs for ``down`` inputs; ``reach`` input samples of delay; matrices by periods a row."""

    up: int
    down: int
    reach: int
    periods: int
    matrix: _Matrix
    single: _Matrix

    @property
    def taps(self) -> int:
        return 2 * self.reach


def supported(from_rate: int, to_rate: int, quality: Quality = "live") -> bool:
    """Whether a ``Resampler`` for this pair can be made."""
    if from_rate <= 0 or to_rate <= 0:
        return False
    up, down = _ratio(from_rate, to_rate)
    return (down + 2 * _reach(up, down, SHAPES[quality])) * up <= MAX_MATRIX


class Resampler:
    """Converts one stream of mono s16le, piece by piece.

    What comes out does not depend on how the stream was cut. Equal rates pass through untouched.
    """

    def __init__(self, from_rate: int, to_rate: int, quality: Quality = "live") -> None:
        """Raises ValueError for a pair that is not ``supported``."""
        if not supported(from_rate, to_rate, quality):
            raise ValueError(f"cannot convert {from_rate} Hz to {to_rate} Hz: the ratio is not simple enough")
        self.from_rate = from_rate
        self.to_rate = to_rate
        self._filter = None if from_rate == to_rate else _design(*_ratio(from_rate, to_rate), quality)
        self.reset()

    @property
    def delay_ms(self) -> float:
        """How late the output is."""
        return 0.0 if self._filter is None else self._filter.reach * 1000.0 / self.from_rate

    def reset(self) -> None:
        """Forget the past; the next piece starts a new stream."""
        history = 0 if self._filter is None else self._filter.taps - 1
        self._buffer: _Matrix = np.zeros(history)
        self._half = b""

    def process(self, pcm: bytes) -> bytes:
        """Convert the next piece, of any length (a split sample is kept for the next call)."""
        if self._filter is None:
            return pcm
        data = self._half + pcm if self._half else pcm
        self._half = data[len(data) & ~1 :]
        self._buffer = np.concatenate((self._buffer, samples(data)))
        whole, used = _run(self._filter, self._buffer)
        self._buffer = self._buffer[used:]
        return to_pcm(whole)

    def flush(self) -> bytes:
        """The end of the stream: what the filter still holds, at most ``delay_ms`` and one period."""
        if self._filter is None:
            return b""
        waiting = self._buffer.size - (self._filter.taps - 1)
        wanted = -(-(waiting + self._filter.reach) * self._filter.up // self._filter.down)
        rest = self.process(bytes(2 * (self._filter.reach + self._filter.down)))
        self.reset()
        return rest[: 2 * wanted]


class Converter:
    """Converts a whole piece of mono s16le in "file" quality, without delay, as it comes piece by piece.

    What ``process`` and ``finish`` give together are round(n * to / from) samples for n, the same however
    the piece was cut.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        """Raises ValueError for a pair that is not ``supported``."""
        self._resampler = None if from_rate == to_rate else Resampler(from_rate, to_rate, "file")
        self._up, self._down = _ratio(from_rate, to_rate)
        self._reach = _reach(self._up, self._down, SHAPES["file"])
        lead = -self._reach % self._down  # makes the delay a whole number of output samples
        self._skip = 2 * ((lead + self._reach) // self._down * self._up)
        self._taken = 0
        self._given = 0
        if self._resampler is not None:
            self._skip -= len(self._resampler.process(bytes(2 * lead)))

    def process(self, pcm: bytes) -> bytes:
        """The next piece, of any length."""
        if self._resampler is None:
            return pcm
        self._taken += len(pcm)
        return self._pass(self._resampler.process(pcm))

    def finish(self) -> bytes:
        """The end, which the filter still holds."""
        if self._resampler is None:
            return b""
        count = (self._taken // 2 * self._up * 2 + self._down) // (2 * self._down)
        missing = 2 * count - self._given
        return self._pass(self._resampler.process(bytes(2 * (self._reach + 2 * self._down))))[:missing]

    def _pass(self, pcm: bytes) -> bytes:
        skipped = min(self._skip, len(pcm))
        self._skip -= skipped
        self._given += len(pcm) - skipped
        return pcm[skipped:]


def convert(pcm: bytes, from_rate: int, to_rate: int) -> bytes:
    """Convert a whole piece of mono s16le in "file" quality, without delay.

    Gives round(n * to / from) samples for n. Raises ValueError for a pair that is not ``supported``.
    """
    if from_rate == to_rate:
        return pcm
    converter = Converter(from_rate, to_rate)
    step = CHUNK_SECONDS * from_rate * 2
    parts = [converter.process(pcm[start : start + step]) for start in range(0, len(pcm), step)]
    return b"".join([*parts, converter.finish()])


def _ratio(from_rate: int, to_rate: int) -> tuple[int, int]:
    common = math.gcd(from_rate, to_rate)
    return to_rate // common, from_rate // common


def _reach(up: int, down: int, shape: _Shape) -> int:
    """Input samples on each side of an output sample."""
    return math.ceil(shape.crossings * max(1.0, down / up))


@lru_cache(maxsize=64)
def _design(up: int, down: int, quality: Quality) -> _Filter:
    shape = SHAPES[quality]
    reach = _reach(up, down, shape)
    phases = _phases(up, down, reach, shape)
    periods = max(1, round(2 * reach / down))
    while periods > 1 and (periods * down + 2 * reach) * periods * up > MAX_MATRIX // 16:
        periods //= 2
    return _Filter(up, down, reach, periods, _matrix(phases, up, down, periods), _matrix(phases, up, down, 1))


def _phases(up: int, down: int, reach: int, shape: _Shape) -> _Matrix:
    """Coefficients (whole units of 2**-24): a row for each of the ``up`` places between two inputs."""
    cutoff = 2.0 * shape.centre * min(1.0, up / down)
    at = np.arange(up)[:, None] / up + (reach - 1) - np.arange(2 * reach)[None, :]
    inside = np.sqrt(np.clip(1.0 - (at / reach) ** 2, 0.0, None))
    exact = np.sinc(cutoff * at) * np.i0(0.1102 * (shape.stop_db - 8.7) * inside)
    table: _Matrix = np.rint(exact / exact.sum(axis=1, keepdims=True) * UNIT)
    largest = np.argmax(np.abs(table), axis=1)
    table[np.arange(up), largest] += UNIT - table.sum(axis=1)
    table /= UNIT
    return table


def _matrix(phases: _Matrix, up: int, down: int, periods: int) -> _Matrix:
    """Columns are outputs of ``periods`` periods, rows the inputs they need, oldest first."""
    taps = phases.shape[1]
    matrix = np.zeros((periods * down + taps - 1, periods * up))
    for output in range(periods * up):
        newest, phase = divmod(output * down, up)
        matrix[newest : newest + taps, output] = phases[phase]
    return matrix


def _run(design: _Filter, buffer: _Matrix) -> tuple[_Matrix, int]:
    """Convert the whole periods in ``buffer`` (history first); gives samples and inputs used."""
    count = (buffer.size - (design.taps - 1)) // design.down
    blocks, singles = divmod(max(0, count), design.periods)
    split = blocks * design.periods * design.down
    first = _product(buffer, design.matrix, design.periods * design.down, blocks)
    rest = _product(buffer[split:], design.single, design.down, singles)
    return np.concatenate((first, rest)), split + singles * design.down


def _product(buffer: _Matrix, matrix: _Matrix, step: int, count: int) -> _Matrix:
    """``count`` windows of the buffer, ``step`` apart, times the matrix; exact, not rounded yet."""
    if count == 0:
        return np.empty(0)
    shape = (count, matrix.shape[0])
    windows: _Matrix = np.ndarray(shape, np.float64, buffer, strides=(step * 8, 8))  # overlapping rows
    product: _Matrix = windows.copy() @ matrix  # BLAS wants rows of their own
    return product.ravel()
