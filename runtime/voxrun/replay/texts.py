"""Texts that are looked for: plain ones and ``/regular expressions/``; and JSON that must hold some members.

Speech is compared word by word without case and punctuation, everything else character by character.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from voxrun.patterns import fullmatch, in_order, search
from voxrun.session.messages import Json

_REGEX: Final = re.compile(r"/(.+)/([i]*)", re.S)
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text to look for. ``source`` as it was written: between slashes it is a regular expression.

    ``where`` is its place in the script. Looking raises ``EndlessPattern`` where an expression finds no end.
    """

    source: str
    where: str = field(default="", compare=False)

    @property
    def regex(self) -> re.Pattern[str] | None:
        """The expression; None for plain text. Raises ``re.error`` for a broken one."""
        found = _REGEX.fullmatch(self.source)
        if found is None:
            return None
        return re.compile(found[1], re.I if "i" in found[2] else 0)

    def inside(self, text: str) -> bool:
        """Whether it is somewhere in ``text``."""
        pattern = self.regex
        return self.source in text if pattern is None else search(pattern, text, self.where) is not None

    def equals(self, text: str) -> bool:
        """Whether it is the whole ``text``."""
        pattern = self.regex
        return self.source == text if pattern is None else fullmatch(pattern, text, self.where) is not None

    def like(self, text: str) -> bool:
        """Whether it is the whole ``text``, where * stands for any characters."""
        pattern = self.regex
        if pattern is None:
            return in_order(self.source.split("*"), text)
        return fullmatch(pattern, text, self.where) is not None

    def __str__(self) -> str:
        return self.source if self.regex is not None else f'"{self.source}"'


@lru_cache(4096)
def words(text: str) -> tuple[str, ...]:
    """The words of ``text`` as speech is compared: lower case, no punctuation."""
    return tuple(word.lower().replace("’", "'") for word in _WORD.findall(text))


def find_speech(wanted: Wanted, spoken: Sequence[str], first: int = 0) -> tuple[int, int] | None:
    """Where ``wanted`` is in ``spoken`` words (as they were written) from ``first`` on: [start, end).

    A regular expression is searched in the words joined by blanks.
    """
    pattern = wanted.regex
    if pattern is None:
        return _find_words(words(wanted.source), spoken, first)
    text, starts = "", []
    for word in spoken[first:]:
        starts.append(len(text))
        text += word + " "
    found = search(pattern, text, wanted.where)
    if found is None or found.end() == found.start():
        return None
    start = sum(at <= found.start() for at in starts) - 1
    end = sum(at < found.end() for at in starts)
    return first + start, first + end


def _find_words(wanted: tuple[str, ...], spoken: Sequence[str], first: int) -> tuple[int, int] | None:
    if not wanted:
        return None
    flat: list[tuple[str, int]] = []
    for index in range(first, len(spoken)):
        flat += [(word, index) for word in words(spoken[index])]
    plain = tuple(word for word, _ in flat)
    for start in range(len(plain) - len(wanted) + 1):
        if plain[start : start + len(wanted)] == wanted:
            return flat[start][1], flat[start + len(wanted) - 1][1] + 1
    return None


def similarity(one: str, other: str) -> float:
    """0 to 1, for finding what came closest; speech rules."""
    return difflib.SequenceMatcher(None, " ".join(words(one)), " ".join(words(other))).ratio()


def mismatch(wanted: Json, actual: Any, path: str = "") -> str:
    """ "" where ``actual`` holds at least what ``wanted`` says, else what is wrong first, for people.

    Texts of ``wanted`` may be /regex/; a text and a number that are written alike are equal; a list must
    have the same length.
    """
    where = path or "it"
    if isinstance(wanted, Mapping):
        if not isinstance(actual, Mapping):
            return f"{where} is {shown(actual)}, not an object"
        for key, value in wanted.items():
            below = f"{path}.{key}" if path else key
            if key not in actual:
                return f"there is no {below}"
            if problem := mismatch(value, actual[key], below):
                return problem
        return ""
    if isinstance(wanted, list):
        if not isinstance(actual, list) or len(actual) != len(wanted):
            return f"{where} is {shown(actual)}, expected {shown(wanted)}"
        problems = (
            mismatch(one, other, f"{path}[{i}]")
            for i, (one, other) in enumerate(zip(wanted, actual, strict=True))
        )
        return next(filter(None, problems), "")
    if _scalar_equals(wanted, actual):
        return ""
    return f"{where} is {shown(actual)}, expected {shown(wanted)}"


def _scalar_equals(wanted: Json, actual: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(actual, bool) or wanted is None or actual is None:
        return wanted is actual or (isinstance(wanted, str) and wanted.lower() == str(actual).lower())
    if isinstance(wanted, str) and isinstance(actual, str | int | float):
        return Wanted(wanted).equals(str(actual))
    if isinstance(wanted, int | float) and isinstance(actual, str):
        return str(wanted) == actual.strip()
    return bool(wanted == actual)


def shown(value: Any, most: int = 120) -> str:
    """A value in one line, for messages."""
    text = value if isinstance(value, str) and not value else json.dumps(value, ensure_ascii=False)
    text = text or '""'
    return text if len(text) <= most else text[: most - 1] + "…"
