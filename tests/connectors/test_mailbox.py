"""What waits for a peer: in order, texts for ever, audio for half a second."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.connectors.provider import virtual

from voxrun.connectors.mailbox import MOST_CHARACTERS, Mailbox
from voxrun.connectors.transport import SocketClosed


class Slow:
    """A socket that takes a message whenever it is told to."""

    def __init__(self) -> None:
        self.taken: list[str | bytes] = []
        self.free = asyncio.Semaphore(0)

    async def send(self, message: str | bytes) -> None:
        await self.free.acquire()
        self.taken.append(message)

    async def recv(self) -> str | bytes:
        raise NotImplementedError

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


async def drained(box: Mailbox) -> list[str | bytes]:
    socket = Slow()
    task = asyncio.create_task(box.run(socket))
    for _ in range(2000):
        socket.free.release()
    await box.flushed()
    task.cancel()
    return socket.taken


@virtual
async def test_messages_and_audio_keep_their_order() -> None:
    box = Mailbox()
    box.put("start")
    box.put_audio("a1")
    box.put("text")
    box.put_audio("a2")
    box.put("stop")
    assert await drained(box) == ["start", "a1", "text", "a2", "stop"]


@virtual
async def test_the_oldest_audio_makes_room_and_texts_stay() -> None:
    box = Mailbox(most_audio=3)
    box.put("start")
    for n in range(6):
        box.put_audio(f"a{n}")
    box.put("stop")
    assert box.dropped_audio == 3
    assert await drained(box) == ["start", "a3", "a4", "a5", "stop"]


@virtual
async def test_a_full_box_says_so() -> None:
    box = Mailbox(most_texts=2)
    assert [box.put("x") for _ in range(3)] == [True, True, False]
    large = Mailbox()
    assert large.put("x" * MOST_CHARACTERS)
    assert not large.put("x")


@virtual
async def test_flushed_waits_until_the_last_message_was_taken() -> None:
    box, socket = Mailbox(), Slow()
    task = asyncio.create_task(box.run(socket))
    box.put("a")
    flushed = asyncio.create_task(box.flushed())
    await asyncio.sleep(1)
    assert not flushed.done()
    socket.free.release()
    await asyncio.wait_for(flushed, 1)
    assert socket.taken == ["a"]
    task.cancel()


@virtual
async def test_the_end_of_the_socket_ends_the_sending() -> None:
    class Closed(Slow):
        async def send(self, message: str | bytes) -> None:
            raise SocketClosed(1006, "", clean=False)

    box = Mailbox()
    box.put("a")
    with pytest.raises(SocketClosed):
        await box.run(Closed())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), max_size=60))
def test_texts_are_complete_and_audio_is_the_latest(kinds: list[bool]) -> None:
    @virtual
    async def run() -> None:
        box = Mailbox(most_audio=5)
        names = [f"{'a' if audio else 't'}{n}" for n, audio in enumerate(kinds)]
        for name in names:
            box.put_audio(name) if name[0] == "a" else box.put(name)
        audio = [name for name in names if name[0] == "a"][-5:]
        assert await drained(box) == [name for name in names if name[0] == "t" or name in audio]

    run()
