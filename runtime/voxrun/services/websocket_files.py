"""The trace and the statistics of a WebSocket, as files in its session's folder.

The trace holds every message in plain text, media too, a line each: seconds since the socket was made, "in"
or "out", the message. The statistics are JSON, complete when the socket is over::

    {"url": ..., "seconds": [{"t": 0, "in": {"messages": 2, "bytes": 90}, "out": {...}}, ...],
     "in": {"messages": ..., "bytes": ...}, "out": {...}}

Seconds without a message are left out. Both go to the disk's own thread. A disk that refuses ends the file,
never the call.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Final, Literal, TypeAlias

from voxrun.session.messages import Json, JsonObject

Way: TypeAlias = Literal["in", "out"]

FLUSH_CHARACTERS: Final = 64 * 1024
MOST_CHARACTERS: Final = 32 * 1024 * 1024
"""Of one trace: an hour of two streams."""
CUT: Final = f"the trace ends here: it has {MOST_CHARACTERS} characters\n"


class SocketFiles:
    """Either file may be None: not wanted. ``redact`` takes secrets out of a text; ``trouble`` is told of a
    disk that refuses."""

    def __init__(
        self,
        url: str,
        trace: Path | None,
        statistics: Path | None,
        disk: Executor,
        redact: Callable[[str], str],
        trouble: Callable[[str], None],
    ) -> None:
        self._url = url
        self._trace = trace
        self._statistics = statistics
        self._disk = disk
        self._redact = redact
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._lines: list[str] = []
        self._waiting = 0
        self._written = 0
        self._counts: dict[int, dict[Way, list[int]]] = {}
        self._jobs: set[asyncio.Future[None]] = set()
        if trace is not None:
            self._write(trace, "")

    def message(self, way: Way, text: str) -> None:
        """One message that was received or sent."""
        now = self._loop.time() - self._zero
        if self._statistics is not None:
            count = self._counts.setdefault(int(now), {"in": [0, 0], "out": [0, 0]})[way]
            count[0] += 1
            count[1] += len(text.encode("utf-8", "replace"))
        if self._trace is not None and self._written < MOST_CHARACTERS:
            self._line(f"{now:.3f} {way} {_one_line(self._redact(text))}\n")

    def _line(self, line: str) -> None:
        self._written += len(line)
        self._lines.append(line if self._written < MOST_CHARACTERS else CUT)
        self._waiting += len(line)
        if self._waiting >= FLUSH_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        lines, self._lines, self._waiting = self._lines, [], 0
        if self._trace is not None and lines:
            self._write(self._trace, "".join(lines))

    async def close(self) -> None:
        """Complete both files."""
        self._flush()
        if self._statistics is not None:
            self._write(self._statistics, json.dumps(self._summary(), indent=1) + "\n")
            self._statistics = None
        await asyncio.gather(*self._jobs, return_exceptions=True)

    def _summary(self) -> JsonObject:
        ways: tuple[Way, ...] = ("in", "out")
        whole: JsonObject = {
            way: _shown([sum(each[way][i] for each in self._counts.values()) for i in (0, 1)]) for way in ways
        }
        seconds: list[Json] = [
            {"t": t, "in": _shown(each["in"]), "out": _shown(each["out"])} for t, each in self._counts.items()
        ]
        return {"url": self._redact(self._url), "seconds": seconds, **whole}

    def _write(self, path: Path, text: str) -> None:
        job = self._loop.run_in_executor(self._disk, _append, path, text)
        self._jobs.add(job)
        job.add_done_callback(self._done)

    def _done(self, job: asyncio.Future[None]) -> None:
        self._jobs.discard(job)
        error = None if job.cancelled() else job.exception()
        if error is not None and (self._trace or self._statistics):
            self._trace = self._statistics = None
            self._trouble(f"the files of a WebSocket cannot be written: {error}")


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)


def _one_line(text: str) -> str:
    return "\\n".join(text.splitlines())


def _shown(count: list[int]) -> JsonObject:
    return {"messages": count[0], "bytes": count[1]}
