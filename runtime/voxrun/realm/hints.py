"""What a misspelt name was probably meant to be, and what brings a name that is missing."""

from __future__ import annotations

import difflib
import functools
import json
import re
from pathlib import Path

from voxrun.realm.sources import platform

_WORD = re.compile(r"[A-Za-z_$][\w$]{3,}")
_MISSING = re.compile(r"([\w$]+) is not (?:a function|defined|a constructor)")
_CUTOFF = 0.74


def hint(text: str, scenario: str) -> str:
    """ " (did you mean answer?)" for "call.anwser is not a function", "" without a good guess.

    A namespace that wants its module names the ``require``. Guesses come from the words of the scenario and
    of the platform's own files.
    """
    missing = _MISSING.search(text)
    if missing is None:
        return ""
    name = missing[1]
    if text.endswith(" is not defined") and (module := _modules().get(name)):
        return f": put require(Modules.{module}); at the top of the scenario"
    if len(name) < 4:
        return ""
    words = _platform_words() | frozenset(_WORD.findall(scenario))
    near = [word for word in words if abs(len(word) - len(name)) <= 2 and word[0].lower() == name[0].lower()]
    found = [word for word in difflib.get_close_matches(name, sorted(near), 2, _CUTOFF) if word != name]
    return f" (did you mean {found[0]}?)" if found else ""


@functools.cache
def _modules() -> dict[str, str]:
    """Namespaces that are there only after a ``require``, with the module each needs."""
    surface = json.loads(Path(__file__).with_name("surface.json").read_text("utf-8"))
    return {name: module for name, module in surface["namespaces"].items() if module}


@functools.cache
def _platform_words() -> frozenset[str]:
    files = platform()
    return frozenset(
        word for file in (*files.files[1:], *files.modules) for word in _WORD.findall(file.source)
    )
