"""The SQLite store: its contract, restarts, other processes, damage, permissions."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.full_disk import files_end_at
from tests.services.stores import NOW, TABLES, StoreContract, Table

from voxrun.services.storage import Item, Storage, StorageError
from voxrun.services.storage_file import SCHEMA, SqliteStorage, connect

ITEM = Item("k", "v", NOW + 100)


class TestFile(StoreContract):
    def run(self, story: Callable[[Storage], Awaitable[None]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            use(Path(folder) / "storage.sqlite", story)


@given(TABLES)
@settings(max_examples=10, deadline=None)
def test_a_file_is_a_table_of_what_was_put_last(table: Table) -> None:
    with tempfile.TemporaryDirectory() as folder:
        use(Path(folder) / "storage.sqlite", table.holds)


def use(path: Path, story: Callable[[SqliteStorage], Awaitable[None]]) -> list[str]:
    """A store on a file for one story; gives what it said."""
    said: list[str] = []

    async def main() -> None:
        store = SqliteStorage(path, said.append)
        try:
            await story(store)
        finally:
            await store.close()

    asyncio.run(main())
    return said


def put(path: Path, *items: Item) -> list[str]:
    return use(path, lambda store: store.put_all(items or [ITEM], NOW))


def got(path: Path, key: str = "k") -> Item | None:
    found: list[Item | None] = []

    async def story(store: SqliteStorage) -> None:
        found.append(await store.get(key, NOW))

    use(path, story)
    return found[0]


def test_what_was_stored_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "storage.sqlite"
    put(path)
    assert got(path) == ITEM


def test_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "storage.sqlite"
    put(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_processes_share_it(tmp_path: Path) -> None:
    path = tmp_path / "storage.sqlite"

    async def story(store: SqliteStorage) -> None:
        await store.put(ITEM, NOW)
        other = SqliteStorage(path, print)
        assert await other.get("k", NOW) == ITEM
        await other.put(Item("k", "theirs", NOW + 5), NOW)
        await other.close()
        assert await store.get("k", NOW) == Item("k", "theirs", NOW + 5)

    use(path, story)


def test_what_has_ended_does_not_pile_up(tmp_path: Path) -> None:
    path = tmp_path / "storage.sqlite"
    put(path, Item("old", "v", NOW + 1), ITEM)
    use(path, lambda store: store.put(Item("new", "v", NOW + 100), NOW + 50))
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT key FROM items ORDER BY key").fetchall() == [("k",), ("new",)]


def test_the_work_is_done_in_a_thread_of_its_own(tmp_path: Path) -> None:
    async def story(store: SqliteStorage) -> None:
        await store.put(ITEM, NOW)
        assert [t.name for t in threading.enumerate() if t.name.startswith("voxrun-storage")] == [
            "voxrun-storage_0"
        ]

    use(tmp_path / "storage.sqlite", story)


@pytest.mark.parametrize("damage", ["nonsense", "torn", "page"])
def test_a_damaged_file_is_put_aside_with_a_message_and_loses_nothing(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "storage.sqlite"
    put(path, *(Item(f"k{n}", "v" * 1000, NOW + 100) for n in range(50)))
    data = path.read_bytes()
    broken = {
        "nonsense": b"this is no database" * 1000,
        "torn": data[: len(data) // 2],
        "page": data[:4096] + b"\xff" * 4096 + data[8192:],
    }[damage]
    path.write_bytes(broken)
    said = put(path)
    aside = tmp_path / "storage.sqlite.damaged-1"
    assert said == [f"ApplicationStorage: {path} is damaged. It is kept as {aside}; storage begins anew."]
    assert aside.read_bytes() == broken
    assert got(path) == ITEM
    path.write_bytes(broken)
    put(path)
    assert (tmp_path / "storage.sqlite.damaged-2").read_bytes() == broken


def test_a_file_that_breaks_while_it_is_open_rejects_once_and_goes_on_anew(tmp_path: Path) -> None:
    path = tmp_path / "storage.sqlite"

    async def story(store: SqliteStorage) -> None:
        await store.put(ITEM, NOW)
        db = store._db
        assert db is not None
        await asyncio.get_running_loop().run_in_executor(store._thread, _break, db)
        with pytest.raises(StorageError, match=r"is damaged .*; it is kept as .*damaged-1"):
            await store.get("k", NOW)
        await store.put(ITEM, NOW)
        assert await store.get("k", NOW) == ITEM

    assert len(use(path, story)) == 1


def _break(db: sqlite3.Connection) -> None:
    """Point the table at a page that holds something else."""
    db.execute("PRAGMA writable_schema = ON")
    db.execute("UPDATE sqlite_master SET rootpage = 1 WHERE name = 'items'")
    db.execute("PRAGMA writable_schema = RESET")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StorageError, match="is another program's database: name another file"):
        put(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["theirs.sqlite"]


def test_a_file_of_a_newer_voxrun_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "storage.sqlite"
    put(path)
    db = connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    with pytest.raises(StorageError, match="was written by a newer voxrun"):
        put(path)


def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match=r"folder .*file cannot be made: File exists"):
        put(tmp_path / "file" / "storage.sqlite")
    with pytest.raises(StorageError, match="Is a directory"):
        put(tmp_path)


def test_a_full_disk_is_told_and_what_was_stored_stays(tmp_path: Path) -> None:
    path = tmp_path / "storage.sqlite"
    put(path)

    async def story(store: SqliteStorage) -> None:
        assert await store.get("k", NOW) == ITEM
        with files_end_at(40_000), pytest.raises(StorageError, match=r"storage\.sqlite: (disk|database)"):
            await store.put_all([Item(f"k{n}", "v" * 2000, NOW + 9) for n in range(100)], NOW)
        assert await store.get("k", NOW) == ITEM
        assert await store.items("", 9, NOW) == [ITEM]

    assert use(path, story) == []
    assert got(path) == ITEM


def test_all_of_several_items_are_put_or_none(tmp_path: Path) -> None:
    path = tmp_path / "storage.sqlite"
    put(path)
    with pytest.raises(StorageError):
        put(path, Item("new", "v", NOW + 9), Item("bad", None, NOW + 9))  # type: ignore[arg-type]
    assert got(path, "new") is None


def test_after_close_it_says_so(tmp_path: Path) -> None:
    async def story(store: SqliteStorage) -> None:
        await store.close()
        with pytest.raises(StorageError, match="closed"):
            await store.get("k", NOW)

    use(tmp_path / "storage.sqlite", story)
