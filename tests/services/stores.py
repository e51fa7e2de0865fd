"""What every store must do; ``test_storage`` and ``test_storage_file`` bring one each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from hypothesis import strategies as st

from voxrun.services.storage import Item, Storage, fits

KEYS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8) | st.sampled_from(
    ["a", "a:1", "a:2", "ab:1", "a:", "b", "é:1", "\x00:x", "😀:1"]
)
VALUES = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
NOW = 1_000_000


class StoreContract:
    """Subclass with ``run(story)``, which gives the story a new, empty store."""

    def run(self, story: Callable[[Storage], Awaitable[None]]) -> None:
        raise NotImplementedError

    def test_what_was_put_is_got_until_its_time_has_come(self) -> None:
        async def story(store: Storage) -> None:
            item = Item("k", "v", NOW + 10)
            await store.put(item, NOW)
            assert await store.get("k", NOW) == item
            assert await store.get("k", NOW + 9) == item
            assert await store.get("k", NOW + 10) is None
            assert await store.get("other", NOW) is None

        self.run(story)

    def test_the_last_value_counts(self) -> None:
        async def story(store: Storage) -> None:
            await store.put(Item("k", "old", NOW + 10), NOW)
            await store.put(Item("k", "new", NOW + 20), NOW)
            assert await store.get("k", NOW + 15) == Item("k", "new", NOW + 20)
            assert len(await store.items("", 10, NOW)) == 1

        self.run(story)

    def test_what_was_removed_is_gone_and_told_once(self) -> None:
        async def story(store: Storage) -> None:
            item = Item("k", "v", NOW + 10)
            await store.put(item, NOW)
            assert await store.remove("k", NOW) == item
            assert await store.remove("k", NOW) is None
            assert await store.get("k", NOW) is None

        self.run(story)

    def test_keys_come_by_namespace_in_order_and_no_more_than_asked(self) -> None:
        async def story(store: Storage) -> None:
            for key in ("test:2", "test:1", "testing:1", "test", "other:test", "TEST:1"):
                await store.put(Item(key, "v", NOW + 10), NOW)
            await store.put(Item("test:over", "v", NOW), NOW)

            async def keys(pattern: str, count: int = 100) -> list[str]:
                return [item.key for item in await store.items(pattern, count, NOW)]

            assert await keys("test") == ["test", "test:1", "test:2"]
            assert await keys("test:") == ["test:1", "test:2"]
            assert await keys("test:2") == ["test:2"]
            assert await keys("") == ["TEST:1", "other:test", "test", "test:1", "test:2", "testing:1"]
            assert await keys("", 2) == ["TEST:1", "other:test"]
            assert await keys("nothing") == await keys("%") == await keys("*") == []

        self.run(story)


class Table:
    """The arguments of a property of every store: it is a table of what was put last."""

    def __init__(self, puts: list[tuple[str, str, int]], pattern: str, count: int) -> None:
        self.puts = puts
        self.pattern = pattern
        self.count = count

    def __repr__(self) -> str:
        return f"Table({self.puts!r}, {self.pattern!r}, {self.count})"

    async def holds(self, store: Storage) -> None:
        """Play it on an empty store and compare."""
        model: dict[str, Item] = {}
        for key, value, expire_at in self.puts:
            model[key] = Item(key, value, expire_at)
            await store.put(model[key], NOW)
        live = {key: item for key, item in model.items() if item.expire_at > NOW}
        for key in model:
            assert await store.get(key, NOW) == live.get(key)
        expected = sorted((key for key in live if fits(key, self.pattern)), key=str.encode)[: self.count]
        assert [item.key for item in await store.items(self.pattern, self.count, NOW)] == expected


TABLES = st.builds(
    Table,
    st.lists(st.tuples(KEYS, VALUES, st.integers(NOW - 2, NOW + 5)), max_size=12),
    KEYS | st.just(""),
    st.integers(1, 5),
)
