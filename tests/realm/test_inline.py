"""Realms in this process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest
from tests.realm.conftest import START, info, logs

from voxrun.realm.inline import EXIT_CODE, InlineRealms
from voxrun.session.messages import Event

SOURCE = "let n = 0; VoxEngine.addEventListener(AppEvents.Started, () => Logger.write(++n));"


async def two_sessions() -> list[str]:
    realms = InlineRealms()
    one, two = await realms.open("one"), await realms.open("two")
    out = []
    for realm in (one, two):
        await realm.boot(info(SOURCE))
    for realm in (one, two, one):
        out += logs(await realm.turn(Event("Application.Started"), START))
    await one.close()
    await one.close()
    await realms.close()
    await realms.close()
    return out


def test_sessions_have_realms_of_their_own() -> None:
    assert asyncio.run(two_sessions()) == ["1", "1", "2"]


def test_it_works_on_any_thread() -> None:
    out: list[list[str]] = []
    thread = threading.Thread(target=lambda: out.append(asyncio.run(two_sessions())))
    thread.start()
    thread.join()
    assert out == [["1", "1", "2"]]


def test_a_turn_is_over_before_anything_else_happens() -> None:
    async def main() -> None:
        realms = InlineRealms()
        realm = await realms.open("one")
        await realm.boot(info(SOURCE))
        order: list[str] = []
        asyncio.get_running_loop().call_soon(order.append, "loop")
        order += logs(await realm.turn(Event("Application.Started"), START))
        assert order == ["1"]
        await realms.close()

    asyncio.run(main())


def test_closed_realms_take_no_turns() -> None:
    async def main() -> None:
        realms = InlineRealms()
        realm = await realms.open("one")
        await realms.close()
        with pytest.raises(RuntimeError, match="closed"):
            await realm.turn(Event("Application.Started"), START)

    asyncio.run(main())


def test_after_a_clearing_new_realms_run_on_the_same_thread() -> None:
    async def main() -> None:
        realms = InlineRealms()
        realm = await realms.open("one")
        thread = realm.on_thread(threading.get_ident)
        await realms.clear()
        with pytest.raises(RuntimeError, match="closed"):
            await realm.turn(Event("Application.Started"), START)
        other = await realms.open("two")
        assert other.on_thread(threading.get_ident) == thread
        await realms.close()

    asyncio.run(main())


HANG = """
import asyncio, threading
from voxrun.realm import inline
from voxrun.realm.port import BootInfo, Script
inline.GRACE_SECONDS = 0.2
source = "Logger.write('x');\\nArray.prototype.sort.call({ length: 2 ** 53 - 1 });"

async def main():
    realm = await inline.InlineRealms().open("s")
    await realm.boot(BootInfo((Script("hang.js", source),), 1, 0, limits={"turn_ms": 100}))

WAY
"""


@pytest.mark.live
@pytest.mark.parametrize(
    "way",
    ["asyncio.run(main())", "t = threading.Thread(target=lambda: asyncio.run(main())); t.start(); t.join()"],
)
def test_a_hang_ends_the_process_with_the_line_it_hangs_in(way: str) -> None:
    code = HANG.replace("WAY", way)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == EXIT_CODE
    assert "at hang.js:2:" in done.stderr
    assert "cannot be interrupted" in done.stderr
