"""One WebSocket against sockets that behave badly; its ordinary life is in test_websockets.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import PeerError
from voxrun.media.stream_codec import PCM8
from voxrun.services.ticker import LoopTicker
from voxrun.services.websocket import About, WebSocketState
from voxrun.session.virtual import run_virtual


class Host:
    """Remembers what the WebSocket tells."""

    default_encoding = PCM8
    longest = 100

    def __init__(self) -> None:
        self.ticker = LoopTicker()
        self.events: list[tuple[str, Any]] = []
        self.traffic: list[Any] = []
        self.warnings: list[str] = []

    def emit(self, kind: str, data: Any) -> None:
        self.events.append((kind.removeprefix("WebSocket."), data))

    def wire(self, direction: str, what: str, payload: Any) -> None:
        self.traffic.append((direction, what, payload))

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    async def room(self) -> None: ...

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.events]


class Socket:
    """A peer: messages put into ``incoming`` arrive; ``obstinate`` never answers a close frame."""

    def __init__(self, obstinate: bool = False) -> None:
        self.incoming: asyncio.Queue[str | bytes | SocketClosed] = asyncio.Queue()
        self.sent: list[str | bytes] = []
        self.closed: list[int] = []
        self._obstinate = obstinate

    async def send(self, message: str | bytes) -> None:
        self.sent.append(message)

    async def recv(self) -> str | bytes:
        message = await self.incoming.get()
        if isinstance(message, SocketClosed):
            raise message
        return message

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed.append(code)
        if self._obstinate:
            await asyncio.sleep(2)
            self.incoming.put_nowait(SocketClosed(1006, "", clean=False))
        else:
            self.incoming.put_nowait(SocketClosed(code, reason, clean=True))


Story = Callable[[WebSocketState, Host, Socket], Awaitable[None]]


def live(
    story: Story, socket: Socket | None = None, opening: Callable[[], Awaitable[ClientSocket]] | None = None
) -> Host:
    async def main(_: object) -> Host:
        host, peer = Host(), socket or Socket()

        async def ready() -> ClientSocket:
            return peer

        state = WebSocketState(About("wss://bot"), host)
        task = asyncio.create_task(state.run(opening or ready))
        await asyncio.sleep(0.01)
        await story(state, host, peer)
        await asyncio.wait_for(task, 60)
        host.ticker.close()
        return host

    return run_virtual(main)


def test_a_peer_that_never_answers_the_close_ends_with_1006() -> None:
    async def story(state: WebSocketState, host: Host, socket: Socket) -> None:
        state.close()

    host = live(story, Socket(obstinate=True))
    assert host.events[-1] == ("Close", {"code": 1006, "reason": "", "wasClean": False})
    assert "Error" not in host.kinds  # the scenario wanted the end


def test_messages_that_come_while_it_closes_are_for_nobody() -> None:
    async def story(state: WebSocketState, host: Host, socket: Socket) -> None:
        state.close()
        socket.incoming.put_nowait("late")

    assert live(story, Socket(obstinate=True)).kinds == ["Created", "Open", "Close"]


@pytest.mark.parametrize(
    ("error", "told", "warned"),
    [
        (PeerError("no such host"), "no such host", "WebSocket: no such host"),
        (RuntimeError("oops"), "", "a fault of voxrun itself"),
    ],
)
def test_whatever_opening_raises_ends_it_with_an_error(error: Exception, told: str, warned: str) -> None:
    async def broken() -> ClientSocket:
        raise error

    async def story(state: WebSocketState, host: Host, socket: Socket) -> None: ...

    host = live(story, opening=broken)
    assert host.kinds == ["Created", "Error", "Close"]
    assert host.events[-1][1] == {"code": 1006, "reason": told, "wasClean": False}
    assert warned in host.warnings[0]


def test_a_long_reason_is_cut_as_close_frames_cut_it() -> None:
    async def broken() -> ClientSocket:
        raise PeerError("x" * 500)

    async def story(state: WebSocketState, host: Host, socket: Socket) -> None: ...

    assert len(live(story, opening=broken).events[-1][1]["reason"]) == 123


def test_a_message_that_is_too_long_closes_with_1009() -> None:
    async def story(state: WebSocketState, host: Host, socket: Socket) -> None:
        socket.incoming.put_nowait("x" * 101)
        await asyncio.sleep(1)
        assert socket.closed == [1009]

    host = live(story)
    assert host.kinds == ["Created", "Open", "Error", "Close"]
    assert host.events[-1][1]["code"] == 1006


def test_the_session_s_end_is_silent_for_the_scenario_and_lets_messages_out() -> None:
    async def story(state: WebSocketState, host: Host, socket: Socket) -> None:
        state.send("farewell")
        await state.abandon()
        await state.abandon()
        assert (socket.sent, socket.closed) == (["farewell"], [1001])
        state.send("late")
        state.close()

    assert live(story).kinds == ["Created", "Open"]


def test_clean_ends_of_the_peer_are_no_errors() -> None:
    for code in (1000, 1001, 1005, 1011, 4321):

        async def story(state: WebSocketState, host: Host, socket: Socket, code: int = code) -> None:
            socket.incoming.put_nowait(SocketClosed(code, "bye", clean=True))

        host = live(story)
        assert host.events[2:] == [("Close", {"code": code, "reason": "bye", "wasClean": True})]


def test_json_with_values_that_json_has_not_is_shown_as_text() -> None:
    async def story(state: WebSocketState, host: Host, socket: Socket) -> None:
        for text in ('{"a": 1}', '{"a": NaN}', "5"):
            socket.incoming.put_nowait(text)
        await asyncio.sleep(0.1)
        state.close()

    shown = [payload for way, _, payload in live(story).traffic if way == "in"]
    assert shown == [{"a": 1}, '{"a": NaN}', "5"]
