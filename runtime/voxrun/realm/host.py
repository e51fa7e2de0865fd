"""A realm host: a process with one thread, which does nothing but run the turns of some sessions.

Started by ``pool`` as ``python -m voxrun.realm.host SOCKET BOARD`` without the parent's
environment. It ends when the socket does.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import signal
import socket
import struct
import sys
import threading
from typing import Any, Final

from msgspec.structs import astuple

from voxrun.realm import probe, wire
from voxrun.realm.port import RealmError, TurnResult
from voxrun.realm.realm import Realm
from voxrun.realm.stack import deepen_main_stack, start_deep

IDLE_SECONDS: Final = 0.2
"""Quiet time before the host makes a realm ahead: the first turns of a new session come first."""

LARGEST_READ: Final = 1 << 18
TIMEVAL: Final = struct.Struct("@ll")
"""The C library's seconds and microseconds."""


class Host:
    """The sessions of this process."""

    def __init__(self, connection: socket.socket, board: mmap.mmap) -> None:
        self._connection = connection
        self._board = board
        self._begun = 0
        self._realms: dict[str, Realm] = {}
        self._spare: Realm | None = None
        self._running: Realm | None = None
        self._wait_at_most(IDLE_SECONDS)

    def serve(self) -> None:
        """Answer requests until the parent is gone."""
        unpacker = wire.Unpacker()
        while data := self._receive():
            for request in unpacker.feed(data):
                self._connection.sendall(wire.pack(self._answer(request)))

    def _receive(self) -> bytes:
        """What the parent sends next; meanwhile, when it is quiet, a realm is made ahead."""
        while True:
            try:
                return self._connection.recv(LARGEST_READ)
            except BlockingIOError:
                self._prepare()

    def _wait_at_most(self, seconds: float) -> None:
        """Let a read end after so long, 0 for never: the kernel's own limit costs no system call a turn."""
        limit = TIMEVAL.pack(0, int(seconds * 1e6))
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)

    def report_hang(self) -> None:
        """Send where the running scenario is and what it issued; called from the middle of it (``probe``).

        The first frame asks little of the engine, the second much: each is sent as soon as it is there.
        """
        realm = self._running
        stack = realm.raw_position() if realm else ""
        self._connection.sendall(wire.pack({"stack": stack}))
        salvaged = realm.salvage() if realm else TurnResult()
        self._connection.sendall(wire.pack({"salvaged": wire.result_to_json(salvaged)}))

    def _prepare(self) -> None:
        self._spare = Realm()
        self._spare.prepare()
        self._wait_at_most(0)
        gc.collect()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self._begun += 1
        wire.BEGUN.pack_into(self._board, 0, self._begun)
        operation = getattr(self, "_do_" + request["op"])
        try:
            answer: dict[str, Any] = operation(request)
        except Exception as error:
            # Anything may be wrong here but the scenario: say so to this session, keep the others.
            text = f"voxrun's realm host failed ({type(error).__name__}: {error}). Please report this."
            return wire.result_to_json(TurnResult(error=RealmError("internal", text)))
        finally:
            self._running = None
        return answer

    def _do_boot(self, request: dict[str, Any]) -> dict[str, Any]:
        realm, self._spare = self._spare or Realm(), None
        self._wait_at_most(IDLE_SECONDS)
        old = self._realms.pop(request["s"], None)
        if old is not None:
            old.close()
        self._running = self._realms[request["s"]] = realm
        result = realm.boot(wire.boot_from_json(request["info"]))
        return {**wire.result_to_json(result), "d": realm.digest}

    def _do_turn(self, request: dict[str, Any]) -> dict[str, Any]:
        realm = self._running = self._realms[request["s"]]
        result = realm.turn_text(request["k"], request["raw"])
        if isinstance(result, str):
            return {"d": realm.digest, "raw": result}
        return {**wire.result_to_json(result), "d": realm.digest}

    def _do_rebuild(self, request: dict[str, Any]) -> dict[str, Any]:
        digests = [self._do_boot(request)["d"]]
        realm = self._realms[request["s"]]
        for kind, text in request["events"]:
            realm.turn_text(kind, text)
            digests.append(realm.digest)
        return {"digests": digests}

    def _do_close(self, request: dict[str, Any]) -> dict[str, Any]:
        realm = self._realms.pop(request["s"], None)
        if realm is not None:
            realm.close()
        return {}

    def _do_listeners(self, request: dict[str, Any]) -> dict[str, Any]:
        realm = self._running = self._realms[request["s"]]
        return {"rows": [astuple(row) for row in realm.listeners()]}

    def _do_memory(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"bytes": self._realms[request["s"]].memory_used()}

    def _do_ready(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._spare is None:
            self._prepare()
        return {}


def main() -> None:
    """Entry point: ``host.py SOCKET BOARD``, two file descriptors."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's: it ends calls first
    gc.freeze()  # the modules are here to stay: a collection between two calls need not walk over them
    board = mmap.mmap(int(sys.argv[2]), wire.BEGUN.size)
    host = Host(socket.socket(fileno=int(sys.argv[1])), board)
    probe.install(host.report_hang)
    if deepen_main_stack():
        with contextlib.suppress(ConnectionError):  # the parent was killed
            host.serve()
        return
    thread = threading.Thread(target=host.serve, name="voxrun-realms")
    start_deep(thread)
    thread.join()


if __name__ == "__main__":
    main()
