"""A host seen from its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest
from tests.realm.conftest import info

from voxrun.realm import wire
from voxrun.realm.link import HostLink, Loss, Request

pytestmark = pytest.mark.live


def request(op: str, answers: list[object], owner: object = None, **more: object) -> Request:
    return Request({"op": op, "s": "s", **more}, owner, 0.1, answers.append)


def test_answers_come_in_order_and_a_killed_host_is_not_reported() -> None:
    async def main() -> None:
        losses: list[Loss] = []
        link = HostLink(lambda _, loss: losses.append(loss))
        answers: list[object] = []
        boot = wire.boot_to_json(info("Logger.write('x')"))
        link.send(request("boot", answers, info=boot))
        link.send(request("close", answers))
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        link.send(Request({"op": "ready"}, None, 5.0, done.set_result))
        await asyncio.wait_for(done, 20)
        assert [sorted(answer) for answer in answers if isinstance(answer, dict)] == [["c", "d"], []]
        link.kill()
        link.kill()
        assert losses == []
        with pytest.raises(ProcessLookupError):
            os.kill(link.pid, 0)

    asyncio.run(main())


def test_a_host_that_ends_by_itself_is_reported_once_with_how() -> None:
    async def main() -> None:
        loss: asyncio.Future[Loss] = asyncio.get_running_loop().create_future()
        link = HostLink(lambda _, found: loss.set_result(found))
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        link.send(Request({"op": "ready"}, "owner", 5.0, done.set_result))
        await asyncio.wait_for(done, 20)
        os.kill(link.pid, signal.SIGKILL)
        found = await asyncio.wait_for(loss, 20)
        assert found.guilty is None
        assert "SIGKILL" in found.how
        assert not found.hung

    asyncio.run(main())


def test_starting_a_host_does_not_hold_up_the_loop() -> None:
    async def main() -> None:
        started = time.thread_time()
        link = HostLink(lambda _, loss: None)
        assert time.thread_time() - started < 0.05
        link.kill()

    asyncio.run(main())


def test_a_retired_host_answers_what_it_was_asked_first() -> None:
    async def main() -> None:
        link = HostLink(lambda _, loss: None)
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        link.send(Request({"op": "ready"}, None, 5.0, done.set_result))
        link.retire()
        await asyncio.wait_for(done, 20)
        while True:
            try:
                os.kill(link.pid, 0)
            except ProcessLookupError:
                break
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(main(), 30))
