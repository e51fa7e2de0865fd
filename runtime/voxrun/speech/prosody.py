"""Speed, pitch and volume as ``ttsOptions`` and SSML's ``prosody`` write them, in percent of normal."""

from __future__ import annotations

import math
import re
from typing import Final

WORDS: Final = {
    "rate": {"x-slow": 50, "slow": 75, "medium": 100, "fast": 130, "x-fast": 170},
    "pitch": {"x-low": 70, "low": 85, "medium": 100, "high": 120, "x-high": 145},
    "volume": {"silent": 0, "x-soft": 25, "soft": 50, "medium": 100, "loud": 140, "x-loud": 200},
}
BOUNDS: Final = {"rate": (25, 400), "pitch": (50, 200), "volume": (0, 400)}

_NUMBER = re.compile(r"([+-]?)(\d+(?:\.\d+)?|\.\d+)\s*(%|st|db|hz)?", re.I)
_NORMAL_HERTZ: Final = 120
_FACTOR_LIMIT: Final = 5
"""A bare number up to this is a factor ("1.5"), above it percent ("150")."""


def percent_of(kind: str, value: object) -> int:
    """``value`` of ``kind`` ("rate", "pitch", "volume") in percent of normal; 100 for what is no value.

    Understood: words ("x-slow"), factors (1.5), "120%", changes ("+10%", "-2st", "+6dB"), "180Hz".
    """
    if isinstance(value, bool) or value is None:
        return 100
    text = str(value).strip().lower()
    if text in WORDS[kind]:
        return WORDS[kind][text]
    match = _NUMBER.fullmatch(text)
    if match is None:
        return 100
    low, high = BOUNDS[kind]
    return round(max(low, min(high, _percent(match[1], float(match[2]), match[3] or ""))))


def _percent(sign: str, number: float, unit: str) -> float:
    signed = -number if sign == "-" else number
    if unit == "%":
        return 100 + signed if sign else number
    if unit == "st":
        return 100 * math.pow(2, max(-48.0, min(48.0, signed)) / 12)
    if unit == "db":
        return 100 * math.pow(10, max(-120.0, min(120.0, signed)) / 20)
    if unit == "hz":
        return 100 * (1 + signed / _NORMAL_HERTZ) if sign else 100 * number / _NORMAL_HERTZ
    if sign:
        return 100 * (1 + signed) if abs(signed) <= 1 else 100 + signed
    return 100 * number if number <= _FACTOR_LIMIT else number
