"""The server comes up, says why when it cannot, and stops."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from voxrun.errors import ConfigError
from voxrun.server.options import TlsFiles
from voxrun.server.serve import check_exposure, listen, serve

pytestmark = pytest.mark.live


async def up(tls: TlsFiles | None = None) -> tuple[asyncio.Task[None], int, asyncio.Event]:
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    task = asyncio.create_task(serve(Starlette(), "127.0.0.1", 0, tls, ready=port.set_result, stop=stop))
    return task, await asyncio.wait_for(port, 10), stop


def test_it_serves_until_told_to_stop_and_frees_the_port() -> None:
    async def story() -> None:
        task, port, stop = await up()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/")).status_code == 404
        stop.set()
        await asyncio.wait_for(task, 10)
        listen("127.0.0.1", port).close()

    asyncio.run(story())


def test_cancelling_stops_it_too() -> None:
    async def story() -> None:
        task, port, _ = await up()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        listen("127.0.0.1", port).close()

    asyncio.run(story())


def test_a_port_in_use_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"Port {port} .* in use.*--port"):
            asyncio.run(serve(Starlette(), "127.0.0.1", port))


def test_an_address_of_another_machine_is_said_so() -> None:
    with pytest.raises(ConfigError, match=r"Cannot listen on 203\.0\.113\.1"):
        listen("203.0.113.1", 0)
    with pytest.raises(ConfigError, match="no address of this machine"):
        listen("no such name", 0)


def test_being_open_to_others_wants_tls_and_a_token() -> None:
    check_exposure("127.0.0.1", False, "")
    with pytest.raises(ConfigError, match="--tls self-signed"):
        check_exposure("0.0.0.0", False, "token")
    with pytest.raises(ConfigError, match="needs a token"):
        check_exposure("0.0.0.0", True, "")
    check_exposure("0.0.0.0", True, "token")


def test_files_that_are_no_certificate_are_said_so(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("x")
    with pytest.raises(ConfigError, match="no certificate and key"):
        asyncio.run(serve(Starlette(), "127.0.0.1", 0, TlsFiles(tmp_path / "c", tmp_path / "c")))
