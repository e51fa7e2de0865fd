"""ApplicationStorage in an SQLite file: survives restarts, shared by processes, off the media loop.

One thread does all the work, in order. A file that is damaged is kept under another name, which is told,
and storage begins anew; a file that belongs to another program is left alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from voxrun.services.storage import Item, Storage, StorageError, namespace

log = logging.getLogger(__name__)

T = TypeVar("T")

APPLICATION_ID: Final = 0x566F7852
"""In the header of the file: it is voxrun's."""
SCHEMA: Final = 1
BUSY_SECONDS: Final = 5.0
"""How long another process may keep the file."""
LAST_CHARACTER: Final = "\U0010ffff"
DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

TABLE: Final = """
CREATE TABLE IF NOT EXISTS items (
    key TEXT PRIMARY KEY, namespace TEXT NOT NULL, value TEXT NOT NULL, expire_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_namespace ON items (namespace, key);
CREATE INDEX IF NOT EXISTS by_end ON items (expire_at);
"""


class SqliteStorage(Storage):
    """See the module docstring. The file is opened when it is first needed. ``say`` takes a message for
    people when a damaged file was put aside."""

    def __init__(self, path: Path, say: Callable[[str], object]) -> None:
        self._path = path
        self._say = say
        self._db: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voxrun-storage")
        self._closed = False

    async def get(self, key: str, now: int) -> Item | None:
        return await self._do(lambda db: _one(db, key, now))

    async def put(self, item: Item, now: int) -> None:
        await self.put_all([item], now)

    async def put_all(self, items: Iterable[Item], now: int) -> None:
        """Add or replace all of them, or none."""
        rows = [(item.key, namespace(item.key), item.value, item.expire_at) for item in items]
        await self._do(lambda db: _write(db, rows, now))

    async def remove(self, key: str, now: int) -> Item | None:
        def work(db: sqlite3.Connection) -> Item | None:
            item = _one(db, key, now)
            db.execute("DELETE FROM items WHERE key = ?", (key,))
            return item

        return await self._do(work)

    async def items(self, pattern: str, count: int, now: int) -> list[Item]:
        where, values = "", tuple[str, ...]()
        if ":" in pattern:
            where, values = "AND key >= ? AND key < ?", (pattern, pattern + LAST_CHARACTER)
        elif pattern:
            where, values = "AND namespace = ?", (pattern,)
        query = f"SELECT key, value, expire_at FROM items WHERE expire_at > ? {where} ORDER BY key LIMIT ?"
        rows = await self._do(lambda db: db.execute(query, (now, *values, count)).fetchall())
        return [Item(*row) for row in rows]

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    # -- in the thread ------------------------------------------------------------------------------

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StorageError("the storage is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._attempt, work)

    def _attempt(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._db is None:
                self._db = self._open()
            return work(self._db)
        except sqlite3.Error as error:
            if is_damage(error):
                self._close()
                kept = self._put_aside()
                raise StorageError(f"{self._path} is damaged ({error}); it is kept as {kept}") from None
            raise StorageError(f"{self._path}: {error}") from None
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from None

    def _open(self) -> sqlite3.Connection:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageError(f"the folder {folder} cannot be made: {error.strerror}") from None
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # before SQLite makes it for everybody
        try:
            return connect(self._path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            self._put_aside()
            return connect(self._path)

    def _put_aside(self) -> Path:
        """Keep what is left of a damaged file, its log too, under the first name that is free."""
        number = 1
        while (aside := self._path.with_name(f"{self._path.name}.damaged-{number}")).exists():
            number += 1
        for suffix in ("-wal", "-shm", ""):
            part = self._path.with_name(self._path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        self._say(f"ApplicationStorage: {self._path} is damaged. It is kept as {aside}; storage begins anew.")
        return aside

    def _close(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            try:
                db.close()
            except sqlite3.Error:
                log.exception("the storage could not be closed")


def connect(path: Path) -> sqlite3.Connection:
    """Open a storage file that exists. Raises sqlite3.Error, StorageError for a file of another program."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _prepare(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    owner, schema = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and tables:
        raise StorageError(f"{path} is another program's database: name another file under [storage]")
    if schema > SCHEMA:
        raise StorageError(f"{path} was written by a newer voxrun (schema {schema}, this one knows {SCHEMA})")
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(TABLE)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {SCHEMA}")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file itself is broken (and not full, locked or forbidden)."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in DAMAGED


def _one(db: sqlite3.Connection, key: str, now: int) -> Item | None:
    row = db.execute(
        "SELECT key, value, expire_at FROM items WHERE key = ? AND expire_at > ?", (key, now)
    ).fetchone()
    return Item(*row) if row else None


def _write(db: sqlite3.Connection, rows: list[tuple[str, str, str, int]], now: int) -> None:
    with db:  # all of them, or none
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM items WHERE expire_at <= ?", (now,))
        db.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", rows)
