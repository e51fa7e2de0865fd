"""The WebSockets of a call script: which server an address finds, and how clients come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.replay.test_stubs import NoSpeech

from voxrun.connectors.transport import Door, SocketClosed
from voxrun.errors import PeerError, ScriptError
from voxrun.replay.socket_party import Around
from voxrun.replay.socket_script import (
    UNREACHABLE,
    Answer,
    Behaviour,
    Close,
    Handler,
    Send,
    SocketStub,
    Visit,
)
from voxrun.replay.sockets import Knock, StubSockets
from voxrun.replay.texts import Wanted
from voxrun.replay.timeline import Timeline
from voxrun.session.virtual import run_virtual

PATH = "/request/id/token"


class World:
    """Stubs, and what is told of them."""

    def __init__(self, *stubs: SocketStub) -> None:
        self.timeline = Timeline()
        self.unmatched: list[str] = []
        self.trouble: list[str] = []
        around = Around(self.timeline, NoSpeech(), self.now, self.trouble.append)
        self.sockets = StubSockets(stubs, around, self.unmatched.append)

    def now(self) -> int:
        return round(asyncio.get_running_loop().time() * 1000)

    def told(self, *kinds: str) -> list[tuple[int, str, str]]:
        return [(m.at, m.who, m.text) for m in self.timeline.moments if m.kind in kinds]


def play(*stubs: SocketStub, story: Callable[[World], Awaitable[Any]]) -> World:
    async def main(_: object) -> World:
        world = World(*stubs)
        await story(world)
        await world.sockets.aclose()
        return world

    return run_virtual(main)


def says(text: str, **more: Any) -> Behaviour:
    return Behaviour((Send(text),), **more)


def test_the_first_server_whose_address_fits_opens_after_its_delay() -> None:
    async def story(world: World) -> None:
        socket = await world.sockets("wss://a.example/one?x=1", {})
        assert (world.now(), await socket.recv()) == (300, "one")
        other = await world.sockets("wss://a.example/two", {})
        assert await other.recv() == "any"

    one = SocketStub(Wanted("wss://a.example/one*"), "one", delay_ms=300, behaviour=says("one"))
    world = play(one, SocketStub(Wanted("wss://a.example/*"), "any", behaviour=says("any")), story=story)
    assert world.told("socket_wanted") == [
        (0, "one", "wss://a.example/one?x=1"),
        (300, "any", "wss://a.example/two"),
    ]
    assert world.unmatched == []


def test_an_address_that_no_server_has_is_told_and_not_reached() -> None:
    async def story(world: World) -> None:
        with pytest.raises(PeerError, match="the call script has no WebSocket of that address"):
            await world.sockets("wss://b.example/?key=secret", {})

    world = play(SocketStub(Wanted("wss://a.example/*")), story=story)
    assert world.unmatched == ["wss://b.example/?key=secret"]


def test_a_server_that_refuses_and_one_that_is_not_there() -> None:
    async def story(world: World) -> None:
        with pytest.raises(PeerError, match="HTTP 503 Service Unavailable: too much"):
            await world.sockets("wss://a/", {})
        with pytest.raises(PeerError, match="nothing answers at wss://b/"):
            await world.sockets("wss://b/", {})

    refusing = SocketStub(Wanted("wss://a/"), "a", refuse=503, refuse_text="too much")
    world = play(refusing, SocketStub(Wanted("wss://b/"), "b", refuse=UNREACHABLE), story=story)
    assert world.told("socket_refused") == [
        (0, "a", "wss://a/ (refused, 503)"),
        (0, "b", "wss://b/ (cannot be reached)"),
    ]


def test_a_server_is_there_so_many_times_then_the_next_is() -> None:
    async def story(world: World) -> None:
        with pytest.raises(PeerError, match="HTTP 503"):
            await world.sockets("wss://a/", {})
        for text in ("one", "one", "two"):
            assert await (await world.sockets("wss://a/", {})).recv() == text
        with pytest.raises(PeerError, match="no WebSocket of that address"):
            await world.sockets("wss://a/", {})

    address = Wanted("wss://a/")
    refuses = SocketStub(address, "refuses", refuse=503, times=1)
    one = SocketStub(address, "one", times=2, behaviour=says("one"))
    two = SocketStub(address, "two", times=1, behaviour=says("two"))
    assert play(refuses, one, two, story=story).unmatched == ["wss://a/"]


def test_a_server_closes_or_breaks_off() -> None:
    async def story(world: World) -> None:
        for url, code, clean in (("wss://a/", 4001, True), ("wss://b/", 1006, False)):
            socket = await world.sockets(url, {})
            with pytest.raises(SocketClosed) as closed:
                await socket.recv()
            assert (closed.value.code, closed.value.clean) == (code, clean)

    closes = SocketStub(Wanted("wss://a/"), "a", behaviour=Behaviour((Close(4001),)))
    play(closes, SocketStub(Wanted("wss://b/"), "b", behaviour=Behaviour((Close(1006),))), story=story)


def test_a_handler_gets_path_headers_and_subprotocol(tmp_path: Path) -> None:
    file = tmp_path / "bot.py"
    file.write_text(
        "async def handle(socket):\n"
        "    request = socket.request\n"
        "    await socket.send(f'{request.path} {request.headers[\"X-Key\"]} {socket.subprotocol}')\n"
    )

    async def story(world: World) -> None:
        socket = await world.sockets("wss://a/x?y=1", {"X-Key": "k"}, ["chat", "other"])
        assert await socket.recv() == "/x?y=1 k chat"
        with pytest.raises(SocketClosed) as closed:
            await socket.recv()
        assert closed.value.code == 1000

    world = play(
        SocketStub(Wanted("wss://a/*"), behaviour=Behaviour(handler=Handler(file, "handle"))), story=story
    )
    assert world.trouble == []
    file.write_text("async def handle(socket):\n    raise ValueError('ill')\n")

    async def fails(world: World) -> None:
        socket = await world.sockets("wss://a/", {})
        with pytest.raises(SocketClosed) as closed:
            await socket.recv()
        assert closed.value.code == 1011

    stub = SocketStub(Wanted("wss://a/*"), behaviour=Behaviour(handler=Handler(file, "handle")))
    assert play(stub, story=fails).trouble == [f"{file}:2: the handler failed: ValueError: ill"]


def test_a_handler_that_never_reads_does_not_keep_the_scenario_from_closing(tmp_path: Path) -> None:
    file = tmp_path / "bot.py"
    file.write_text("import asyncio\n\nasync def handle(socket):\n    await asyncio.sleep(1000)\n")

    async def story(world: World) -> None:
        socket = await world.sockets("wss://a/", {})
        await socket.close(1000, "")
        assert world.now() == 0

    stub = SocketStub(Wanted("wss://a/"), behaviour=Behaviour(handler=Handler(file, "handle")))
    assert play(stub, story=story).trouble == []


def test_a_mistake_in_a_handler_is_told_before_the_call(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text("async def handle(socket:")
    behaviour = Behaviour(handler=Handler(tmp_path / "bot.py", "handle"))
    with pytest.raises(ScriptError, match=r"bot\.py:1: this handler cannot be loaded"):
        World(SocketStub(Wanted("wss://a/"), behaviour=behaviour))


async def echo(door: Door) -> None:
    """A session that sends everything back."""
    socket = await door.accept()
    try:
        while True:
            await socket.send(await socket.recv())
    except SocketClosed:
        pass


async def refuse(door: Door) -> None:
    await door.refuse(429, "three are the most")


async def gone(door: Door) -> None:
    raise KeyError(door.path)


def test_a_client_comes_in_and_talks() -> None:
    doors: list[tuple[str, str]] = []

    async def knock(door: Door) -> None:
        doors.append((door.path, dict(door.headers)["x-key"]))
        await echo(door)

    async def story(world: World) -> None:
        answer = Answer(text=Wanted("hello"), does=(Close(4000),))
        visit = Visit("guest", "/room?a=1", {"X-Key": "k"}, behaviour=says("hello", replies=(answer,)))
        await world.sockets.visit(visit, knock, PATH)
        assert world.sockets.parties["guest"].connected
        await asyncio.sleep(1)
        assert not world.sockets.parties["guest"].connected

    world = play(story=story)
    assert doors == [(f"{PATH}/room?a=1", "k")]
    assert world.told("websocket", "socket_closed") == [(0, "guest", "hello"), (0, "guest", "4000")]


@pytest.mark.parametrize(
    ("knock", "message"), [(refuse, "HTTP 429 .*: three are the most"), (gone, "HTTP 404 .*: No such")]
)
def test_a_client_that_is_refused(knock: Knock, message: str) -> None:
    async def story(world: World) -> None:
        with pytest.raises(PeerError, match=message):
            await world.sockets.visit(Visit(), knock, PATH)

    assert play(story=story).told("socket_open") == []


def test_a_client_that_breaks_off() -> None:
    ends: list[tuple[int, bool]] = []

    async def knock(door: Door) -> None:
        socket = await door.accept()
        try:
            await socket.recv()
        except SocketClosed as closed:
            ends.append((closed.code, closed.clean))

    async def story(world: World) -> None:
        await world.sockets.visit(Visit(behaviour=Behaviour((Close(1006),))), knock, PATH)
        await asyncio.sleep(1)

    play(story=story)
    assert [code for code, _ in ends] == [1006]


def test_what_is_open_at_the_end_is_cut() -> None:
    async def story(world: World) -> None:
        await world.sockets("wss://a/", {})
        await world.sockets.visit(Visit(), echo, PATH)

    world = play(SocketStub(Wanted("wss://a/")), story=story)
    assert {who for _, who, _ in world.told("socket_closed")} == {"guest", "server"}
