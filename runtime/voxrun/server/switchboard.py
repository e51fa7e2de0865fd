"""One softphone page in front of several workers: which message goes to whom. No I/O.

To the page all workers are one server; to each worker the page is a page of its own. Calls that the page
makes go to the worker that was chosen for them; calls that come in have ids of the form ``in-WORKER-N`` here
and ``in-N`` there. What every worker answers (``registered``) is passed on once, from the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

Message = dict[str, Any]

TO_ALL: Final = frozenset({"register", "unregister"})
ONCE: Final = frozenset({"registered", "pong"})
LOST: Final = "The worker process of this call ended unexpectedly. Other calls are not affected."


class Switchboard:
    """State of one page. Workers are numbers here; ``choose()`` gives the one for a new call (None: no worker
    is up, or voxrun is draining), ``owner(session)`` whose a session is."""

    def __init__(self, choose: Callable[[], int | None], owner: Callable[[str], int | None]) -> None:
        self._choose = choose
        self._owner = owner
        self._calls: dict[str, int] = {}
        self._workers: list[int] = []
        self._registration: str = ""
        self._watch: str = ""

    def joined(self, worker: int) -> list[str]:
        """A worker's socket is open; gives what it has to be told."""
        self._workers.append(worker)
        return [text for text in (self._registration, self._watch) if text]

    def left(self, worker: int) -> list[Message]:
        """A worker is gone; gives what the page has to be told."""
        if worker in self._workers:
            self._workers.remove(worker)
        lost = [call for call, owner in self._calls.items() if owner == worker]
        told: list[Message] = []
        for call in lost:
            del self._calls[call]
            if call.startswith("in-"):
                told.append({"type": "cancelled", "id": call, "code": 500, "reason": LOST})
            ended = {"code": 500, "reason": LOST, "by": "error", "duration": 0.0, "headers": {}}
            told.append({"type": "ended", "id": call, **ended})
        return told

    def from_page(self, text: str) -> tuple[list[tuple[int, str]], list[Message]]:
        """Gives (worker, message) to pass on, and messages for the page."""
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            return self._to_first(text)  # which says what is wrong with it
        kind, call = message.get("type"), message.get("id")
        if kind in TO_ALL:
            self._registration = text if kind == "register" else ""
            return [(worker, text) for worker in self._workers], []
        if kind == "watch":
            return self._watching(text, message), []
        if kind in ("call", "start"):
            return self._new(text, message)
        if isinstance(call, str) and call in self._calls:
            owner = self._calls[call]
            return [(owner, _renamed(text, message, f"in-{owner}-", "in-"))], []
        return self._to_first(text)

    def _to_first(self, text: str) -> tuple[list[tuple[int, str]], list[Message]]:
        return ([(self._workers[0], text)], []) if self._workers else ([], [])

    def _watching(self, text: str, message: Message) -> list[tuple[int, str]]:
        session = message.get("session")
        self._watch = text if session == "*" else ""
        owner = self._owner(session) if isinstance(session, str) else None
        if owner is None:
            return [(worker, text) for worker in self._workers]
        stop = json.dumps({"type": "watch", "session": ""})
        return [(worker, text if worker == owner else stop) for worker in self._workers]

    def _new(self, text: str, message: Message) -> tuple[list[tuple[int, str]], list[Message]]:
        worker, call = self._choose(), message.get("id")
        if worker is not None and worker not in self._workers:
            worker = next(iter(self._workers), None)  # the socket to the chosen one is still being opened
        if worker is None:
            why = "voxrun takes no new calls now: it is being shut down, or is starting. Try again."
            return [], [{"type": "error", "message": why, "re": message["type"], "id": call}]
        if message["type"] == "call" and isinstance(call, str):
            if call in self._calls:
                worker = self._calls[call]  # which says that there was a call with this id
            self._calls[call] = worker
        return [(worker, text)], []

    def from_worker(self, worker: int, text: str) -> tuple[Message | None, str]:
        """A worker's message: read, and as it goes on to the page ("" where it does not)."""
        message: Message = json.loads(text)
        kind, call = message.get("type"), message.get("id")
        first = bool(self._workers) and worker == self._workers[0]
        if kind == "welcome" or (kind in ONCE and not first):
            return message, ""
        if kind == "error" and not first and message.get("re") in (*TO_ALL, "watch"):
            return message, ""
        if kind == "session" or not isinstance(call, str):
            return message, text
        if call.startswith("in-"):
            text = _renamed(text, message, "in-", f"in-{worker}-")
            call = message["id"]
            self._calls.setdefault(call, worker)
        if kind in ("ended", "cancelled"):
            self._calls.pop(call, None)
        return message, text


def _renamed(text: str, message: Message, old: str, new: str) -> str:
    call = message["id"]
    if not call.startswith(old):
        return text
    message["id"] = new + call.removeprefix(old)
    return json.dumps(message)
