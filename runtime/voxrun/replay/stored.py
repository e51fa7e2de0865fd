"""What ApplicationStorage holds while a call script is played, and whether it is what the script expects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from voxrun.replay.expectations import Near
from voxrun.replay.script import Stored, Wish
from voxrun.replay.texts import mismatch, shown, similarity
from voxrun.services.storage import Item, MemoryStorage


class ScriptStorage(MemoryStorage):
    """In memory; ``touched`` is told of every change."""

    def __init__(self, touched: Callable[[], None], items: Iterable[Item] = ()) -> None:
        super().__init__(items)
        self._touched = touched

    def fill(self, stored: Iterable[Stored], now: int) -> None:
        """Put what the script says is there at ``now`` (Unix seconds)."""
        for each in stored:
            self._items[each.key] = Item(each.key, each.value, now + each.ttl)

    def held(self, now: int) -> list[Item]:
        """All that is there, by key."""
        items = (item for item in self._items.values() if item.expire_at > now)
        return sorted(items, key=lambda item: item.key)

    async def put(self, item: Item, now: int) -> None:
        await super().put(item, now)
        self._touched()

    async def remove(self, key: str, now: int) -> Item | None:
        item = await super().remove(key, now)
        self._touched()
        return item


def find(wish: Wish, items: Iterable[Item]) -> Item | None:
    """The first item that meets ``wish``."""
    return next((item for item in items if _fits(wish, item) and not objection(wish, item)), None)


def objection(wish: Wish, item: Item) -> str:
    """ "" where an item of the right key is what is expected, else what is wrong with it."""
    fields: dict[str, Any] = {**item.fields()}
    if isinstance(wish.fields.get("value"), dict | list):
        try:
            fields["value"] = json.loads(item.value)
        except ValueError:
            return f"value is {shown(item.value)}, which is no JSON"
    return mismatch(dict(wish.fields), fields)


def closest(wish: Wish, items: Iterable[Item], at: int) -> Near | None:
    """What comes nearest: the right key with another value, or a key that is written much like it."""
    best: Near | None = None
    for item in items:
        fits = _fits(wish, item)
        score = 2.0 if fits else similarity(str(wish.text), item.key)
        if score > (best.score if best else 0.5):
            why = objection(wish, item) if fits else "the key is another"
            best = Near(at, described(item), why, score)
    return best


def described(item: Item) -> str:
    """An item in a few words."""
    return f"{item.key}: {shown(item.value)}"


def _fits(wish: Wish, item: Item) -> bool:
    return wish.text is None or wish.text.like(item.key)
