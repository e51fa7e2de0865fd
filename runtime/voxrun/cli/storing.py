"""``voxrun storage list|export|import``: the file of ApplicationStorage, for people."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from voxrun.cli.exits import OK
from voxrun.errors import ConfigError
from voxrun.services.storage import DEFAULT_TTL, LONGEST_KEY, LONGEST_TTL, LONGEST_VALUE, Item
from voxrun.services.storage_file import SqliteStorage

T = TypeVar("T")

VERSION = 1
EVERYTHING = 1 << 40
SHOWN = 60
"""Characters of a value in a list."""


def show(path: Path | None, pattern: str, say: Callable[[str], object]) -> int:
    """One line an item: when it ends, its key, the beginning of its value."""
    items = _read(path, pattern, say)
    for item in items:
        value = json.dumps(item.value, ensure_ascii=False)
        cut = value if len(value) <= SHOWN else value[:SHOWN] + "…"
        say(f"{_date(item.expire_at)}  {item.key}  {cut}")
    say(f"{len(items)} {'key' if len(items) == 1 else 'keys'} in {path}")
    return OK


def save(path: Path | None, pattern: str, output: Path | None, say: Callable[[str], object]) -> int:
    """Everything as JSON, readable by its owner only."""
    items = _read(path, pattern, say if output else lambda text: None)
    text = json.dumps({"version": VERSION, "items": [item.fields() for item in items]}, indent=2)
    if output is None:
        say(text)
        return OK
    try:
        output.touch(mode=0o600)
        output.write_text(text + "\n", "utf-8")
    except OSError as error:
        raise ConfigError(f"{output}: cannot be written: {error.strerror}") from None
    say(f"{output}: {len(items)} {'key' if len(items) == 1 else 'keys'}")
    return OK


def load(file: Path, path: Path | None, say: Callable[[str], object]) -> int:
    """Add what a file holds; nothing of it where a part is wrong."""
    now = int(time.time())
    try:
        data = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: no JSON: {error}") from None
    items = read_items(data, str(file), now)
    fresh = [item for item in items if item.expire_at > now]
    _run(path, say, lambda storage: storage.put_all(fresh, now))
    over = len(items) - len(fresh)
    say(f"{path}: {len(fresh)} keys added" + (f", {over} have ended" if over else ""))
    return OK


def read_items(data: Any, where: str, now: int) -> list[Item]:
    """The items of an export, or of an object of keys and values (30 days each). Raises ConfigError."""
    if isinstance(data, dict) and data.get("version") == VERSION and isinstance(data.get("items"), list):
        return [_item(entry, f"{where}: item {number}", now) for number, entry in enumerate(data["items"], 1)]
    if isinstance(data, dict) and "version" not in data:
        return [
            _item({"key": key, "value": value, "expireAt": now + DEFAULT_TTL}, f"{where}: {key!r}", now)
            for key, value in data.items()
        ]
    raise ConfigError(
        f"{where}: neither an export of voxrun (version {VERSION}) nor a JSON object of keys and values"
    )


def _item(entry: Any, where: str, now: int) -> Item:
    if not isinstance(entry, dict):
        raise ConfigError(f"{where} is no object with key, value and expireAt")
    key, value = (
        _text(entry.get(name), f"{where}: {name}", most)
        for name, most in (("key", LONGEST_KEY), ("value", LONGEST_VALUE))
    )
    if not key:
        raise ConfigError(f"{where}: the key is empty")
    expire_at = entry.get("expireAt")
    if isinstance(expire_at, bool) or not isinstance(expire_at, int) or expire_at > now + LONGEST_TTL:
        raise ConfigError(f"{where}: expireAt must be Unix seconds, at most 90 days from now")
    return Item(key, value, expire_at)


def _text(value: Any, what: str, most: int) -> str:
    if not isinstance(value, str) or len(value.encode("utf-16-le", "surrogatepass")) > 2 * most:
        raise ConfigError(f"{what} must be a text of at most {most} characters")
    if any(0xD800 <= ord(character) < 0xE000 for character in value):
        raise ConfigError(f"{what} holds half a character")
    return value


def _read(path: Path | None, pattern: str, say: Callable[[str], object]) -> list[Item]:
    if path is not None and not path.exists():
        raise ConfigError(f"{path}: nothing has been stored yet. Another file? --storage FILE")
    return _run(path, say, lambda storage: storage.items(pattern, EVERYTHING, int(time.time())))


def _run(path: Path | None, say: Callable[[str], object], work: Callable[[SqliteStorage], Awaitable[T]]) -> T:
    if path is None:
        raise ConfigError("storage.path is empty: what scenarios store is kept in memory only")

    async def main(file: Path) -> T:
        storage = SqliteStorage(file, say)
        try:
            return await work(storage)
        finally:
            await storage.close()

    return asyncio.run(main(path))


def _date(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}Z"
