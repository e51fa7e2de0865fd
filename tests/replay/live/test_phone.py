"""The signalling from the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.server.scripted import Running, running

from voxrun.errors import PeerError
from voxrun.legs.base import DialRequest
from voxrun.replay.live.phone import Phone

pytestmark = pytest.mark.live


def play(story: Callable[[Running, Phone, list[str]], Awaitable[None]]) -> None:
    async def main() -> None:
        trouble: list[str] = []
        async with running() as server:
            phone = Phone(trouble.append)
            await phone.connect(server.url)
            await story(server, phone, trouble)
            await phone.close()

    asyncio.run(asyncio.wait_for(main(), 30))


def test_calls_come_in_and_their_messages_go_to_who_takes_them() -> None:
    async def story(server: Running, phone: Phone, trouble: list[str]) -> None:
        told: asyncio.Queue[Any] = asyncio.Queue()
        phone.on_incoming = told.put_nowait
        assert (await phone.ask("registered", type="register", user="bob"))["user"] == "bob"
        leg = server.phones.dial(DialRequest("user", "bob"))
        incoming = await told.get()
        phone.calls[incoming["id"]] = told.put_nowait
        leg.hangup({})
        assert (await told.get())["type"] == "cancelled"
        assert trouble == []

    play(story)


def test_what_the_server_refuses_is_told_to_who_waits_for_it_or_to_the_script() -> None:
    async def story(server: Running, phone: Phone, trouble: list[str]) -> None:
        with pytest.raises(PeerError, match="user"):
            await phone.ask("registered", type="register", user="no good name!")
        phone.send(type="nonsense")
        phone.send(type="hangup", id="nobody")
        assert (await phone.ask("pong", type="ping"))["type"] == "pong"
        assert len(trouble) == 2
        assert "Unknown message type" in trouble[0]

    play(story)


def test_a_server_that_goes_and_one_that_is_not_there() -> None:
    async def main() -> None:
        phone = Phone(lambda _: None)
        async with running() as server:
            await phone.connect(server.url)
            waiting = asyncio.create_task(phone.ask("never", type="ping"))
            await asyncio.sleep(0)
        with pytest.raises(PeerError, match="closed the signalling"):
            await waiting
        await phone.close()
        with pytest.raises(PeerError, match="does not take a phone"):
            await Phone(lambda _: None).connect(server.url)
        await Phone(lambda _: None).close()

    asyncio.run(asyncio.wait_for(main(), 30))
