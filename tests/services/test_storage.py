"""ApplicationStorage in whole sessions, with the store in memory; and that store's contract."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given, settings
from tests.harness import Stage, play
from tests.services.stores import TABLES, StoreContract, Table

from voxrun.services.storage import Item, MemoryStorage, Storage, StorageError, fits, namespace
from voxrun.session.clock import DEFAULT_START_MS

NOW = DEFAULT_START_MS // 1000


class TestMemory(StoreContract):
    def run(self, story: Callable[[Storage], Awaitable[None]]) -> None:
        asyncio.run(story(MemoryStorage()))  # type: ignore[arg-type]


@given(TABLES)
@settings(max_examples=40, deadline=None)
def test_memory_is_a_table_of_what_was_put_last(table: Table) -> None:
    asyncio.run(table.holds(MemoryStorage()))


def run(body: str, *, keep: MemoryStorage | None = None, until: str = "done") -> list[str]:
    """What a scenario logs whose Started handler is ``body``; it begins at ``NOW``."""
    source = f"""
    require(Modules.ApplicationStorage);
    const log = (value) => Logger.write(typeof value === "string" ? value : JSON.stringify(value));
    const sleep = (s) => new Promise((resolve) => setTimeout(resolve, s * 1000));
    VoxEngine.addEventListener(AppEvents.Started, async () => {{ {body}; log("done"); }});
    """
    logs: list[str] = []

    async def story(stage: Stage) -> None:
        runtime = stage.start_runtime(source)
        if keep is not None:
            runtime.world = runtime.world.__class__(
                **{
                    name: keep if name == "storage" else getattr(runtime.world, name)
                    for name in runtime.world.__struct_fields__
                }
            )
        await runtime.start_session("")
        await stage.until(lambda: until in stage.logs() or stage.errors())
        logs.extend(stage.logs() + stage.errors())

    play(story)
    return [line for line in logs if line != "done"]


@pytest.mark.covers(
    "ApplicationStorage.put", "ApplicationStorage.get", "ApplicationStorage.remove", "ApplicationStorage.keys"
)
def test_a_pair_is_put_got_listed_and_removed() -> None:
    assert run(
        """
        log(await ApplicationStorage.put("test:1", "value", 60));
        log(await ApplicationStorage.get("test:1"));
        log(await ApplicationStorage.keys("test"));
        log(await ApplicationStorage.remove("test:1"));
        log(await ApplicationStorage.get("test:1"));
        log(await ApplicationStorage.remove("test:1"));
        """
    ) == [
        f'{{"key":"test:1","value":"value","expireAt":{NOW + 60}}}',
        f'{{"key":"test:1","value":"value","expireAt":{NOW + 60}}}',
        '{"keys":["test:1"]}',
        f'{{"key":"test:1","value":"value","expireAt":{NOW}}}',
        "null",
        f'{{"key":"test:1","value":"","expireAt":{NOW}}}',
    ]


def test_without_a_time_a_pair_stays_thirty_days_and_values_become_text() -> None:
    assert run(
        """
        log(await ApplicationStorage.put("totalCalls", 0));
        let { value } = await ApplicationStorage.get("totalCalls");
        log(await ApplicationStorage.put("totalCalls", ++value));
        log(await ApplicationStorage.put(7, {a: [1]}, "5"));
        """
    ) == [
        f'{{"key":"totalCalls","value":"0","expireAt":{NOW + 2_592_000}}}',
        f'{{"key":"totalCalls","value":"1","expireAt":{NOW + 2_592_000}}}',
        f'{{"key":"7","value":"{{\\"a\\":[1]}}","expireAt":{NOW + 5}}}',
    ]


def test_a_pair_ends_by_the_session_s_clock() -> None:
    assert run(
        """
        await ApplicationStorage.put("k", "v", 10);
        await sleep(9); log(!!(await ApplicationStorage.get("k")));
        await sleep(2); log(!!(await ApplicationStorage.get("k")));
        log(await ApplicationStorage.keys());
        """
    ) == ["true", "false", '{"keys":[]}']


def test_operations_that_nobody_awaits_are_done_in_their_order() -> None:
    assert run(
        """
        for (let i = 0; i < 50; i++) ApplicationStorage.put("k", i, 60);
        log((await ApplicationStorage.get("k")).value);
        """
    ) == ["49"]


def test_sessions_share_what_is_stored() -> None:
    keep = MemoryStorage()
    assert run('await ApplicationStorage.put("k", "v", 60)', keep=keep) == []
    assert run('log((await ApplicationStorage.get("k")).value)', keep=keep) == ["v"]


def test_in_terminating_it_can_be_called_and_what_was_put_is_kept() -> None:
    """The vendor's own sample removes a key there."""
    keep = MemoryStorage()
    asyncio.run(keep.put(Item("gone", "v", NOW + 99), NOW))
    body = """
    VoxEngine.addEventListener(AppEvents.Terminating, async () => {
      ApplicationStorage.remove("gone");
      const put = await ApplicationStorage.put("last", "word", 99);
      log("kept " + put.value);
    });
    VoxEngine.addEventListener(AppEvents.Terminated, () => log("over"));
    ApplicationStorage.put("before", "the end", 99).then(() => log("put"));
    VoxEngine.terminate()
    """
    assert run(body, keep=keep, until="over") == ["put", "kept word", "over"]
    assert [item.key for item in asyncio.run(keep.items("", 9, NOW))] == ["before", "last"]


@pytest.mark.parametrize("unhandled", [False, True])
def test_a_store_that_is_out_of_order_rejects_and_an_unhandled_rejection_ends_the_session(
    unhandled: bool,
) -> None:
    class Broken(MemoryStorage):
        async def get(self, key: str, now: int) -> Item | None:
            raise StorageError("the disk is full")

    body = "await ApplicationStorage.get('k')"
    lines = run(body if unhandled else f"try {{ {body} }} catch (e) {{ log('' + e) }}", keep=Broken())
    if unhandled:
        assert len(lines) == 1
        assert "ApplicationStorage: the disk is full" in lines[0]
    else:
        assert lines == ["Error: ApplicationStorage: the disk is full"]


def test_a_fault_of_ours_is_told_too() -> None:
    class Broken(MemoryStorage):
        async def get(self, key: str, now: int) -> Item | None:
            raise ZeroDivisionError

    assert run("try { await ApplicationStorage.get('k') } catch (e) { log('' + e) }", keep=Broken()) == [
        "Error: ApplicationStorage: internal error: ZeroDivisionError()"
    ]


def test_halves_of_characters_become_the_replacement_character() -> None:
    assert run(
        "await ApplicationStorage.put('a\\ud800', '\\udc00b', 9);"
        "log(await ApplicationStorage.get('a\\ufffd'))"
    ) == [f'{{"key":"a\ufffd","value":"\ufffdb","expireAt":{NOW + 9}}}']


@pytest.mark.parametrize(
    ("key", "pattern", "found"),
    [
        ("a:1", "a", True), ("a", "a", True), ("ab", "a", False), ("a:1", "a:", True), ("a:12", "a:1", True),
        ("a", "a:", False), ("anything", "", True), (":x", ":", True),
    ],
)  # fmt: skip
def test_a_pattern_is_a_namespace_or_with_a_colon_a_beginning(key: str, pattern: str, found: bool) -> None:
    assert fits(key, pattern) is found


def test_a_key_without_a_colon_is_its_own_namespace() -> None:
    assert [namespace(key) for key in ("a:b:c", "a", ":a", "")] == ["a", "a", "", ""]
