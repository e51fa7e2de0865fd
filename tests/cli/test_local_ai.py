"""The local Ultravox beside a run: found, started, told about mistakes, never left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from voxrun.cli.local_ai import LocalUltravox, agent_file
from voxrun.errors import ConfigError


def test_the_agent_file_beside_the_scenario_is_used_unless_one_is_given(tmp_path: Path) -> None:
    scenario = tmp_path / "a.js"
    assert agent_file(None, [scenario]) is None
    (tmp_path / "a.agent.yaml").write_text("greeting: hi\n")
    assert agent_file(None, [scenario]) == tmp_path / "a.agent.yaml"
    assert agent_file(Path("other.yaml"), [scenario]) == Path("other.yaml")


def test_of_several_scripts_the_last_one_with_an_agent_counts(tmp_path: Path) -> None:
    (tmp_path / "a.agent.yaml").write_text("greeting: hi\n")
    assert agent_file(None, [tmp_path / "a.js", tmp_path / "b.js"]) == tmp_path / "a.agent.yaml"


@pytest.mark.live
def test_it_serves_the_api_and_ends_with_the_run() -> None:
    async def main() -> None:
        local = LocalUltravox(None)
        port = await local.start()
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/api/calls", headers={"X-API-Key": "any"})
        assert answer.status_code == 200
        assert local._process is not None
        pid = local._process.pid
        await local.close()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        await local.close()

    asyncio.run(main())


@pytest.mark.live
def test_a_broken_agent_file_is_one_message_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "x.agent.yaml"
    path.write_text("greting: hello\n")

    async def main() -> None:
        local = LocalUltravox(path)
        try:
            with pytest.raises(ConfigError, match=r"x\.agent\.yaml:1:1.*greeting") as caught:
                await local.start()
            assert "Traceback" not in str(caught.value)
        finally:
            await local.close()

    asyncio.run(main())
