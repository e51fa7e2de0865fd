"""YAML as people write it: plain words where they are safe, quotes where they are needed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_SAFE: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _.,!?'/*+()-]*[A-Za-z0-9.!?)*]|[A-Za-z]")
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "hangup", "never"})


def scalar(value: Any) -> str:
    """A text, number, boolean or None."""
    if not isinstance(value, str):
        return json.dumps(value)
    if _SAFE.fullmatch(value) and value.lower() not in _WORDS and not value.startswith("/"):
        return value
    return quoted(value)


def quoted(text: str) -> str:
    """A text in double quotes. Half of a surrogate pair, which no reader takes, becomes a question mark."""
    clean = text.encode("utf-8", "replace").decode()
    text = json.dumps(clean, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def flow(value: Any) -> str:
    """Anything on one line: ``{city: London, days: [1, 2]}``."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)}: {_inner(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inner(item) for item in value) + "]"
    return scalar(value)


def _key(key: Any) -> str:
    text = str(key)
    return (
        text
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", text) and text.lower() not in _WORDS
        else quoted(text)
    )


def _inner(value: Any) -> str:
    """Within braces a comma or bracket would end the text."""
    if isinstance(value, str):
        return quoted(value) if re.search(r"[,\[\]{}]", value) else scalar(value)
    return flow(value)
