"""Trace and statistics of a WebSocket."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

from voxrun.services.recording_file import disk_thread
from voxrun.services.websocket_files import MOST_CHARACTERS, SocketFiles
from voxrun.session.virtual import run_virtual


def write(
    story: Callable[[SocketFiles], Awaitable[None]], trace: Path | None, statistics: Path | None
) -> list[str]:
    troubles: list[str] = []

    async def main(_: object) -> None:
        disk = disk_thread()
        hide = lambda text: text.replace("hunter2", "***")  # noqa: E731
        files = SocketFiles("ws://bot/hunter2", trace, statistics, disk, hide, troubles.append)
        await story(files)
        await files.close()
        await files.close()
        disk.shutdown()

    run_virtual(main)
    return troubles


async def talk(files: SocketFiles) -> None:
    files.message("in", "hello")
    await asyncio.sleep(1.5)
    files.message("out", '{"password": "hunter2"}\nsecond line')
    files.message("in", "é")


def test_the_trace_holds_every_message_without_secrets_and_is_its_owner_s(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    assert write(talk, trace, None) == []
    assert trace.read_text("utf-8").splitlines() == [
        "0.000 in hello",
        '1.500 out {"password": "***"}\\nsecond line',
        "1.500 in é",
    ]
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600


def test_statistics_count_messages_and_bytes_by_second(tmp_path: Path) -> None:
    path = tmp_path / "statistics.json"
    assert write(talk, None, path) == []
    assert json.loads(path.read_text()) == {
        "url": "ws://bot/***",
        "seconds": [
            {"t": 0, "in": {"messages": 1, "bytes": 5}, "out": {"messages": 0, "bytes": 0}},
            {"t": 1, "in": {"messages": 1, "bytes": 2}, "out": {"messages": 1, "bytes": 35}},
        ],
        "in": {"messages": 2, "bytes": 7},
        "out": {"messages": 1, "bytes": 35},
    }


def test_a_trace_does_not_grow_without_end(tmp_path: Path) -> None:
    async def flood(files: SocketFiles) -> None:
        for _ in range(40):
            files.message("in", "x" * (MOST_CHARACTERS // 32))

    trace = tmp_path / "trace.txt"
    assert write(flood, trace, None) == []
    assert trace.stat().st_size <= MOST_CHARACTERS + 1000
    assert trace.read_text().splitlines()[-1].startswith("the trace ends here")


def test_a_disk_that_refuses_ends_the_files_and_is_told_once(tmp_path: Path) -> None:
    async def later(files: SocketFiles) -> None:
        await asyncio.sleep(0.1)
        await talk(files)

    (trouble,) = write(later, tmp_path / "gone" / "trace.txt", tmp_path / "gone" / "s.json")
    assert "cannot be written" in trouble
    assert not (tmp_path / "gone").exists()
