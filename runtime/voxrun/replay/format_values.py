"""Values of call scripts that stand in many places."""

from __future__ import annotations

from typing import Final

from voxrun.yamldoc import Item

KEYS: Final = frozenset("0123456789*#ABCD")


def texts_of(item: Item) -> dict[str, str]:
    """A mapping of names to texts."""
    return {name: value.text() for name, value in item.mapping().items()}


def custom_data_of(item: Item | None) -> str:
    """A text; an object becomes JSON."""
    if item is None:
        return ""
    return item.json_text() if item.is_mapping or item.is_list else item.text()


def choice(item: Item | None, choices: tuple[str, ...]) -> str:
    """One of a few words; the first where nothing is said."""
    if item is None:
        return choices[0]
    if item.text() not in choices:
        item.fail(f"{item.name} must be {' or '.join(choices)}, not {item.text()!r}")
    return item.text()


def digits(item: Item) -> str:
    """Keys, or a /regex/ for them."""
    text = item.text().upper() if not item.text().startswith("/") else item.text()
    if not text or (not text.startswith("/") and not KEYS.issuperset(text)):
        item.fail(f"{item.name}: keys are 0-9 * # A-D, not {item.text()!r}")
    return text
