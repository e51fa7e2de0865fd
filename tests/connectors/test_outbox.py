"""What waits for a provider: every message in order, audio no older than half a second."""

from __future__ import annotations

import asyncio
import contextlib

from tests.connectors.provider import virtual
from tests.media.test_passage import Door

from voxrun.connectors.outbox import MOST_AUDIO, Outbox


class Slow:
    """A socket whose peer takes ``seconds`` for each message."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.got: list[str | bytes] = []
        self.seconds = seconds

    async def send(self, message: str | bytes) -> None:
        await asyncio.sleep(self.seconds)
        self.got.append(message)

    async def recv(self) -> str | bytes:
        raise AssertionError("nobody reads here")

    async def close(self, code: int = 1000, reason: str = "") -> None:
        return None


class Near(Slow):
    """One whose peer is in this process; ``open`` says whether its door is."""

    def __init__(self) -> None:
        super().__init__()
        self.peer: Door | None = Door()

    @property
    def door(self) -> Door | None:
        return self.peer


async def run_for(outbox: Outbox, socket: Slow, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await outbox.run(socket)


@virtual
async def test_messages_that_came_before_the_socket_are_sent_first_and_in_order() -> None:
    outbox = Outbox()
    outbox.put_audio(b"aa")
    for text in "abc":
        outbox.put_message(text)
    socket = Slow()
    await run_for(outbox, socket, 1)
    assert socket.got == ["a", "b", "c", b"aa"]


@virtual
async def test_a_slow_peer_gets_the_newest_half_second_of_audio_and_every_message() -> None:
    outbox, socket = Outbox(), Slow(0.1)
    running = asyncio.create_task(run_for(outbox, socket, 30))
    for number in range(500):
        outbox.put_audio(number.to_bytes(2, "big"))
        if number % 100 == 0:
            outbox.put_message(str(number))
        await asyncio.sleep(0.02)
    await running
    assert [got for got in socket.got if isinstance(got, str)] == ["0", "100", "200", "300", "400"]
    audio = [got for got in socket.got if isinstance(got, bytes)]
    assert audio == sorted(audio)
    assert audio[-MOST_AUDIO:] == [number.to_bytes(2, "big") for number in range(500 - MOST_AUDIO, 500)]
    assert outbox.dropped_audio == 500 - len(audio) > 0


@virtual
async def test_messages_are_bounded_too() -> None:
    outbox, socket = Outbox(most_messages=3), Slow()
    for text in "abcde":
        outbox.put_message(text)
    await run_for(outbox, socket, 1)
    assert socket.got == ["c", "d", "e"]
    assert outbox.dropped_messages == 2


@virtual
async def test_audio_for_a_peer_in_this_process_takes_the_short_way_unless_something_waits() -> None:
    outbox, socket = Outbox(), Near()
    door = socket.peer
    assert door is not None
    assert outbox.door() is None  # there is no socket yet
    running = asyncio.create_task(outbox.run(socket))
    await asyncio.sleep(0.1)
    outbox.put_audio(b"aa")
    assert door.taken == [b"aa"]
    outbox.put_message("text")
    assert outbox.door() is None
    outbox.put_audio(b"bb")  # not before the text
    await asyncio.sleep(0.1)
    assert (door.taken, socket.got) == ([b"aa"], ["text", b"bb"])
    socket.peer = None
    outbox.put_audio(b"cc")
    await asyncio.sleep(0.1)
    assert socket.got[-1] == b"cc"
    running.cancel()
    await asyncio.wait([running])
    socket.peer = door
    assert outbox.door() is None
