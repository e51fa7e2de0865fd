"""ApplicationStorage: key-value pairs that outlive sessions and that all sessions share.

The store itself comes with the surroundings: ``storage_file`` in a run, ``MemoryStorage`` in call scripts.
Time is the session's: an item is there until ``expire_at`` (Unix seconds) has come. A key's namespace is
what stands before its first colon, or all of it.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable
from typing import Any, ClassVar, Final

from msgspec import Struct

from voxrun.errors import ScenarioError, VoxrunError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.session.messages import Command, Event

log = logging.getLogger(__name__)

LONGEST_KEY: Final = 200
LONGEST_VALUE: Final = 2000
"""Platform: characters (UTF-16, as JavaScript counts them)."""
LONGEST_TTL: Final = 7_776_000
"""Platform: 90 days in seconds."""
DEFAULT_TTL: Final = 2_592_000
"""30 days: the default of the platform's Management API, where the scenario's own function has none."""
MOST_KEYS: Final = 100_000
MOST_PENDING: Final = 1000
"""Operations of one session that may be under way at once."""


class StorageError(VoxrunError):
    """The store cannot do what was asked (disk full, file of another program)."""


class Item(Struct, frozen=True):
    """One pair. ``expire_at`` in Unix seconds."""

    key: str
    value: str
    expire_at: int

    def fields(self) -> dict[str, Any]:
        """As the scenario sees it."""
        return {"key": self.key, "value": self.value, "expireAt": self.expire_at}


class Storage(ABC):
    """A store. ``now`` in Unix seconds. Everything raises StorageError when the store is out of order."""

    @abstractmethod
    async def get(self, key: str, now: int) -> Item | None:
        """The item, None where there is none (any more)."""

    @abstractmethod
    async def put(self, item: Item, now: int) -> None:
        """Add or replace an item."""

    @abstractmethod
    async def remove(self, key: str, now: int) -> Item | None:
        """Take an item out; gives what it was."""

    @abstractmethod
    async def items(self, pattern: str, count: int, now: int) -> list[Item]:
        """The first ``count`` items whose keys fit (see ``fits``), by key in the order of their UTF-8."""

    async def close(self) -> None:  # noqa: B027  (memory has nothing to close)
        """Everything that was put is kept when this returns. Idempotent."""


def namespace(key: str) -> str:
    """ "test" for "test:1234" and for "test"."""
    return key.partition(":")[0]


def fits(key: str, pattern: str) -> bool:
    """Whether ``keys(pattern)`` gives the key: by its namespace, or by how it begins where the pattern has a
    colon."""
    return not pattern or (key.startswith(pattern) if ":" in pattern else namespace(key) == pattern)


class MemoryStorage(Storage):
    """A store that ends with the process; ``items`` are in it from the beginning."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._items = {item.key: item for item in items}

    async def get(self, key: str, now: int) -> Item | None:
        item = self._items.get(key)
        return item if item is not None and item.expire_at > now else None

    async def put(self, item: Item, now: int) -> None:
        self._items[item.key] = item

    async def remove(self, key: str, now: int) -> Item | None:
        item = self._items.pop(key, None)
        return item if item is not None and item.expire_at > now else None

    async def items(self, pattern: str, count: int, now: int) -> list[Item]:
        found = [item for item in self._items.values() if item.expire_at > now and fits(item.key, pattern)]
        return sorted(found, key=lambda item: item.key.encode())[:count]


class StorageService(Service):
    """Carries out ``ApplicationStorage`` for one session, in the order in which it asks.

    Every command is answered with an "@storage" event: {value} or {error}. It lives until the very end of
    the session: the platform lets Terminating put and remove.
    """

    handles: ClassVar[frozenset[str]] = frozenset(
        {"storage.get", "storage.put", "storage.remove", "storage.keys"}
    )

    def __init__(self, context: ServiceContext, storage: Storage) -> None:
        super().__init__(context)
        self._storage = storage
        self._pending: set[asyncio.Task[None]] = set()

    @property
    def active(self) -> int:
        """Operations under way."""
        return len(self._pending)

    def execute(self, command: Command) -> None:
        if len(self._pending) >= MOST_PENDING:
            raise ScenarioError(
                f"ApplicationStorage: {MOST_PENDING} operations are under way: await them before you go on"
            )
        work = self._work(command.kind, Arguments(command))
        task = asyncio.get_running_loop().create_task(self._answer(command.target, work))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def _work(self, kind: str, data: Arguments) -> Coroutine[Any, Any, Any]:
        now = self.context.clock.unix_ms() // 1000
        if kind == "storage.keys":
            count = int(data.number("count", 1, MOST_KEYS))
            return self._keys(_text(data, "pattern", LONGEST_KEY), count, now)
        key = _text(data, "key", LONGEST_KEY)
        if not key:
            raise ScenarioError(f"{kind}: the key is empty")
        if kind == "storage.get":
            return self._get(key, now)
        if kind == "storage.remove":
            return self._remove(key, now)
        ttl = int(data.number("ttl", 0, LONGEST_TTL))
        return self._put(Item(key, _text(data, "value", LONGEST_VALUE), now + ttl), now)

    async def _get(self, key: str, now: int) -> Any:
        item = await self._storage.get(key, now)
        return item.fields() if item else None

    async def _put(self, item: Item, now: int) -> Any:
        await self._storage.put(item, now)
        return item.fields()

    async def _remove(self, key: str, now: int) -> Any:
        """What is removed has no time to live; a key that was not there looks like an empty value."""
        item = await self._storage.remove(key, now)
        return Item(key, item.value if item else "", now).fields()

    async def _keys(self, pattern: str, count: int, now: int) -> Any:
        return {"keys": [item.key for item in await self._storage.items(pattern, count, now)]}

    async def _answer(self, operation: str, work: Coroutine[Any, Any, Any]) -> None:
        try:
            answer: dict[str, Any] = {"value": await work}
        except VoxrunError as error:
            answer = {"error": f"ApplicationStorage: {error}"}
        except Exception as error:  # the scenario awaits it, whatever went wrong with us
            log.exception("an operation of ApplicationStorage failed")
            answer = {"error": f"ApplicationStorage: internal error: {error!r}"}
        self.context.emit(Event("@storage", operation, answer))

    def drop_waiting(self) -> None:
        """Nothing waits: what was asked for is under way."""

    async def wait_idle(self) -> None:
        """Until nothing is under way."""
        while self._pending:
            await asyncio.wait(self._pending)

    async def give_up(self) -> None:
        """Operations are short; they are waited for."""
        await self.wait_idle()

    async def close(self) -> None:
        await self.wait_idle()


def _text(data: Arguments, name: str, most: int) -> str:
    """A text of at most ``most`` UTF-16 units; halves of characters, which cannot be kept, become U+FFFD."""
    text = data.needed(name)
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) > 2 * most:
        raise ScenarioError(f"ApplicationStorage: a {name} may have {most} characters, not {len(units) // 2}")
    return units.decode("utf-16-le", "replace")
