"""Servers in Python: what a coroutine for websockets.serve finds here, and how its mistakes are told."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from voxrun.connectors.transport import SocketClosed
from voxrun.errors import ScriptError
from voxrun.replay.socket_handler import HandlerSocket, load_handler, talk
from voxrun.replay.socket_script import Handler

Talk = Callable[[Any], Awaitable[None]]

WORDS = ["one", "two", "last"]


class Wire:
    """A ``ClientSocket`` whose other side sends ``WORDS`` and then ends it as ``end`` says."""

    def __init__(self, end: SocketClosed) -> None:
        self.sent: list[Any] = []
        self.closed: tuple[int, str] | None = None
        self._words = [*WORDS]
        self._end = end

    async def send(self, message: str | bytes) -> None:
        if not self._words:
            raise self._end
        self.sent.append(message)

    async def recv(self) -> str | bytes:
        if self.closed is not None or not self._words:
            raise self._end
        return self._words.pop(0)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed = self.closed or (code, reason)


def socket(wire: Wire) -> HandlerSocket:
    return HandlerSocket(wire, "/talk?a=1", [("x-key", "secret")], "chat")


GOOD = SocketClosed(1000, "done", clean=True)
BROKEN = SocketClosed(1006, "", clean=False)


def written(folder: Path, text: str) -> Path:
    file = folder / "bot.py"
    file.write_text(textwrap.dedent(text), "utf-8")
    return file


CODE = """
    notes = []

    async def handle(socket):
        notes.append((socket.request.path, socket.request.headers["X-Key"], socket.subprotocol))
        await socket.send("welcome")
        async for message in socket:
            notes.append(message)
            if message != "last":
                await socket.send(message + "!")
        notes.append((socket.close_code, socket.close_reason))
"""


def test_a_coroutine_reads_and_answers_until_the_end(tmp_path: Path) -> None:
    handle = load_handler(Handler(written(tmp_path, CODE), "handle"))
    wire = Wire(GOOD)
    asyncio.run(talk(handle, socket(wire), tmp_path / "bot.py"))
    assert wire.sent == ["welcome", "one!", "two!"]
    notes = handle.__globals__["notes"]
    assert notes == [("/talk?a=1", "secret", "chat"), *WORDS, (1000, "done")]


@pytest.mark.live
def test_the_same_coroutine_serves_a_real_socket(tmp_path: Path) -> None:
    handle = load_handler(Handler(written(tmp_path, CODE), "handle"))

    async def main() -> list[Any]:
        async with serve(handle, "127.0.0.1", 0, subprotocols=["chat"]) as server:  # type: ignore[arg-type,list-item]
            port = next(iter(server.sockets)).getsockname()[1]
            url = f"ws://127.0.0.1:{port}/talk?a=1"
            about = {"additional_headers": {"X-Key": "secret"}, "subprotocols": ["chat"]}
            async with connect(url, **about) as client:  # type: ignore[arg-type]
                heard = [await client.recv()]
                for word in WORDS[:2]:
                    await client.send(word)
                    heard.append(await client.recv())
                await client.send(WORDS[2])
                await client.close(1000, "done")
                return heard

    assert asyncio.run(main()) == ["welcome", "one!", "two!"]
    notes = handle.__globals__["notes"]
    assert notes == [("/talk?a=1", "secret", "chat"), *WORDS, (1000, "done")]


def test_a_connection_that_breaks_ends_the_coroutine_and_is_no_failure(tmp_path: Path) -> None:
    code = """
        notes = []

        async def handle(socket):
            try:
                async for message in socket:
                    pass
            finally:
                notes.append((socket.close_code, socket.close_reason))
    """
    handle = load_handler(Handler(written(tmp_path, code), "handle"))
    asyncio.run(talk(handle, socket(Wire(BROKEN)), tmp_path / "bot.py"))
    assert handle.__globals__["notes"] == [(1006, "")]


def test_who_does_not_read_learns_of_the_end_when_sending(tmp_path: Path) -> None:
    code = """
        from websockets.exceptions import ConnectionClosed

        notes = []

        async def handle(socket):
            await socket.wait_closed()
            try:
                await socket.send("too late")
            except ConnectionClosed as error:
                notes.append((type(error).__name__, str(error)))
    """
    handle = load_handler(Handler(written(tmp_path, code), "handle"))
    notes = handle.__globals__["notes"]
    asyncio.run(talk(handle, socket(Wire(GOOD)), tmp_path / "bot.py"))
    assert notes == [("ConnectionClosedOK", "received 1000 (OK) done; then sent 1000 (OK) done")]
    wire = Wire(SocketClosed(1011, "ill", clean=True))
    asyncio.run(talk(handle, socket(wire), tmp_path / "bot.py"))
    assert notes[1][0] == "ConnectionClosedError"
    assert notes[1][1].startswith("received 1011 (internal error) ill")


def test_its_end_closes_the_connection_with_1000_and_its_failure_with_1011(tmp_path: Path) -> None:
    code = """
        async def handle(socket):
            await socket.recv()

        async def closes(socket):
            await socket.close(4000, "enough")

        async def fails(socket):
            {}[await socket.recv()]
    """
    file = written(tmp_path, code)
    wires = {}
    for name in ("handle", "closes"):
        wires[name] = Wire(GOOD)
        asyncio.run(talk(load_handler(Handler(file, name)), socket(wires[name]), file))
    assert wires["handle"].closed == (1000, "")
    assert wires["closes"].closed == (4000, "enough")
    wire = Wire(GOOD)
    with pytest.raises(ScriptError) as error:
        asyncio.run(talk(load_handler(Handler(file, "fails")), socket(wire), file))
    assert str(error.value) == f"{file}:9: the handler failed: KeyError: 'one'"
    assert wire.closed == (1011, "internal error")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("async def handle(socket:", ":1: this handler cannot be loaded: '(' was never closed"),
        ("x = 1\ny = 1 / 0", ":2: this handler cannot be loaded: ZeroDivisionError: division by zero"),
        ("import no_such_module_at_all", ":1: this handler cannot be loaded: ModuleNotFoundError: No module"),
        ("def handle(socket): pass", ": there is no 'async def handle(socket)' in it"),
        ("", ": there is no 'async def handle(socket)' in it"),
    ],
)
def test_a_file_that_is_none_is_told_with_its_line(tmp_path: Path, code: str, message: str) -> None:
    file = written(tmp_path, code)
    with pytest.raises(ScriptError) as error:
        load_handler(Handler(file, "handle"))
    assert str(error.value).startswith(f"{file}{message}")


def test_a_handler_may_import_what_lies_beside_it_and_starts_anew_each_time(tmp_path: Path) -> None:
    code = """
        from beside_the_bot import WORD

        count = 0

        async def handle(socket):
            global count
            count += 1
            await socket.send(f"{WORD} {count}")
    """
    wires = []
    for number, word in enumerate(("hello", "hello", "moin")):
        folder = tmp_path / word
        folder.mkdir(exist_ok=True)
        (folder / "beside_the_bot.py").write_text(f"WORD = '{word}'")
        wires.append(Wire(GOOD))
        handle = load_handler(Handler(written(folder, code), "handle"), number)
        asyncio.run(talk(handle, socket(wires[-1]), folder / "bot.py"))
    assert [wire.sent for wire in wires] == [["hello 1"], ["hello 1"], ["moin 1"]]
