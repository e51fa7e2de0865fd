"""The network of a call script: the first stub that fits answers, its replies in turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from voxrun.replay.script import HttpStub, StubReply
from voxrun.replay.stubs import StubNet, fits
from voxrun.replay.texts import Wanted
from voxrun.session.virtual import run_virtual


class NoSpeech:
    async def render(self, text: str, voice: Any) -> bytes:
        return b"\x01\x02" * 160

    async def close(self) -> None:
        pass


def ask(stubs: tuple[HttpStub, ...], *urls: str) -> tuple[list[httpx.Response], list[str], list[str]]:
    told: list[str] = []
    unmatched: list[str] = []

    async def main(_: object) -> list[httpx.Response]:
        net = StubNet(
            stubs,
            NoSpeech(),
            lambda url, data: told.append(url),
            lambda request, near: unmatched.append(f"{request} {near}".strip()),
        )
        async with httpx.AsyncClient(transport=net) as client:
            return [await client.get(url) for url in urls]

    return run_virtual(main), told, unmatched


def test_replies_come_in_turn_and_the_last_one_for_ever() -> None:
    stub = HttpStub(Wanted("https://a/*"), replies=(StubReply(201), StubReply(body=b"two")))
    found, told, unmatched = ask((stub,), "https://a/1", "https://a/2", "https://a/3")
    assert [(reply.status_code, reply.text) for reply in found] == [(201, ""), (200, "two"), (200, "two")]
    assert told == ["https://a/1", "https://a/2", "https://a/3"]
    assert unmatched == []


def test_what_no_stub_fits_is_told_and_not_found() -> None:
    found, _, unmatched = ask((), "https://a/1")
    assert found[0].status_code == 404
    assert unmatched == ["GET https://a/1"]


def test_files_and_speech_are_served(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"abc")
    stubs = (
        HttpStub(Wanted("https://a/file"), replies=(StubReply(file=tmp_path / "a.bin"),)),
        HttpStub(Wanted("https://a/speech"), replies=(StubReply(says="hello"),)),
    )
    found, _, _ = ask(stubs, "https://a/file", "https://a/speech")
    assert found[0].content == b"abc"
    assert found[1].headers["content-type"] == "audio/wav"
    assert found[1].content[:4] == b"RIFF"
    assert found[1].content.endswith(b"\x01\x02" * 160)


def test_a_delay_is_time_and_a_timeout_has_no_end() -> None:
    async def main(_: object) -> float:
        loop = asyncio.get_running_loop()
        stubs = (
            HttpStub(Wanted("https://a/late"), replies=(StubReply(delay_ms=700),)),
            HttpStub(Wanted("https://a/never"), replies=(StubReply(timeout=True),)),
        )
        net = StubNet(stubs, NoSpeech(), lambda url, data: None, lambda text: None)
        await net.handle_async_request(httpx.Request("GET", "https://a/late"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(50):
                await net.handle_async_request(httpx.Request("GET", "https://a/never"))
        return loop.time()

    assert run_virtual(main) == pytest.approx(50.7)


@pytest.mark.parametrize(
    ("stub", "fit"),
    [
        (HttpStub(Wanted("*")), True),
        (HttpStub(Wanted("*"), method="POST"), True),
        (HttpStub(Wanted("*"), method="GET"), False),
        (HttpStub(Wanted("/https:.*x=1/")), True),
        (HttpStub(Wanted("https://b/*")), False),
        (HttpStub(Wanted("*"), headers={"x-a": Wanted("1")}), True),
        (HttpStub(Wanted("*"), headers={"x-b": Wanted("1")}), False),
        (HttpStub(Wanted("*"), body=Wanted('/"day": *"mon/')), True),
        (HttpStub(Wanted("*"), body=Wanted("sunday")), False),
        (HttpStub(Wanted("*"), json={"day": "monday"}), True),
        (HttpStub(Wanted("*"), json={"day": "sunday"}), False),
    ],
)
def test_what_fits(stub: HttpStub, fit: bool) -> None:
    body = '{"day": "monday", "n": 1}'
    request = httpx.Request("POST", "https://api.example/?x=1", headers={"X-A": "1"}, content=body)
    assert fits(stub, request, body) is fit


def test_what_no_stub_fits_is_told_with_the_nearest_and_what_is_wrong_with_it() -> None:
    stubs = (
        HttpStub(Wanted("https://b/*"), where="x:1:1"),
        HttpStub(Wanted("https://a/*"), method="POST", where="x:2:1"),
    )
    _, _, unmatched = ask(stubs, "https://a/1", "https://bb/1")
    assert unmatched == [
        "GET https://a/1 closest is the stub x:2:1: its method is POST, not GET",
        'GET https://bb/1 closest is the stub x:1:1: its url is "https://b/*"',
    ]
