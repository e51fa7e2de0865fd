"""Files of the session by their own addresses."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.harness import StubNet

from voxrun.services.own_files import CHUNK, OwnFiles
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

BASE = "http://127.0.0.1:8080/sessions/s1/files/"


def file_url(name: str) -> str:
    return f"{BASE}{httpx.URL(path='/' + name).raw_path.decode()[1:]}?token={name[:1]}"


def fetched(folder: Path, url: str, method: str = "GET") -> tuple[httpx.Response, StubNet]:
    async def main(clock: LoopClock) -> tuple[httpx.Response, StubNet]:
        net = StubNet()
        net.routes = _Any()
        async with httpx.AsyncClient(transport=OwnFiles(net, folder, file_url)) as client:
            return await client.request(method, url), net

    return run_virtual(main)


class _Any(dict):  # type: ignore[type-arg]
    def __missing__(self, path: str) -> object:
        return lambda request: httpx.Response(404)


@pytest.mark.parametrize("name", ["call.mp3", "übung 1.wav", "call.transcript.json"])
def test_a_file_is_given_whole(tmp_path: Path, name: str) -> None:
    content = bytes(range(256)) * (CHUNK // 100)
    (tmp_path / name).write_bytes(content)
    response, net = fetched(tmp_path, file_url(name))
    assert (response.status_code, response.content, net.requests) == (200, content, [])


def test_types_and_heads(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"x")
    response, _ = fetched(tmp_path, file_url("a.mp3"), "HEAD")
    assert (response.headers["content-type"], response.content) == ("audio/mpeg", b"")


@pytest.mark.parametrize(
    ("url", "method"),
    [
        ("http://elsewhere/a.mp3", "GET"),
        (file_url("a.mp3"), "POST"),
        (file_url("gone.mp3"), "GET"),
        (file_url("folder"), "GET"),
        (f"{BASE}a.mp3?token=wrong", "GET"),
        (f"{BASE}..%2f..%2fsecret?token=.", "GET"),
        (file_url(".hidden"), "GET"),
        ("http://127.0.0.1:8080/", "GET"),
    ],
)
def test_everything_else_goes_to_the_network(tmp_path: Path, url: str, method: str) -> None:
    for name in ("a.mp3", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    response, net = fetched(tmp_path, url, method)
    assert (response.status_code, len(net.requests)) == (404, 1)
