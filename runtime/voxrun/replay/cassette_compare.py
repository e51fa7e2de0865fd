"""What is different between two JSON values, place by place; and what does not count as a difference.

A message that a scenario sends twice is never quite the same: it holds the time of day, ids that were drawn,
secrets that the recording does not hold. ``alike`` sees through these and through nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from voxrun.patterns import in_order

MOST_SHOWN: Final = 160

_HIDDEN: Final = re.compile(r"«(?:redacted|secret:[^»]*)»")
_VOLATILE: Final = re.compile(
    r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # a UUID
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"  # a date with its time
    r"|(?<!\d)1[4-9]\d{11}(?!\d)"  # Unix milliseconds of the years 2014 to 2033
)
_EPOCH_MS: Final = (1_400_000_000_000, 2_000_000_000_000)


class Absent:
    """Stands for a value that is not there."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT: Final = Absent()


class Place(Struct, frozen=True):
    """A difference: ``path`` is "body.tools[0].name", "" for the whole."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        name = f"{self.path}: " if self.path else ""
        return f"{name}{shown(self.before)} -> {shown(self.after)}"


def differences(
    before: Any, after: Any, same: Callable[[Any, Any], bool] | None = None, path: str = ""
) -> Iterator[Place]:
    """Where ``after`` is not ``before``; ``same`` decides on two values that are no objects or lists."""
    same = same or _equal
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(key for key in after if key not in before)):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), same, below)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            one = before[index] if index < len(before) else ABSENT
            other = after[index] if index < len(after) else ABSENT
            yield from differences(one, other, same, f"{path}[{index}]")
    elif not same(before, after):
        yield Place(path, before, after)


def _equal(before: Any, after: Any) -> bool:
    # True == 1 in Python, and not in JSON.
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)


def alike(recorded: Any, actual: Any) -> bool:
    """Whether two values are the same but for times, drawn ids and what the recording hides."""
    if isinstance(recorded, str) and isinstance(actual, str):
        return recorded == actual or in_order(_pieces(recorded), _VOLATILE.sub("~", actual))
    if _is_epoch(recorded) and _is_epoch(actual):
        return True
    return _equal(recorded, actual)


def _pieces(recorded: str) -> list[str]:
    """What is between hidden values, each of which stands for any text."""
    return [_VOLATILE.sub("~", piece) for piece in _HIDDEN.split(recorded)]


def _is_epoch(value: Any) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    return number and _EPOCH_MS[0] <= value < _EPOCH_MS[1]


def shown(value: Any, most: int = MOST_SHOWN) -> str:
    """A value in one line."""
    text = repr(value) if isinstance(value, Absent) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"
