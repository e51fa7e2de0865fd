"""Values of call scripts that stand in many places."""

from __future__ import annotations

from voxrun.yamldoc import Item


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
