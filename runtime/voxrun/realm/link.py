"""One realm host, seen from its parent: the process, its socket, what it has been asked, its watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

import voxrun
from voxrun.realm import probe, wire
from voxrun.realm.port import NOTHING, TurnResult

GRACE_SECONDS: Final = 3.0
"""Wall time a host has beyond the budget of a turn before it is killed."""

CHECK_SECONDS: Final = 0.5

STARVED_FACTOR: Final = 10
"""A host that got no CPU may take this many times longer: a busy machine is no fault of the scenario."""

POSITION_SECONDS: Final = 0.5
"""How long a host that is going to be killed has to say where it hangs."""

_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Request(Struct):
    """Something asked of a host. ``owner`` is the realm whose turn it is, None for the pool's own."""

    message: dict[str, Any]
    owner: Any
    budget: float
    """Seconds of CPU it may take."""
    answer: Callable[[dict[str, Any]], None]


class Loss(Struct, frozen=True):
    """How a host ended, and which realm it was running."""

    guilty: Any
    how: str
    hung: bool = False
    stack: str = ""
    salvaged: TurnResult = NOTHING
    """What the guilty one had issued in the turn, as far as it could be saved."""


class HostLink:
    """A running host. Requests may be sent at once; ``lost`` is called when it ends by itself or hangs.

    ``gently``: there is time until the first request, and calls go on meanwhile.
    """

    def __init__(
        self,
        lost: Callable[[HostLink, Loss], None],
        grace: float = GRACE_SECONDS,
        *,
        gently: bool = False,
    ) -> None:
        self._grace = grace
        self._loop = asyncio.get_running_loop()
        self._lost = lost
        ours, theirs = socket.socketpair()
        board = os.memfd_create("voxrun-realm-host")
        os.ftruncate(board, wire.BEGUN.size)
        self._board = mmap.mmap(board, wire.BEGUN.size)
        self._answered = 0
        module = "voxrun.realm.reserve" if gently else "voxrun.realm.host"
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, str(theirs.fileno()), str(board)],
                env=_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), board),
                start_new_session=True,
            )
        os.close(board)
        ours.setblocking(False)
        self._socket: socket.socket | None = ours
        self._unpacker = wire.Unpacker()
        self._out = bytearray()
        self._asked: deque[Request] = deque()
        self._head_at = 0.0
        self._watched: Request | None = None
        self._watched_cpu = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._killing = False
        self._stack = ""
        self._salvaged = TurnResult()
        self._loop.add_reader(ours, self._readable)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, request: Request) -> None:
        """Ask something; answers come in order."""
        if self._socket is None:
            return
        self._asked.append(request)
        if len(self._asked) == 1:
            self._new_head()
        self._write(wire.pack(request.message))

    def retire(self) -> None:
        """End the host after what it was asked."""
        if self._socket is None:
            return
        if self._asked or self._out:
            self._loop.call_later(0.05, self.retire)
        else:
            self.kill()

    def kill(self) -> None:
        """End the host now; ``lost`` is not called. A host has nothing to save."""
        self._shut()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()

    # -- socket

    def _write(self, data: bytes) -> None:
        sock = self._socket
        if sock is None:
            return
        if not self._out:
            try:
                data = data[sock.send(data) :]
            except (BlockingIOError, InterruptedError):
                pass
            except OSError:
                return  # the reader notices the end
            if not data:
                return
            self._loop.add_writer(sock, self._writable)
        self._out += data

    def _writable(self) -> None:
        sock = self._socket
        assert sock is not None
        try:
            del self._out[: sock.send(self._out)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._out.clear()
        if not self._out:
            self._loop.remove_writer(sock)

    def _readable(self) -> None:
        sock = self._socket
        assert sock is not None
        try:
            data = sock.recv(1 << 18)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._gone()
            return
        try:
            for message in self._unpacker.feed(data):
                self._take(message)
        except ValueError:
            self._process.kill()

    def _take(self, message: dict[str, Any]) -> None:
        if "stack" in message:
            self._stack = message["stack"]
            return
        if "salvaged" in message:
            self._salvaged = wire.result_from_json(message["salvaged"])
            self._process.kill()
            return
        if not self._asked:
            raise ValueError("an answer that nobody asked for")
        request = self._asked.popleft()
        self._answered += 1
        if self._asked:
            self._new_head()
        request.answer(message)

    # -- watchdog

    def _new_head(self) -> None:
        self._head_at = self._loop.time()
        if self._watch is None:
            self._watch = self._loop.call_later(CHECK_SECONDS, self._check)

    def _check(self) -> None:
        """Every half second while there is something to wait for, so that a turn itself costs no look."""
        self._watch = None
        if not self._asked or self._socket is None:
            return
        head = self._asked[0]
        if head is not self._watched:
            self._watched, self._watched_cpu = head, _cpu_seconds(self.pid)
        waited = self._loop.time() - self._head_at
        limit = head.budget + self._grace
        if waited >= limit:
            starved = _cpu_seconds(self.pid) - self._watched_cpu < head.budget
            if not starved or waited >= limit * STARVED_FACTOR:
                self._kill_hung()
                return
        self._watch = self._loop.call_later(CHECK_SECONDS, self._check)

    def _kill_hung(self) -> None:
        self._killing = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, probe.SIGNAL)
        self._loop.call_later(POSITION_SECONDS, self._process.kill)

    # -- end

    def _gone(self) -> None:
        self._shut()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()  # it closed its socket: it is ending anyway
        code = self._process.wait()
        begun = wire.BEGUN.unpack_from(self._board)[0] > self._answered
        guilty = self._asked[0].owner if self._asked and begun else None
        how = f"the realm host ended ({_ending(code)})"
        self._lost(self, Loss(guilty, how, self._killing, self._stack, self._salvaged))

    def _shut(self) -> None:
        sock, self._socket = self._socket, None
        if sock is not None:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)
            sock.close()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


def _environment() -> dict[str, str]:
    """All a host gets of the environment: nothing a scenario could want to read."""
    return {
        "PATH": os.defpath,
        "PYTHONPATH": str(Path(voxrun.__file__).resolve().parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def _cpu_seconds(pid: int) -> float:
    """CPU time a process has used; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
