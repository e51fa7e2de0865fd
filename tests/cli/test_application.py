"""A running voxrun: everything up before it says so, everything down after."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from voxrun.cli.application import ai_line, running, scenario_secrets
from voxrun.config import Settings, load_settings
from voxrun.errors import ConfigError, ScenarioError

SCENARIO = """
VoxEngine.addEventListener(AppEvents.Started, (e) => Logger.write(e.accessURL));
VoxEngine.addEventListener(AppEvents.HttpRequest, (e) => e.method + " " + e.content);
"""


def settings(folder: Path, source: str = SCENARIO, **env: str) -> Settings:
    path = folder / "a.js"
    path.write_text(source)
    options = {"server.port": 0, "sessions.dir": folder / "sessions"}
    return load_settings([path], env=env, cwd=folder, options=options)


def quiet(text: str) -> None:
    pass


def test_the_first_lines_say_which_voice_ai_and_why(tmp_path: Path) -> None:
    local = settings(tmp_path)
    assert "local Ultravox emulator" in ai_line(local, None)
    assert "ULTRAVOX_API_KEY" in ai_line(local, None)
    assert "a.agent.yaml" in ai_line(local, Path("a.agent.yaml"))
    cloud = settings(tmp_path, ULTRAVOX_API_KEY="abcdefgh.0123456789")
    assert "Ultravox cloud" in ai_line(cloud, None)
    assert "0123456789" not in ai_line(cloud, None)


def test_a_scenario_has_a_key_for_the_local_ultravox_and_the_real_one_for_the_cloud(tmp_path: Path) -> None:
    assert scenario_secrets(settings(tmp_path))["ULTRAVOX_API_KEY"]
    cloud = settings(tmp_path, ULTRAVOX_API_KEY="abcdefgh.0123456789")
    assert scenario_secrets(cloud) == {"ULTRAVOX_API_KEY": "abcdefgh.0123456789"}


@pytest.mark.live
def test_a_run_answers_on_its_page_and_its_session_access_url_and_nothing_is_left(tmp_path: Path) -> None:
    async def main() -> None:
        logged: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        def watch(session_id: str, record: dict[str, object]) -> None:
            if record["k"] == "session" and record["state"] == "started":
                return
            if record["k"] == "log" and not logged.done():
                logged.set_result(session_id)

        async with running(settings(tmp_path), quiet) as app, httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(app.base_url + "/healthz")).text == "ok\n"
            assert "voxrun" in (await client.get(app.url)).text
            app.runtime.subscribe(watch)  # type: ignore[arg-type]
            session = await app.runtime.start_session("")
            await asyncio.wait_for(logged, 10)
            url = app.runtime._sessions[session].boot.session["accessURL"]
            answer = await client.post(url, content="hi")
            assert (answer.status_code, answer.text) == (200, "POST hi")
            assert (await client.get(url[:-3] + "abc")).status_code == 404
            port = app.port
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
        folders = list((tmp_path / "sessions").iterdir())
        assert len(folders) == 1
        assert "Application.Terminated" in (folders[0] / "log.txt").read_text()

    asyncio.run(main())


@pytest.mark.live
def test_a_port_in_use_is_one_message(tmp_path: Path) -> None:
    async def main() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            base = settings(tmp_path)
            port = taken.getsockname()[1]
            busy = replace(base, server=dataclasses.replace(base.server, port=port))
            with pytest.raises(ConfigError, match=f"Port {port}.*--port"):
                async with running(busy, quiet):
                    raise AssertionError("it must not start")

    asyncio.run(main())


def test_a_missing_scenario_is_told_before_anything_starts(tmp_path: Path) -> None:
    async def main(chosen: Settings) -> None:
        async with running(chosen, quiet):
            raise AssertionError("it must not start")

    base = settings(tmp_path)
    with pytest.raises(ConfigError, match="no such file"):
        asyncio.run(main(replace(base, scenarios=(tmp_path / "b.js",))))
    with pytest.raises(ScenarioError, match="empty"):
        asyncio.run(main(settings(tmp_path, "  ")))


def test_a_script_that_does_not_compile_is_told_before_anybody_calls(tmp_path: Path) -> None:
    async def main() -> None:
        async with running(settings(tmp_path, "let a = 1;\nlet b = ;"), quiet):
            raise AssertionError("it must not start")

    with pytest.raises(
        ScenarioError, match=r"a\.js:2:9: syntax error[^\n]*\n  1 \| let a = 1;\n> 2 \| let b = ;\n"
    ):
        asyncio.run(main())


def test_a_folder_that_cannot_keep_sessions_is_told_before_anybody_calls(tmp_path: Path) -> None:
    (tmp_path / "sessions").write_text("a file is in the way")

    async def main() -> None:
        async with running(settings(tmp_path), quiet):
            raise AssertionError("it must not start")

    with pytest.raises(ConfigError, match="--sessions DIR"):
        asyncio.run(main())
