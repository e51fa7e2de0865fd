"""What goes to a client: in order, audio as there is room for it, the short way where nothing waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.websockets import WebSocketDisconnect

from voxrun.emulators.ultravox import outbox
from voxrun.emulators.ultravox.call_config import SocketMedium
from voxrun.emulators.ultravox.downstream import NOT_JSON, Downstream
from voxrun.emulators.ultravox.script import Faults
from voxrun.media.passage import Passage

MEDIUM = SocketMedium(8000, 8000, buffer_ms=60)
MESSAGE = bytes(320)
"""20 ms."""


class Socket:
    """Keeps what it is sent; ``gone`` is a client that has left."""

    def __init__(self, gone: bool = False) -> None:
        self.sent: list[Any] = []
        self._gone = gone

    async def send_text(self, text: str) -> None:
        if self._gone:
            raise WebSocketDisconnect
        self.sent.append(text)

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self, code: int, reason: str) -> None:
        self.sent.append((code, reason))


def played(
    story: Callable[[Downstream], object], faults: Faults | None = None, gone: bool = False
) -> list[Any]:
    """What a socket was sent until it was closed or cut."""

    async def main() -> list[Any]:
        down, socket = Downstream(MEDIUM, faults or Faults(), lambda: None), Socket(gone)
        story(down)
        down.close()
        await down.send_all(socket)  # type: ignore[arg-type]
        return [*socket.sent, "cut"] if down.aborted else socket.sent

    return asyncio.run(main())


def test_messages_and_audio_go_in_order_and_audio_waits_for_room() -> None:
    def story(down: Downstream) -> None:
        down.put("one")
        down.start(MESSAGE * 5, 10.0)
        assert down.deadline == pytest.approx(10.02)
        down.put("two")
        down.pump(10.05)
        assert down.deadline is None

    assert played(story) == ["one", *[MESSAGE] * 3, "two", *[MESSAGE] * 2, (1000, "")]


def test_an_utterance_that_is_stopped_is_forgotten_and_messages_stay() -> None:
    def story(down: Downstream) -> None:
        down.start(MESSAGE * 5, 10.0)
        down.put("two")
        down.stop()
        down.pump(11.0)

    assert played(story) == ["two", (1000, "")]


def test_faults_come_after_so_much_speech_of_all_utterances() -> None:
    def twice(down: Downstream) -> None:
        for at in (10.0, 20.0):
            down.start(MESSAGE * 2, at)
            down.pump(at + 1)

    assert played(twice, Faults(drop_after=0.06)) == [*[MESSAGE] * 3, "cut"]
    assert played(twice, Faults(malformed_json=True)).count(NOT_JSON) == 2
    assert [len(each) for each in played(twice, Faults(odd_audio=True))[:2]] == [321, 319]
    assert played(twice, Faults(stall_after=0.02, stall_for=0.001)) == [*[MESSAGE] * 4, (1000, "")]


def test_a_client_in_this_process_gets_it_at_once_where_nothing_waits() -> None:
    got: list[Any] = []

    def story(down: Downstream) -> None:
        down.put("waits")
        down.passage = Passage(lambda: True, lambda: True)
        down.passage.client = got.append
        down.put("after it")

    assert played(story) == ["waits", "after it", (1000, "")]
    assert got == []

    async def at_once() -> None:
        down = Downstream(MEDIUM, Faults(), lambda: None)
        down.passage = Passage(lambda: True, lambda: True)
        down.passage.client = got.append
        down.put("one")
        down.start(MESSAGE * 3, 10.0)

    asyncio.run(at_once())
    assert got == ["one", MESSAGE * 3]


def test_a_client_that_does_not_read_or_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_BYTES", 5)
    told: list[str] = []

    async def main() -> None:
        down = Downstream(MEDIUM, Faults(), lambda: told.append("full"))
        down.put("12345")
        down.put("6")

    asyncio.run(main())
    assert told == ["full"]
    assert played(lambda down: down.put("x"), gone=True) == []
