"""Values in request bodies: durations, objects, texts; null counts as unset everywhere. Pure."""

from __future__ import annotations

import json
import math
import re
from typing import Final

from voxrun.session.messages import Json, JsonObject

_DURATION: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,9})?s")


class Invalid(ValueError):
    """A request body that the API refuses with 400; ``field`` names what is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem

    def body(self) -> JsonObject:
        """The answer's JSON: ``{"field": ["problem"]}``."""
        return {self.field: [self.problem]}


def read_json(text: str | bytes) -> Json:
    """JSON that can be written again: no NaN, no infinities, no halves of characters.

    Raises ValueError.
    """
    try:
        value: Json = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def _refuse(word: str) -> Json:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large a number")
    return value


def duration(value: Json, field: str, default: float) -> float:
    """Seconds of a duration such as "30s" or "0.384s"; ``default`` when unset."""
    if value is None:
        return default
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise Invalid(field, 'Must be a duration: a text of seconds that ends in "s", for example "30s".')
    seconds = float(value[:-1])
    if seconds < 0:
        raise Invalid(field, "Must not be negative.")
    return seconds


def format_duration(seconds: float) -> str:
    """Seconds as the API writes them: "30s", "0.384s"."""
    text = f"{seconds:.9f}".rstrip("0").rstrip(".")
    return f"{text or '0'}s"


def as_object(value: Json, field: str) -> JsonObject:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Invalid(field, "Expected an object.")
    return value


def members(entry: JsonObject, key: str, where: str = "") -> JsonObject:
    """The object at ``key``; empty when unset."""
    value = entry.get(key)
    return {} if value is None else as_object(value, f"{where}.{key}".lstrip("."))


def optional_text(entry: JsonObject, key: str, where: str = "") -> str:
    """The text at ``key``; "" when unset."""
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Invalid(f"{where}.{key}".lstrip("."), "Not a valid string.")
    return value


def integer(entry: JsonObject, key: str, where: str, low: int, high: int) -> int | None:
    """The whole number at ``key``; None when unset. Numbers as text are accepted (proto JSON)."""
    value = entry.get(key)
    field = f"{where}.{key}".lstrip(".")
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Invalid(field, "A valid integer is required.")
    if not low <= value <= high:
        raise Invalid(field, f"Must be from {low} to {high}.")
    return value


def number(entry: JsonObject, key: str, low: float, high: float, default: float) -> float:
    """The number at ``key``; ``default`` when unset."""
    value = entry.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(key, "A valid number is required.")
    if not low <= value <= high:
        raise Invalid(key, f"Must be from {low:g} to {high:g}.")
    return float(value)


def boolean(entry: JsonObject, key: str, default: bool, where: str = "") -> bool:
    """The truth value at ``key``; ``default`` when unset."""
    value = entry.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise Invalid(f"{where}.{key}".lstrip("."), "Must be a valid boolean.")
    return value


def choice(entry: JsonObject, key: str, known: tuple[str, ...], default: str) -> str:
    """One of ``known`` at ``key``; ``default`` when unset or ..._UNSPECIFIED."""
    value = optional_text(entry, key)
    if not value or value.endswith("_UNSPECIFIED"):
        return default
    if value not in known:
        raise Invalid(key, f'"{value}" is not a valid choice.')
    return value
