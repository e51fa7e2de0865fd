"""Texts with ``{names}`` in them, and phrases with ``{slots}``. Pure."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from voxrun.session.messages import Json

_FIELD: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PATH: Final = re.compile(r"[a-zA-Z_][\w-]*(?:\.[\w-]+)*")
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MISSING: Final = "unknown"
"""Spoken for a part of a result that is not there."""


class TemplateError(ValueError):
    """A brace too many, or a name that is none."""


def _fields(text: str) -> Iterator[str]:
    for match in _FIELD.finditer(text):
        token = match.group()
        if token in ("{{", "}}"):
            continue
        path = match.group(1)
        if path is None:
            raise TemplateError(f"a single {token!r}; write {token * 2!r} for a plain brace")
        if not _PATH.fullmatch(path.strip()):
            raise TemplateError(f"{{{path}}} is not a name")
        yield path.strip()


def names_in(text: str) -> list[str]:
    """First parts of the names a template uses. Raises TemplateError."""
    return [path.split(".")[0] for path in _fields(text)]


def slot_names(phrase: str) -> list[str]:
    """Slots of a phrase, each at most once. Raises TemplateError."""
    names = list(_fields(phrase))
    if len(set(names)) < len(names):
        raise TemplateError("a slot may stand only once in a phrase")
    for name in names:
        if "." in name:
            raise TemplateError(f"{{{name}}} is not a slot")
    return names


def look_up(path: str, values: Mapping[str, Json]) -> Json:
    """The value at ``a.b.0``; None when there is none."""
    first, *rest = path.split(".")
    value = values.get(first)
    for part in rest:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def fill(text: str, values: Mapping[str, Json]) -> str:
    """``text`` with its names replaced; what is not there becomes ``MISSING``."""

    def replace(match: re.Match[str]) -> str:
        token = match.group()
        if token in ("{{", "}}"):
            return token[0]
        path = match.group(1)
        return token if path is None else spoken(look_up(path.strip(), values))

    return _FIELD.sub(replace, text)


def fill_json(value: Json, values: Mapping[str, Json]) -> Json:
    """``value`` with every text filled in; a text that is one name alone keeps the value's own type."""
    if isinstance(value, dict):
        return {key: fill_json(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [fill_json(each, values) for each in value]
    if not isinstance(value, str):
        return value
    alone = re.fullmatch(r"\{([^{}]+)\}", value)
    return look_up(alone.group(1).strip(), values) if alone else fill(value, values)


def spoken(value: Json) -> str:
    """A JSON value as words."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {spoken(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(spoken(each) for each in value)
    return str(value)


def _words(name: str) -> str:
    return re.sub(r"[_-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).lower()


def parse_result(text: str) -> Json:
    """A tool's answer: JSON where it is JSON, the text itself otherwise."""
    try:
        parsed: Json = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return parsed


def normalise(text: str) -> str:
    """Lower-case words with single spaces; punctuation and braces gone."""
    return " ".join(_WORD.findall(text.lower().replace("’", "'")))


def expand(phrase: str, slots: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Every way to say ``phrase``, with the slot words that it has."""
    names = slot_names(phrase)
    for words in itertools.product(*(slots.get(name, ()) for name in names)):
        chosen = dict(zip(names, words, strict=True))
        yield fill(phrase, dict(chosen)), chosen


def matcher(phrase: str) -> re.Pattern[str]:
    """A pattern that finds ``phrase`` among normalised words; slots take any words (all that follow, when
    the phrase ends with a slot)."""
    parts: list[str] = []
    last = 0
    for match in _FIELD.finditer(phrase):
        parts += _words_of(phrase[last : match.start()])
        if match.group(1):
            parts.append(f"(?P<{match.group(1).strip()}>.+?)")
        last = match.end()
    parts += _words_of(phrase[last:])
    if parts and parts[-1].startswith("("):
        parts[-1] = parts[-1].replace(".+?", ".+")
        return re.compile(rf"(?:.* )?{' '.join(parts)}")
    return re.compile(rf"(?:.* )?{' '.join(parts)}(?: .*)?")


def _words_of(text: str) -> list[str]:
    return [re.escape(word) for word in normalise(text).split()]
