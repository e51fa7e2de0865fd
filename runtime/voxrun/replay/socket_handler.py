"""WebSocket servers in Python for call scripts: a coroutine written for ``websockets.serve``, unmodified.

``handler: bot.py`` names a file with ``async def handle(socket)``. The socket is what such a coroutine knows
of ``websockets.asyncio.server.ServerConnection``: ``send``, ``recv``, ``close``, ``wait_closed``,
``async for``, ``request.path`` and ``request.headers``, ``subprotocol``, ``remote_address``, ``close_code``,
``close_reason``; the end of the connection raises ``websockets.exceptions.ConnectionClosed``. A coroutine
that returns closes with 1000, one that fails with 1011.

The file is read once a call, with what it imports from its folder, so that nothing is left of the call
before. Time in it is the call's: use ``asyncio.sleep``, not ``time``.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import ScriptError
from voxrun.replay.socket_script import Handler

Talk: TypeAlias = Callable[[Any], Awaitable[None]]

MODULE: Final = "voxrun_call_script_handler_{}"
GOOD: Final = frozenset({1000, 1001})


def load_handler(handler: Handler, number: int = 0) -> Talk:
    """The coroutine function of a handler. Raises ScriptError with the line at fault."""
    name = MODULE.format(number)
    spec = importlib.util.spec_from_file_location(name, handler.file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    folder = handler.file.parent
    sys.path.insert(0, str(folder))  # as for a script that is run
    before = {*sys.modules}
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ScriptError(_told(error, handler.file, "this handler cannot be loaded")) from None
    finally:
        sys.path.remove(str(folder))
        for other in {*sys.modules} - before:  # another handler's neighbours may have the same names
            top = other.partition(".")[0]
            if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
                del sys.modules[other]
    found = getattr(module, handler.name, None)
    if not asyncio.iscoroutinefunction(found):
        raise ScriptError(f"{handler.file}: there is no 'async def {handler.name}(socket)' in it")
    return found


async def talk(coroutine: Talk, socket: HandlerSocket, file: Path) -> None:
    """Let the coroutine talk until it is done. Raises ScriptError for what it failed with."""
    try:
        await coroutine(socket)
    except ConnectionClosed:
        await socket.close()  # it is over already: this is what the other side waits for
        return
    except Exception as error:
        await socket.close(1011, "internal error")
        raise ScriptError(_told(error, file, "the handler failed")) from None
    await socket.close()


def _told(error: BaseException, file: Path, what: str) -> str:
    """An error in one line, with the line of the file that it comes from."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {what}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    where = f"{file}:{lines[-1]}" if lines else f"{file}"
    return f"{where}: {what}: {type(error).__name__}: {error}"


class HandlerSocket:
    """See the module docstring."""

    def __init__(
        self, socket: ClientSocket, path: str, headers: Sequence[tuple[str, str]], subprotocol: str
    ) -> None:
        self.request = SimpleNamespace(path=path, headers=Headers(headers))
        self.subprotocol = subprotocol or None
        self.remote_address = ("127.0.0.1", 0)
        self.local_address = ("127.0.0.1", 0)
        self.id = f"{path}"
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self._socket = socket
        self._closed = asyncio.Event()

    async def send(self, message: str | bytes | bytearray) -> None:
        """Send a text or bytes."""
        try:
            await self._socket.send(message if isinstance(message, str) else bytes(message))
        except SocketClosed as closed:
            raise self._ended(closed) from None

    async def recv(self) -> str | bytes:
        """The next message."""
        try:
            return await self._socket.recv()
        except SocketClosed as closed:
            raise self._ended(closed) from None

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        try:
            while True:
                yield await self.recv()
        except ConnectionClosedOK:
            return

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Start and end the closing handshake."""
        await self._socket.close(code, reason)
        if self.close_code is None:
            self._ended(SocketClosed(code, reason, clean=True))

    async def wait_closed(self) -> None:
        """Until the connection is closed; what still comes is for nobody."""
        while not self._closed.is_set():
            try:
                await self.recv()
            except ConnectionClosed:
                return

    def _ended(self, closed: SocketClosed) -> ConnectionClosed:
        if self.close_code is None:
            self.close_code, self.close_reason = closed.code, closed.reason
        self._closed.set()
        if not closed.clean:
            return ConnectionClosedError(None, None)
        frame = Close(closed.code, closed.reason)
        kind = ConnectionClosedOK if closed.code in GOOD else ConnectionClosedError
        return kind(frame, frame, rcvd_then_sent=True)
