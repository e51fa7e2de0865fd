"""The nearest right name, for messages about a wrong one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that ``word`` was probably meant to be; "" when none is close.

    Letter case and underscores weigh nothing, so "Message" finds "MESSAGE".
    """
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault(_plain(name), name)
    found = get_close_matches(_plain(word), plain, n=1, cutoff=0.6)
    return plain[found[0]] if found else ""


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """`` Did you mean "x"?`` with a leading blank, or "" when nothing is close."""
    name = nearest(word, names)
    return f' Did you mean "{name}"?' if name else ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
