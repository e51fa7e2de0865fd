"""Sessions that share a host: one that breaks ends alone, the others go on as if nothing had happened."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

import voxrun.realm.pool
from voxrun.realm.pool import HostedRealm, HostedRealms
from voxrun.realm.port import BootInfo, Script, TurnResult
from voxrun.session.messages import Event

T = TypeVar("T")
START = 1_736_154_000_000
STARTED = "Application.Started"
pytestmark = pytest.mark.live

COUNTER = """
  let turns = 0;
  const seen = [];
  VoxEngine.addEventListener(AppEvents.Started, () => {
    seen.push(Math.random());
    Logger.write(++turns + " " + seen.length + " " + uuidgen());
  });
"""

UNINTERRUPTIBLE = {
    "indexOf": '"a".repeat(4e5).indexOf("a".repeat(2e5) + "b");',
    "sort": "Array.prototype.sort.call({ length: 2 ** 53 - 1 });",
}

INTERRUPTIBLE = {
    "endless loop": ("cpu", "while (true);"),
    "regex bomb": ("cpu", "/(a+)+b/.test('a'.repeat(60));"),
    "memory bomb": ("memory", "const all = []; while (true) all.push(new Array(1000).fill(0));"),
    "endless promise chain": ("cpu", "const go = () => { Promise.resolve().then(go); }; go();"),
    "recursion": ("stack", "function deeper() { deeper(); } deeper();"),
    "thrown error": ("exception", "throw new Error('boo');"),
    "hostile toString": ("exception", "throw { toString() { while (true); } };"),
    "unhandled rejection": ("rejection", "Promise.reject(new Error('boo'));"),
}


def info(source: str, turn_ms: int = 150) -> BootInfo:
    return BootInfo((Script("a.js", source),), 7, START, limits={"turn_ms": turn_ms})


def with_pool(work: Callable[[HostedRealms], Awaitable[T]], **options: float) -> T:
    async def main() -> T:
        pool = HostedRealms(most_hosts=1, grace=options.get("grace", 0.4))
        try:
            return await asyncio.wait_for(work(pool), 60)
        finally:
            await pool.close()

    return asyncio.run(main())


async def booted(pool: HostedRealms, name: str, source: str) -> HostedRealm:
    realm = await pool.open(name)
    result = await realm.boot(info(source))
    assert result.error is None, result.error
    return realm


async def fire(realm: HostedRealm, at: int = 20) -> TurnResult:
    return await realm.turn(Event(STARTED, ""), START + at)


def texts(result: TurnResult) -> list[str]:
    return [command.data["text"] for command in result.commands if command.kind == "log"]


def proc(pool: HostedRealms, name: str) -> bytes:
    return Path(f"/proc/{pool.pids[0]}/{name}").read_bytes()


def listener(body: str) -> str:
    return (
        f"VoxEngine.addEventListener(AppEvents.Started, () => {{\n  Logger.write('before');\n  {body}\n}});"
    )


def test_a_syntax_error_ends_its_session_only() -> None:
    async def work(pool: HostedRealms) -> None:
        good = await booted(pool, "good", COUNTER)
        bad = await pool.open("bad")
        result = await bad.boot(info("let x = ;"))
        assert result.error is not None
        assert result.error.kind == "syntax"
        assert texts(await fire(good))[0].startswith("1 1 ")

    with_pool(work)


@pytest.mark.parametrize("name", INTERRUPTIBLE)
def test_a_hostile_turn_ends_its_session_and_its_neighbour_goes_on(name: str) -> None:
    kind, body = INTERRUPTIBLE[name]

    async def work(pool: HostedRealms) -> None:
        good = await booted(pool, "good", COUNTER)
        await fire(good)
        bad = await booted(pool, "bad", listener(body))
        pids = pool.pids
        result, neighbour = await asyncio.gather(fire(bad), fire(good, 40))
        assert result.error is not None
        assert result.error.kind == kind, result.error.message
        assert texts(result) == ["before"]
        assert texts(neighbour)[0].startswith("2 2 ")
        assert pool.pids == pids

    with_pool(work)


@pytest.mark.parametrize("name", UNINTERRUPTIBLE)
def test_a_host_that_hangs_is_killed_and_its_other_sessions_are_rebuilt(name: str) -> None:
    async def undisturbed(pool: HostedRealms) -> list[str]:
        good = await booted(pool, "good", COUNTER)
        return [texts(await fire(good, at))[0] for at in (20, 40, 60)]

    async def work(pool: HostedRealms) -> None:
        good = await booted(pool, "good", COUNTER)
        first = await fire(good)
        bad = await booted(pool, "bad", listener(UNINTERRUPTIBLE[name]))
        pids = pool.pids
        hung = asyncio.create_task(fire(bad))
        await asyncio.sleep(0)
        second = await fire(good, 40)
        result = await hung
        assert result.error is not None
        assert result.error.kind == "killed"
        assert "1 s" in result.error.message
        assert result.error.where.startswith("a.js:3:")
        assert texts(result) == ["before"]
        assert pool.pids != pids
        third = await fire(good, 60)
        assert [texts(each)[0] for each in (first, second, third)] == with_expected
        again = await fire(bad, 80)
        assert again.error is not None
        assert again.error.kind == "killed"

    with_expected = with_pool(undisturbed)
    with_pool(work)


def test_a_host_that_crashes_takes_nobody_with_it_who_was_not_running() -> None:
    async def work(pool: HostedRealms) -> None:
        realms = [await booted(pool, f"s{i}", COUNTER) for i in range(3)]
        for realm in realms:
            await fire(realm)
        os.kill(pool.pids[0], signal.SIGKILL)
        results = await asyncio.gather(*(fire(realm, 40) for realm in realms))
        assert all(result.error is None and texts(result)[0].startswith("2 2 ") for result in results)

    with_pool(work)


def test_a_host_that_crashes_in_a_turn_ends_that_session() -> None:
    async def work(pool: HostedRealms) -> None:
        good = await booted(pool, "good", COUNTER)
        bad = await booted(pool, "bad", listener(UNINTERRUPTIBLE["sort"]))
        running = asyncio.create_task(fire(bad))
        await asyncio.sleep(0.05)
        os.kill(pool.pids[0], signal.SIGSEGV)
        result = await running
        assert result.error is not None
        assert result.error.kind == "killed"
        assert "SIGSEGV" in result.error.message
        assert STARTED in result.error.message
        assert (await fire(good, 40)).error is None

    with_pool(work, grace=30.0)


def test_a_stopped_host_is_not_taken_for_a_hanging_scenario_at_once() -> None:
    async def work(pool: HostedRealms) -> None:
        good = await booted(pool, "good", COUNTER)
        pid = pool.pids[0]
        os.kill(pid, signal.SIGSTOP)
        turn = asyncio.create_task(fire(good))
        done, _ = await asyncio.wait({turn}, timeout=1.2)
        assert not done
        os.kill(pid, signal.SIGCONT)
        assert (await turn).error is None
        assert pool.pids == [pid]

    with_pool(work)


def test_a_host_knows_nothing_of_the_parents_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ULTRAVOX_API_KEY", "very-secret-key")

    async def work(pool: HostedRealms) -> bytes:
        await booted(pool, "good", COUNTER)
        return proc(pool, "environ")

    environment = with_pool(work)
    assert b"very-secret-key" not in environment
    assert b"TZ=UTC" in environment


def test_sessions_fill_hosts_one_after_another() -> None:
    async def main() -> None:
        pool = HostedRealms(most_hosts=2, sessions_a_host=2)
        realms = [await booted(pool, f"s{i}", COUNTER) for i in range(5)]
        assert len(pool.pids) == 2
        for realm in realms:
            assert (await fire(realm)).error is None
            await realm.close()
        await pool.close()
        assert pool.pids == []

    asyncio.run(main())


def test_a_host_stands_by_empty_while_there_are_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voxrun.realm.pool, "RESERVE_SECONDS", 0.0)

    async def main() -> list[list[int]]:
        pool = HostedRealms(most_hosts=3, sessions_a_host=2)
        await pool.start()
        found = [pool.pids]
        realms = []
        for name in ("first", "second", "third", "fourth", "fifth"):
            realms.append(await booted(pool, name, COUNTER))
            found.append(pool.pids)
        for realm in realms:
            await realm.close()
        found.append(pool.pids)
        await pool.close()
        return found

    nobody, one, two, three, four, five, over = asyncio.run(main())
    assert [len(each) for each in (nobody, one, two, three, four, five)] == [1, 2, 2, 3, 3, 3]
    assert set(nobody) < set(two), "the third call finds a host that was there"
    assert len(over) == 2, "two stay for the next wave"
    assert set(over) < set(five)


def test_a_closed_realm_takes_no_turn_and_closing_twice_is_nothing() -> None:
    async def work(pool: HostedRealms) -> None:
        realm = await booted(pool, "s", COUNTER)
        await realm.close()
        await realm.close()
        assert (await fire(realm)).error is not None

    with_pool(work)


def test_large_events_and_commands_pass() -> None:
    async def work(pool: HostedRealms) -> None:
        body = "for (let i = 0; i < 4; i++) VoxEngine.customData(event.big);"
        source = f"VoxEngine.addEventListener(AppEvents.Started, (event) => {{ {body} }});"
        realm = await booted(pool, "s", source)
        result = await realm.turn(Event(STARTED, "", {"big": "ä" * 50_000}), START)
        assert result.error is None
        kept = [command for command in result.commands if command.kind == "session.customdata"]
        assert len(kept) == 4
        assert {len(command.data["value"]) for command in kept} == {50_000}

    with_pool(work)


def test_ended_sessions_leave_no_memory_behind() -> None:
    async def work(pool: HostedRealms) -> tuple[int, int]:
        await booted(pool, "stays", COUNTER)

        async def rounds(count: int) -> int:
            for i in range(count):
                realm = await booted(pool, f"s{i}", COUNTER)
                await fire(realm)
                await realm.close()
            rollup = proc(pool, "smaps_rollup").decode()
            return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))

        return await rounds(30), await rounds(60)

    first, last = with_pool(work)
    assert last < first * 1.1


LISTENS = """
  VoxEngine.addEventListener(AppEvents.Started, () => { if (globalThis.hang) hang(); });
  VoxEngine.addEventListener(AppEvents.CallAlerting, () => {});
"""


def test_a_hosted_realm_tells_which_listeners_ran() -> None:
    async def work(pool: HostedRealms) -> list[tuple[str, str, int]]:
        realm = await booted(pool, "one", LISTENS)
        await realm.turn(Event(STARTED), START)
        rows = [(row.event, row.where, row.fired) for row in await realm.listeners()]
        await realm.close()
        assert await realm.listeners() == ()
        return rows

    assert with_pool(work) == [
        ("Application.Started", "a.js:2:30", 1),
        ("Application.CallAlerting", "a.js:3:30", 0),
    ]


def test_who_asks_a_host_that_is_killed_is_not_kept_waiting() -> None:
    async def work(pool: HostedRealms) -> None:
        realm = await booted(pool, "one", LISTENS)
        os.kill(pool.pids[0], signal.SIGSTOP)
        asking = asyncio.create_task(realm.listeners())
        await asyncio.sleep(0)
        os.kill(pool.pids[0], signal.SIGKILL)
        assert await asking == ()

    with_pool(work)


def test_a_session_that_failed_still_tells_its_listeners() -> None:
    async def work(pool: HostedRealms) -> None:
        realm = await booted(pool, "one", LISTENS + "globalThis.hang = () => { throw new Error('boo'); };")
        assert (await realm.turn(Event(STARTED), START)).error is not None
        assert [row.fired for row in await realm.listeners()] == [1, 0]

    with_pool(work)
