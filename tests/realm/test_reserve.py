"""A host that comes up beside calls."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys

import pytest

from voxrun.realm.link import HostLink, Request
from voxrun.realm.reserve import REST, come_up, until_asked


def test_it_rests_after_each_step_as_long_as_that_took() -> None:
    times = iter([0.0, 0.25, 1.0, 1.5])
    rests: list[float] = []
    come_up(rests.append, ("json", "re"), lambda: next(times))
    assert rests == [0.25 * REST, 0.5 * REST]


def test_it_does_not_rest_while_somebody_waits_for_it() -> None:
    ours, theirs = socket.socketpair()
    hours = iter([0.0, 3600.0])
    with ours, theirs:
        ours.send(b"?")
        rest = until_asked(theirs.fileno())  # else it rests until the timeout of the test
        come_up(rest, ("json",), lambda: next(hours))


def test_after_the_steps_a_host_has_little_left_to_read() -> None:
    code = (
        "import json, sys; from voxrun.realm.reserve import come_up; come_up(lambda s: None)\n"
        "before = set(sys.modules); import voxrun.realm.host\n"
        "new = {name: sys.modules[name] for name in set(sys.modules) - before}\n"
        "print(json.dumps([n for n, m in new.items() if str(getattr(m, '__file__', '')).endswith('.py')]))"
    )
    left = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    assert "voxrun.realm.host" in left
    assert len(left) <= 3
    assert all(name.startswith("voxrun.realm.") for name in left)


@pytest.mark.live
def test_it_becomes_a_host() -> None:
    async def story() -> None:
        link = HostLink(lambda link, loss: None, gently=True)
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        link.send(Request({"op": "ready"}, None, 5.0, answer.set_result))
        assert await asyncio.wait_for(answer, 20) == {}
        link.kill()

    asyncio.run(story())
