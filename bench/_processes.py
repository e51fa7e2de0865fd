"""A voxrun of its own for benchmarks: started as people start it, measured from outside."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INBOUND = ROOT / "scenarios" / "inbound.js"
PATIENCE = 60.0
_LINK = re.compile(rb"Open\s+(http\S+?)/?\s")


@dataclass(frozen=True, slots=True)
class Voxrun:
    """``ready_s`` passed between the command and the line with the link."""

    url: str
    pid: int
    ready_s: float
    folder: Path


@asynccontextmanager
async def voxrun(
    scenario: Path = INBOUND, *options: str, start: Sequence[str] = (), **env: str
) -> AsyncIterator[Voxrun]:
    """``voxrun scenario`` with folders and caches of its own, from the command to its end by Ctrl-C.

    ``start``: the program, for one that is not voxrun as people have it.
    """
    with tempfile.TemporaryDirectory(prefix="voxrun-bench-") as name:
        folder = Path(name)
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(
                *(start or command()),
                str(scenario),
                "--port",
                "0",
                "--sessions",
                str(folder / "sessions"),
                *options,
            ),
            cwd=folder,
            env=environment(folder) | env,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        draining: asyncio.Task[bytes] | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                url = await _link(process.stdout)
            ready = time.monotonic() - began
            draining = asyncio.create_task(process.stdout.read())
            yield Voxrun(url, process.pid, ready, folder)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            await process.wait()
            if draining is not None:
                await draining


async def _link(stream: asyncio.StreamReader) -> str:
    async for line in stream:
        if found := _LINK.search(line):
            return found[1].decode()
    raise RuntimeError("voxrun ended before it was ready")


@cache
def command() -> tuple[str, ...]:
    """``bin/voxrun`` where it would run this very Python at once, else the same without its shell script."""
    if Path(sys.executable) == ROOT / ".venv" / "bin" / "python":
        asked = f'. "{ROOT}/bin/setup.bash" && voxrun_is_ready "{ROOT}" speech'
        if subprocess.run(["bash", "-c", asked], check=False).returncode == 0:
            return (str(ROOT / "bin" / "voxrun"),)
    return (sys.executable, "-m", "voxrun.cli.main")


def environment(folder: Path) -> dict[str, str]:
    """Ours, without settings of voxrun and without phrases that were spoken in an earlier run."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VOXRUN_", "ULTRAVOX_"))}
    return kept | {"XDG_CACHE_HOME": str(folder / "cache")}


_TIMER = """
import asyncio, json, sys
async def main():
    loop, late = asyncio.get_running_loop(), []
    ended = loop.run_in_executor(None, sys.stdin.read)
    due = loop.time()
    while not ended.done():
        due = max(due + 0.02, loop.time())
        await asyncio.sleep(due - loop.time())
        late.append(1e3 * (loop.time() - due))
    print(json.dumps(late))
asyncio.run(main())
"""


@asynccontextmanager
async def bare_timer() -> AsyncIterator[list[float]]:
    """What this machine gives to anybody: how late, in ms, a timer of 20 ms is in a Python that does nothing
    else. The list is filled on leaving."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _TIMER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    late: list[float] = []
    try:
        yield late
    finally:
        out, _ = await process.communicate(b"")  # which closes its input: it ends
        late += json.loads(out)


async def seconds_of(*words: str) -> float:
    """How long a program takes, from its start to its end."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait() != 0:
        raise RuntimeError(f"{shutil.which(words[0]) or words[0]} failed")
    return time.monotonic() - began


def pss_kb(pid: int) -> int:
    """Memory of a process, shared pages counted in part (PSS): its own share of the machine's."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError("this kernel tells no PSS")
