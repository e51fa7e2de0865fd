"""What providers say in JSON, made safe to pass on: strict parsing, and secrets taken out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final, NoReturn
from urllib.parse import quote

import msgspec

from voxrun.session.messages import Json

MAX_TEXT: Final = 256 * 1024
"""Characters of the longest message that is parsed; the scenario's whole heap is 16 MB."""
MAX_DEPTH: Final = 100
"""Nesting that every JSON reader further down the house takes without complaint."""
SHORTEST_SECRET: Final = 8
"""Shorter values are words ("local", "Bearer") that would be cut out of innocent text."""
REDACTED: Final = "[redacted]"


def parse(text: str) -> Json:
    """One JSON value. ValueError for anything that is none, is too long, too deep, or holds NaN."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"a message of {len(text)} characters, the limit is {MAX_TEXT}")
    try:
        value: Json = _decoded(text)
    except RecursionError:
        raise ValueError(f"a message nested more than {MAX_DEPTH} deep") from None
    # Counting brackets is cheap and settles nearly every message.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(f"a message nested more than {MAX_DEPTH} deep")
    return value


def _decoded(text: str) -> Json:
    """msgspec takes a fifth of the time. It refuses lone surrogates too; of all else the error says why."""
    try:
        value: Json = _FAST.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        value = _DECODER.decode(text)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):  # 1e999: valid JSON that would be written as Infinity, which is none
        raise ValueError(f"{digits[:20]} is too large a number")
    return value


_FAST: Final = msgspec.json.Decoder()
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _depth(value: Any) -> int:
    """Levels of nesting, without recursion."""
    level, depth = [value], 0
    while level:
        depth += 1
        nested = [item for item in level if isinstance(item, dict | list)]
        level = [inner for item in nested for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


class Redactor:
    """Takes secret values out of whatever a provider, a library or an error message repeats."""

    def __init__(self, secrets: Iterable[str]) -> None:
        found: set[str] = set()
        for secret in secrets:
            # "Bearer abc..." is a secret as a whole and without its first word.
            for value in (secret, secret.partition(" ")[2]):
                if len(value) >= SHORTEST_SECRET:
                    found |= {value, quote(value, safe="")}
        self._secrets = sorted(
            found, key=lambda value: (-len(value), value)
        )  # the longer contains the shorter

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def is_clean(self, text: str) -> bool:
        """Whether a JSON ``text`` certainly holds no secret: none is in it, and nothing in it is escaped."""
        return "\\" not in text and not any(secret in text for secret in self._secrets)

    def json(self, value: Json) -> Json:
        """``value`` without secrets in its strings and keys."""
        if not self._secrets:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.json(item) for key, item in value.items()}
        return value
