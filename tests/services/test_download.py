"""Audio files for players: fetched within limits, decoded beside the loop, cached for all sessions."""

from __future__ import annotations

import asyncio
import io
import threading
import wave
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.harness import StubNet

from voxrun.errors import PeerError
from voxrun.services import download
from voxrun.services.download import AudioCache, AudioRequest, Downloader
from voxrun.session.clock import LoopClock
from voxrun.session.limits import Limits
from voxrun.session.virtual import run_virtual


def wav(samples: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(b"\x05\x10" * samples)
    return out.getvalue()


def fetch(
    routes: dict[str, Callable[[httpx.Request], Any]],
    story: Callable[[Downloader, StubNet], Awaitable[None]],
    limits: Limits | None = None,
) -> None:
    async def main(clock: LoopClock) -> None:
        net = StubNet()
        net.routes.update(routes)
        await story(Downloader(net, limits or Limits(), AudioCache()), net)

    run_virtual(main)


def test_a_file_comes_as_pcm_and_once_for_all() -> None:
    async def story(files: Downloader, net: StubNet) -> None:
        first = await files.audio(AudioRequest("http://x/a.wav"))
        assert first == b"\x05\x10" * 800
        assert await files.audio(AudioRequest("http://x/a.wav")) is first
        assert len(net.requests) == 1
        assert net.requests[0].headers["user-agent"] == "VoxEngine/1.0"

    fetch({"/a.wav": lambda request: httpx.Response(200, content=wav(800))}, story)


async def late(request: httpx.Request) -> httpx.Response:
    await asyncio.sleep(13)
    return httpx.Response(200, content=wav(1))


def refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.parametrize(
    ("url", "answer", "message"),
    [
        ("http://x/a?key=s3cret", lambda r: httpx.Response(404), "http://x/a answered 404"),
        (
            "http://x/a",
            lambda r: httpx.Response(200, content=b"none"),
            "cannot play http://x/a: is not an audio",
        ),
        ("http://x/a", lambda r: httpx.Response(200, content=b""), "cannot play http://x/a: is empty"),
        ("http://x/a", lambda r: httpx.Response(200, content=wav(900)[:-1000]), "is cut off"),
        ("http://x/a", lambda r: httpx.Response(200, content=bytes(2000)), "is larger than 1999 bytes"),
        ("http://x/a", late, "Timeout is reached: http://x/a took longer than 12 s"),
        ("http://x/a", refuse, "cannot download http://x/a: refused"),
        (
            "http://x/a",
            lambda r: httpx.Response(302, headers={"Location": "/a"}),
            "cannot download http://x/a: more than 5 redirects",
        ),
        ("/a", refuse, "cannot download /a: the address must begin with http"),
        ("ftp://x/a", refuse, "cannot download ftp://x/a: the address must begin with http"),
        ("http://x/" + "a" * 9000, refuse, "cannot download a URL of more than 8192 characters"),
        ("http://[::1/a", refuse, "cannot download the given address: "),
    ],
)
def test_what_cannot_be_played_says_why_and_shows_no_secret(
    url: str, answer: Callable[[httpx.Request], Any], message: str
) -> None:
    async def story(files: Downloader, net: StubNet) -> None:
        with pytest.raises(PeerError) as caught:
            await files.audio(AudioRequest(url))
        assert message in str(caught.value)
        assert "s3cret" not in str(caught.value)

    fetch({"/a": answer}, story, Limits(play_bytes=1999))


def test_what_failed_is_tried_again() -> None:
    answers = [httpx.Response(500), httpx.Response(200, content=wav(10))]

    async def story(files: Downloader, net: StubNet) -> None:
        with pytest.raises(PeerError):
            await files.audio(AudioRequest("http://x/a"))
        assert len(await files.audio(AudioRequest("http://x/a"))) == 20

    fetch({"/a": lambda request: answers.pop(0)}, story)


def test_decoding_happens_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    real = download.decode_audio

    def watched(*args: Any, **kwargs: Any) -> bytes:
        threads.append(threading.current_thread().name)
        return real(*args, **kwargs)

    monkeypatch.setattr(download, "decode_audio", watched)

    async def story() -> None:  # on the wall clock's loop: in virtual time nothing would flow meanwhile
        net = StubNet()
        net.routes["/a"] = lambda request: httpx.Response(200, content=wav(10))
        await Downloader(net, Limits(), AudioCache()).audio(AudioRequest("http://x/a"))

    asyncio.run(story())
    assert len(threads) == 1
    assert threads != [threading.current_thread().name]


def test_the_cache_is_bounded_in_bytes_and_drops_what_was_not_asked_for_the_longest() -> None:
    cache = AudioCache(100)
    for name in "abc":
        cache.put(name, bytes(30))
    assert cache.get("a") == bytes(30)
    cache.put("d", bytes(30))
    assert cache.get("b") is None
    assert [name for name in "acd" if cache.get(name)] == ["a", "c", "d"]
    assert cache.size == 90


def test_what_is_larger_than_the_cache_is_not_kept_and_a_new_version_replaces_the_old() -> None:
    cache = AudioCache(100)
    cache.put("a", bytes(60))
    cache.put("big", bytes(101))
    assert (cache.get("big"), cache.get("a"), cache.size) == (None, bytes(60), 60)
    cache.put("a", bytes(80))
    assert (cache.get("a"), cache.size) == (bytes(80), 80)
