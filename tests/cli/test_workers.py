"""Several workers behind one front: as people start it, with real calls."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from tests.e2e.telephone import Telephone
from tests.legs.webrtc.caller import Caller
from websockets.asyncio.client import connect

from voxrun.cli.workers import how_many
from voxrun.config import load_settings

SCENARIO = """
let access = "";
VoxEngine.addEventListener(AppEvents.Started, (e) => { access = e.accessURL; });
VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => "echo " + e.content);
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, customData }) => {
  if (customData) Net.httpRequest(customData + "/?" + encodeURIComponent(access), () => {});
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  call.answer();
  call.say("Hello, this is a worker speaking for quite some time.");
});
"""


def test_auto_is_one_for_each_processor(tmp_path: Path) -> None:
    settings = load_settings((), env={"VOXRUN_SERVER_WORKERS": "auto"}, cwd=tmp_path)
    assert how_many(settings) == len(os.sched_getaffinity(0))
    assert how_many(load_settings((), env={"VOXRUN_SERVER_WORKERS": "3"}, cwd=tmp_path)) == 3


@dataclass
class Run:
    url: str
    process: asyncio.subprocess.Process
    folder: Path
    said: list[str]

    def workers(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found = [int(each) for each in children]
        return [each for each in found if b"voxrun.cli.worker" in Path(f"/proc/{each}/cmdline").read_bytes()]

    def workers_ready(self) -> int:
        """Workers that have come up so far: each says where it is at the beginning."""
        return sum("takes calls (process" in line for line in self.said)

    def folder_of(self, session: str) -> Path:
        (found,) = (self.folder / "sessions").glob(f"*-{session[:8]}")
        return found

    async def until(self, condition: Callable[[], object], seconds: float = 30) -> None:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 (conditions of other processes)
                await asyncio.sleep(0.05)

    def heard(self, text: str) -> bool:
        return any(text in line for line in self.said)


@contextlib.asynccontextmanager
async def workers(tmp_path: Path, count: int = 2, scenario: str = SCENARIO) -> AsyncIterator[Run]:
    (tmp_path / "s.js").write_text(scenario)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voxrun.cli.main", "s.js", "--workers", str(count), "--port", "0"),
        *("--sessions", str(tmp_path / "sessions")),
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said: list[str] = []

    async def read() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            said.append(line.decode())

    reading = asyncio.create_task(read())
    run = Run("", process, tmp_path, said)
    try:
        await run.until(lambda: run.heard("Open  ") or process.returncode is not None, 60)
        found = re.search(r"Open  (http\S+?)/ ", "".join(said))
        assert found is not None, said
        run.url = found[1]
        yield run
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.wait()
        await reading


def play(
    tmp_path: Path, story: Callable[[Run], Awaitable[None]], count: int = 2, scenario: str = SCENARIO
) -> None:
    async def main() -> None:
        async with workers(tmp_path, count, scenario) as run:
            await story(run)

    asyncio.run(main())


@pytest.mark.live
def test_calls_go_to_different_workers_and_one_that_dies_takes_only_its_own(tmp_path: Path) -> None:
    async def story(run: Run) -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        server = await asyncio.start_server(lambda r, w: listen(r, w, told), "127.0.0.1", 0)
        here = {"customData": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}
        async with Telephone(run.url, query=here) as first, Telephone(run.url, query=here) as second:
            await first.call()
            await second.call()
            async with httpx.AsyncClient(trust_env=False) as client:
                for _ in range(2):
                    access = await asyncio.wait_for(told.get(), 20)
                    assert access.startswith(run.url)
                    assert (await client.post(access, content="hello")).text == "echo hello"
            server.close()
            victim = owner_of(run, first.session)
            other = owner_of(run, second.session)
            assert victim != other
            os.kill(victim, signal.SIGKILL)
            await run.until(lambda: run.heard("another takes its place"))
            journal = run.folder_of(first.session) / "journal.jsonl"
            records = [json.loads(line) for line in journal.read_text().splitlines()]
            assert records[-1]["state"] == "ended"
            assert "SIGKILL" in records[-1]["reason"]
            heard = len(second.heard)
            await run.until(lambda: len(second.heard) > heard + 32_000)
            assert second.state == "connected"
            await run.until(lambda: len(run.workers()) == 2 and victim not in run.workers())
            await run.until(lambda: run.workers_ready() == 3)
            async with Telephone(run.url) as third:
                await third.call()
                assert owner_of(run, third.session) not in (victim, other)
            assert await second.hang_up() == 200

    play(tmp_path, story)


MEETING = """
let present = 0;
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, destination }) => {
  call.answer();
  if (destination === "room") return Logger.write(`in the room: ${++present}`);
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  VoxEngine.sendMediaBetween(call, VoxEngine.callConference("room", call.callerid()));
});
"""


@pytest.mark.live
def test_calls_that_join_one_conference_meet_whatever_the_number_of_workers(tmp_path: Path) -> None:
    async def story(run: Run) -> None:
        assert run.heard("one worker takes all calls, whatever")
        assert len(run.workers()) == 1
        async with Telephone(run.url) as first, Telephone(run.url) as second:
            await first.call()
            await second.call()
            await run.until(lambda: run.heard("in the room: 2"))

    play(tmp_path, story, 3, MEETING)


async def listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told: asyncio.Queue[str]
) -> None:
    """Take what a scenario asks for: GET /?ACCESS_URL."""
    line = (await reader.readline()).decode()
    told.put_nowait(unquote(line.split()[1].removeprefix("/?")))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    writer.close()


def owner_of(run: Run, session: str) -> int:
    """The worker that has the session's journal open."""
    journal = run.folder_of(session) / "journal.jsonl"
    for pid in run.workers():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if link.resolve() == journal:
                    return pid
    raise AssertionError("no worker has that session")


@pytest.mark.live
def test_a_page_calls_is_called_and_is_told_when_a_worker_dies(tmp_path: Path) -> None:
    async def story(run: Run) -> None:
        caller = Caller()
        async with connect(run.url.replace("http", "ws") + "/ws", proxy=None) as socket:

            async def hears(kind: str) -> dict[str, Any]:
                async with asyncio.timeout(30):
                    while True:
                        message: dict[str, Any] = json.loads(await socket.recv())
                        if message["type"] == kind:
                            return message

            welcome = await hears("welcome")
            assert welcome["scenarios"] == ["s.js"]
            await socket.send(json.dumps({"type": "register", "user": "anna"}))
            assert (await hears("registered"))["user"] == "anna"
            call = {"type": "call", "id": "c1", "to": "100", "sdp": await caller.offer()}
            await socket.send(json.dumps(call))
            session = (await hears("trying"))["session"]
            await caller.take((await hears("answered"))["sdp"])
            await caller.connected()
            await socket.send(json.dumps({"type": "watch", "session": session}))
            assert (await hears("record"))["session"] == session
            os.kill(owner_of(run, session), signal.SIGKILL)
            ended = await hears("ended")
            assert (ended["id"], ended["code"], ended["by"]) == ("c1", 500, "error")
            assert "Other calls are not affected" in ended["reason"]
            await run.until(lambda: run.heard("another takes its place"))
            await socket.send(json.dumps({"type": "ping", "t": 7}))
            assert (await hears("pong"))["t"] == 7
        await caller.close()

    play(tmp_path, story)


@pytest.mark.live
def test_sigterm_takes_no_new_calls_and_waits_for_those_that_there_are(tmp_path: Path) -> None:
    async def story(run: Run) -> None:
        async with Telephone(run.url) as phone:
            await phone.call()
            run.process.send_signal(signal.SIGTERM)
            await run.until(lambda: run.heard("No new calls; 1 call"))
            async with Telephone(run.url) as refused:
                await refused.call()
                assert refused.status == 503
            heard = len(phone.heard)
            await run.until(lambda: len(phone.heard) > heard + 16_000)
            assert await phone.hang_up() == 200
            assert await asyncio.wait_for(run.process.wait(), 30) == 0
        assert run.said[-1] == "Done.\n"
        assert (run.folder_of(phone.session) / "recording.wav").is_file()

    play(tmp_path, story)
