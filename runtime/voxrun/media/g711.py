"""G.711 (mu-law and A-law), by table: eight bits a sample, 8000 samples a second.

The tables follow the rules of ITU-T G.711 as its reference software (G.191) applies them to 16-bit samples:
mu-law looks at the upper 14 bits, A-law at the upper 12 (sign included 13), negative samples by one's
complement, so that both halves of the scale are mirror images. Rates are not converted here.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

_Codes: TypeAlias = npt.NDArray[np.uint8]
_Values: TypeAlias = npt.NDArray[np.int16]

ULAW_SILENCE: Final = 0xFF
"""The mu-law code of 0."""
ALAW_SILENCE: Final = 0xD5
"""The A-law code of 8, its smallest positive value: A-law has no 0."""
BIAS: Final = 33
"""mu-law adds this to the 14-bit magnitude, which makes every segment begin at a power of two."""


def encode_ulaw(pcm: bytes) -> bytes:
    """s16le to mu-law, one byte a sample."""
    codes: _Codes = _ULAW[np.frombuffer(pcm, "<u2", len(pcm) // 2)]
    return codes.tobytes()


def decode_ulaw(codes: bytes) -> bytes:
    """mu-law to s16le."""
    values: _Values = _FROM_ULAW[np.frombuffer(codes, np.uint8)]
    return values.tobytes()


def encode_alaw(pcm: bytes) -> bytes:
    """s16le to A-law, one byte a sample."""
    codes: _Codes = _ALAW[np.frombuffer(pcm, "<u2", len(pcm) // 2)]
    return codes.tobytes()


def decode_alaw(codes: bytes) -> bytes:
    """A-law to s16le."""
    values: _Values = _FROM_ALAW[np.frombuffer(codes, np.uint8)]
    return values.tobytes()


def _magnitudes(shift: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """For each of the 65536 bit patterns: the magnitude, ``shift`` bits dropped, and whether it is >= 0."""
    values = np.arange(65536, dtype=np.uint16).astype(np.int16).astype(np.int32)
    positive = values >= 0
    return np.where(positive, values, ~values) >> shift, positive


def _bit_length(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Position of the highest bit that is set; 0 for 0."""
    return np.frexp(values.astype(np.float64))[1].astype(np.int32)


def _make_ulaw() -> _Codes:
    magnitude, positive = _magnitudes(2)
    biased = np.minimum(magnitude + BIAS, 0x1FFF)
    segment = _bit_length(biased) - 6  # 0 to 7
    step = (biased >> (segment + 1)) & 0x0F
    code = (segment << 4) | step | np.where(positive, 0x80, 0)
    codes: _Codes = (code ^ 0x7F).astype(np.uint8)  # all bits but the sign travel inverted
    return codes


def _make_from_ulaw() -> _Values:
    code = np.arange(256, dtype=np.int32) ^ 0x7F
    segment, step = (code >> 4) & 7, code & 0x0F
    magnitude = (((2 * step + BIAS) << segment) - BIAS) << 2
    values: _Values = np.where(code & 0x80, magnitude, -magnitude).astype("<i2")
    return values


def _make_alaw() -> _Codes:
    magnitude, positive = _magnitudes(4)
    segment = np.maximum(_bit_length(magnitude) - 4, 0)  # 0 to 7; the first two share one step size
    step = (magnitude >> np.maximum(segment - 1, 0)) & 0x0F
    code = (segment << 4) | step | np.where(positive, 0x80, 0)
    codes: _Codes = (code ^ 0x55).astype(np.uint8)  # every other bit travels inverted
    return codes


def _make_from_alaw() -> _Values:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code >> 4) & 7, code & 0x0F
    units = np.where(segment > 0, step + 16, step)
    magnitude = ((units << 4) + 8) << np.maximum(segment - 1, 0)
    values: _Values = np.where(code & 0x80, magnitude, -magnitude).astype("<i2")
    return values


_ULAW: Final = _make_ulaw()
_ALAW: Final = _make_alaw()
_FROM_ULAW: Final = _make_from_ulaw()
_FROM_ALAW: Final = _make_from_alaw()
