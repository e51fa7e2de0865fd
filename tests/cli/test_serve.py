"""voxrun FILE.js as a process: its first lines, and Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.live


async def start(folder: Path, *options: str) -> asyncio.subprocess.Process:
    (folder / "a.js").write_text(
        'VoxEngine.addEventListener(AppEvents.Started, () => Logger.write("hello"));'
    )
    env = {key: value for key, value in os.environ.items() if key != "ULTRAVOX_API_KEY"}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voxrun.cli.main", "a.js", "--port", "0", *options),
        cwd=folder,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def read_until(process: asyncio.subprocess.Process, pattern: str) -> str:
    assert process.stdout is not None
    seen = ""
    async with asyncio.timeout(30):
        async for line in process.stdout:
            seen += line.decode()
            if re.search(pattern, seen):
                return seen
    raise AssertionError(f"ended without {pattern!r}: {seen}")


def test_it_shows_a_link_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    async def main() -> None:
        process = await start(tmp_path)
        seen = await read_until(process, "press Call")
        assert "voxrun serves a.js" in seen
        assert "Voice AI: local Ultravox emulator" in seen
        link = re.search(r"http://127\.0\.0\.1:\d+/", seen)
        assert link is not None
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(link.group())).status_code == 200
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        assert "Done." in out.decode()
        assert "Traceback" not in out.decode()
        assert process.returncode == 0

    asyncio.run(main())


def test_ctrl_c_in_the_very_moment_the_link_is_shown_ends_it_as_cleanly(tmp_path: Path) -> None:
    async def main() -> None:
        process = await start(tmp_path)
        await read_until(process, "press Call")
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        assert "Done." in out.decode()
        assert process.returncode == 0

    asyncio.run(main())


def test_start_fires_started_at_once_and_shows_the_log(tmp_path: Path) -> None:
    async def main() -> None:
        process = await start(tmp_path, "--start")
        await read_until(process, r"1 00:00\.\d  log    hello")
        process.terminate()
        out, _ = await process.communicate()
        assert "everything is in .voxrun/sessions/" in out.decode() or "everything is in " in out.decode()
        assert process.returncode == 0

    asyncio.run(main())
