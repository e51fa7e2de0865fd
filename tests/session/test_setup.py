"""How a session is put together: ids, folder, scripts, what the realm is told."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path

import pytest
from tests.full_disk import files_end_at
from tests.harness import Stage, play
from websockets.asyncio.server import ServerConnection, serve

from voxrun.connectors.transport import SocketClosed
from voxrun.errors import ConfigError
from voxrun.services.guard import Blocked, GuardedTransport, GuardRules
from voxrun.session.setup import id_maker, make_folder, network, own_sockets

T0 = 1_736_154_000_000


def test_ids_are_32_hex_digits_of_seed_session_kind_and_number() -> None:
    first, again, other = id_maker(1, 1), id_maker(1, 1), id_maker(1, 2)
    made = [first("call"), first("call"), first("player")]
    assert made == [again("call"), again("call"), again("player")]
    assert len({*made, other("call"), id_maker(2, 1)("call")}) == 5
    assert all(len(text) == 32 and int(text, 16) >= 0 for text in made)


def test_the_folder_is_named_by_its_start_and_is_its_owner_s(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "new" / "sessions", T0, "abcdef0123456789")
    assert folder is not None
    assert folder.name == "2025-01-06T09-00-00-abcdef01"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert make_folder(None, T0, "x") is None


def test_a_folder_that_is_there_already_or_cannot_be_is_a_config_error(tmp_path: Path) -> None:
    make_folder(tmp_path, T0, "abcdef01")
    with pytest.raises(ConfigError, match="File exists"):
        make_folder(tmp_path, T0, "abcdef01")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Not a directory"):
        make_folder(tmp_path / "file" / "x", T0, "abcdef01")


def test_the_scripts_are_kept_as_they_ran_readable_by_their_owner(tmp_path: Path) -> None:
    sources = ["// é\r\nLogger.write('a');\r\n", "Logger.write('b');"]

    async def story(stage: Stage) -> None:
        await stage.start(sources)

    play(story, tmp_path)
    (folder,) = tmp_path.iterdir()
    for number, source in enumerate(sources):
        path = folder / "scripts" / f"{number}-{'ab'[number]}.js"
        assert path.read_bytes().decode() == source
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_disk_without_room_for_the_scripts_does_not_cost_the_call(tmp_path: Path) -> None:
    source = "// " + "x" * 20_000 + "\nLogger.write('runs');"

    async def story(stage: Stage) -> None:
        with files_end_at(10_000):
            await stage.start(source)
            await stage.until(stage.logs)
        assert stage.errors() == ["the scripts could not be kept for replay: File too large"]

    play(story, tmp_path)


def test_started_has_ids_and_addresses_of_this_session() -> None:
    async def story(stage: Stage) -> None:
        source = """
          VoxEngine.addEventListener(AppEvents.Started, ({name, ...e}) => Logger.write(JSON.stringify(e)));
        """
        await stage.start(source, base_url="https://box:8443")
        await stage.until(stage.logs)
        shown = json.loads(stage.logs()[0])
        url = f"https://box:8443/request/{stage.session_id}/«secret:session access token»"
        assert shown == {
            "sessionId": T0 + 1,
            "accessURL": url,
            "accessSecureURL": url,
            "accountId": 1,
            "applicationId": 1,
            "logURL": f"https://box:8443/sessions/{stage.session_id}/files/log.txt",
        }

    play(story)


def test_connectors_reach_their_providers_behind_the_guard() -> None:
    transports, close = network(GuardRules())
    assert isinstance(transports.http, GuardedTransport)
    assert callable(close)


def test_nothing_is_written_where_no_folder_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def story(stage: Stage) -> None:
        await stage.start("Logger.write(1);")

    play(story)
    assert os.listdir(tmp_path) == []


@pytest.mark.live
def test_the_scenario_s_own_websockets_go_through_the_guard() -> None:
    async def echo(socket: ServerConnection) -> None:
        await socket.send(f"{socket.subprotocol} {socket.request.headers['User-Agent']}")  # type: ignore[union-attr]
        await socket.send("x" * 4001)
        await socket.wait_closed()

    async def main() -> None:
        async with asyncio.timeout(20), serve(echo, "127.0.0.1", 0, subprotocols=["chat"]) as server:  # type: ignore[list-item]
            port = server.sockets[0].getsockname()[1]
            url = f"ws://127.0.0.1:{port}/"
            socket = await own_sockets(GuardRules(), 1000)(url, {}, ["chat"])
            assert await socket.recv() == "chat VoxEngine/1.0"
            with pytest.raises(SocketClosed):  # more bytes than 1000 characters can have
                await socket.recv()
            own = GuardRules(frozenset({port}), ("/request/s/t",))
            with pytest.raises(Blocked, match="voxrun itself"):
                await own_sockets(own, 1000)(url, {})
            await (await own_sockets(own, 1000)(url + "request/s/t", {}, ["chat"])).close()
            with pytest.raises(Blocked, match="metadata"):
                await own_sockets(GuardRules(), 1000)("ws://169.254.169.254/", {})

    asyncio.run(main())
