"""The parts of a running voxrun, put together: what the settings say reaches the part it is meant for."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from voxrun.cli.application import Provider, ai_line
from voxrun.cli.scripts import read_scripts
from voxrun.cli.wiring import House, open_house, warm_up
from voxrun.config import load_settings
from voxrun.realm.inline import InlineRealms
from voxrun.services.guard import tls_context
from voxrun.session.header import PACKAGES, package_version

SOURCE = 'VoxEngine.addEventListener(AppEvents.Started, () => Logger.write("up"));'


def house(folder: Path, **options: Any) -> House:
    """A house of one small scenario; ``server__port=1`` is the setting ``server.port``."""
    path = folder / "a.js"
    path.write_text(SOURCE)
    given = {"server.port": 0, "ai.mode": "local", "sessions.dir": folder / "sessions"}
    given |= {name.replace("__", "."): value for name, value in options.items()}
    settings = load_settings([path], env={}, cwd=folder, options=given)
    return House(settings, read_scripts([path]), (), InlineRealms(), None, "", None, ai_line(settings, None))


@pytest.mark.live
def test_the_house_answers_where_it_says_and_is_gone_afterwards(tmp_path: Path) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            async with AsyncExitStack() as stack:
                app = await open_house(house(tmp_path), Provider("", 0), stack, print)
                assert re.fullmatch(r"http://127\.0\.0\.1:\d+", app.base_url)
                assert app.url == app.base_url + "/"
                assert (await client.get(app.base_url + "/healthz")).status_code == 200
                assert app.runtime.application.own_ports == {app.port}
            with pytest.raises(httpx.ConnectError):
                await client.get(app.base_url + "/healthz")

    asyncio.run(main())


@pytest.mark.live
def test_scenarios_reach_the_emulator_through_its_client_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            provider = Provider("http://127.0.0.1:9/api", 9)
            app = await open_house(house(tmp_path), provider, stack, print)
            assert app.runtime.world.provider_urls == {"ultravox": "http://127.0.0.1:9/api"}
            assert app.runtime.application.provider_ports == {9}

    asyncio.run(main())


@pytest.mark.live
def test_a_token_is_part_of_the_link(tmp_path: Path) -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            guarded = replace(house(tmp_path), token="let-me-in")
            app = await open_house(guarded, Provider("", 0), stack, print)
            assert app.url == f"{app.base_url}/?token=let-me-in"
            async with httpx.AsyncClient(trust_env=False) as client:
                assert (await client.get(app.base_url + "/")).status_code == 403
                assert (await client.get(app.url, follow_redirects=True)).status_code == 200

    asyncio.run(main())


def test_the_command_starts_its_children_before_it_reads_what_the_server_needs() -> None:
    """The start is what people wait for: these imports take longer than everything else in it."""
    heavy = ("aiortc", "numpy", "starlette", "uvicorn", "httpx", "voxrun.cli.wiring")
    code = f"import sys, voxrun.cli.serve; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_what_the_first_call_would_wait_for_is_read_ahead() -> None:
    warm_up()
    assert tls_context.cache_info().currsize == 1
    assert package_version.cache_info().currsize >= len(PACKAGES)
