"""The provider's side of a cassette: when it speaks, what it compares, how it refuses and ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.replay.test_cassette_read import HEADER, cassette

from voxrun.connectors.transport import ClientSocket, SocketClosed
from voxrun.errors import PeerError
from voxrun.replay.cassette import NET
from voxrun.replay.cassette_play import Account, TapedHttp, cassette_transports, missing, without_counts
from voxrun.replay.cassette_read import read_cassette
from voxrun.session.clock import LoopClock
from voxrun.session.virtual import run_virtual

CONNECT: dict[str, Any] = {"t": 0, "k": "connect", "socket": 1, "url": "«secret:join URL 1»", "host": "h"}
OPEN: dict[str, Any] = {"t": 50, "k": "open", "socket": 1}


def play(folder: Path, story: Callable[[Account], Awaitable[None]], *taped: dict[str, Any]) -> Account:
    cassette(folder, HEADER, *taped)
    found: list[Account] = []

    async def main(clock: LoopClock) -> None:
        account = Account(read_cassette(folder), {"KEY": "voxrun-secret-KEY"}, clock.now())
        found.append(account)
        await story(account)

    run_virtual(main)
    return found[0]


async def connect(account: Account) -> ClientSocket:
    return await cassette_transports(account).connect("wss://join-1.invalid/", {})


def test_messages_come_as_long_after_the_clients_as_they_did(tmp_path: Path) -> None:
    times: list[tuple[int, Any]] = []

    async def story(account: Account) -> None:
        socket = await connect(account)
        message = await socket.recv()
        times.append((account.now, message))
        await asyncio.sleep(5)  # slower than it was then
        await socket.send(b"audio is no message")
        await socket.send('{"b": 2}')
        message = await socket.recv()
        times.append((account.now, message))
        with pytest.raises(SocketClosed) as closed:
            await socket.recv()
        times.append((account.now, closed.value.code))

    account = play(
        tmp_path, story, CONNECT, OPEN,
        {"t": 150, "k": "in", "socket": 1, "json": {"a": 1}},
        {"t": 200, "k": "out", "socket": 1, "json": {"b": 2}},
        {"t": 500, "k": "in", "socket": 1, "text": "key «secret:KEY»"},
        {"t": 600, "k": "closed", "socket": 1, "by": "provider", "code": 1006, "reason": "", "clean": False},
    )  # fmt: skip
    assert times == [(150, '{"a":1}'), (5450, "key voxrun-secret-KEY"), (5550, 1006)]
    assert account.difference is None
    assert account.messages == 1


def test_another_message_is_the_difference_and_nothing_is_answered_any_more(tmp_path: Path) -> None:
    async def story(account: Account) -> None:
        socket = await connect(account)
        await socket.send('{"b": 3, "c": "voxrun-secret-KEY"}')
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await socket.recv()
        await socket.close()
        with pytest.raises(SocketClosed):
            await socket.recv()

    account = play(
        tmp_path, story, CONNECT, OPEN,
        {"t": 200, "k": "out", "socket": 1, "json": {"b": 2, "c": "«secret:KEY»"}},
        {"t": 500, "k": "in", "socket": 1, "json": {}},
    )  # fmt: skip
    assert account.difference is not None
    assert [str(place) for place in account.difference.places] == ["b: 2 -> 3"]


def test_what_was_not_said_is_missing_the_earliest_first(tmp_path: Path) -> None:
    async def story(account: Account) -> None:
        await connect(account)
        missing(account)

    account = play(
        tmp_path, story, CONNECT, OPEN,
        {"t": 200, "k": "out", "socket": 1, "json": {"b": 2}},
        {"t": 100, "k": "leg", "leg": 2, "incoming": False, "client": "pstn"},
        {"t": 100, "k": "dial", "leg": 2, "data": {"kind": "pstn", "destination": "1"}},
    )  # fmt: skip
    assert account.difference is not None
    assert (account.difference.what, account.difference.actual) == ("call to 1", None)


def test_a_refused_connection_is_refused(tmp_path: Path) -> None:
    async def story(account: Account) -> None:
        provider = cassette_transports(account)
        with pytest.raises(PeerError, match="403"):
            await provider.connect("wss://join-1.invalid/", {})
        with pytest.raises(PeerError, match="not on the cassette"):
            await provider.connect("wss://join-1.invalid/", {})

    refused = {"t": 90, "k": "refused", "socket": 1, "message": "HTTP 403"}
    account = play(tmp_path, story, CONNECT, refused)
    assert account.difference is not None
    assert account.difference.what == "connection 2 to the provider"


def request(number: int, t: int, url: str) -> dict[str, Any]:
    content = {"method": "GET", "url": url, "query": [], "body": {}}
    return {"t": t, "k": "request", "http": number, "via": NET, **content}


def test_requests_find_their_answers_whatever_their_order(tmp_path: Path) -> None:
    got: list[tuple[str, int]] = []

    async def story(account: Account) -> None:
        async with httpx.AsyncClient(transport=TapedHttp(account, NET)) as client:
            for path in ("b", "a"):
                answer = await client.get(f"http://x.test/{path}")
                got.append((answer.text, account.now))
            with pytest.raises(httpx.ReadTimeout):
                await client.get("http://x.test/c")
            with pytest.raises(httpx.ConnectError):
                await client.get("http://x.test/a")

    account = play(
        tmp_path, story,
        request(1, 0, "http://x.test/a"),
        request(2, 0, "http://x.test/b"),
        request(3, 0, "http://x.test/c"),
        {"t": 100, "k": "response", "http": 1, "status": 200, "headers": [], "body": {"text": "A"}},
        {"t": 30, "k": "response", "http": 2, "status": 200, "headers": [], "body": {"text": "B"}},
        {"t": 40, "k": "failure", "http": 3, "error": "ReadTimeout", "message": "slow"},
    )  # fmt: skip
    assert got == [("B", 30), ("A", 130)]
    assert account.difference is not None
    assert account.difference.recorded is None


def test_numbers_that_count_audio_are_not_compared() -> None:
    stop = {"event": "stop", "sequenceNumber": 9, "stop": {"tag": "a", "mediaInfo": {"bytesSent": 160}}}
    assert without_counts({"json": stop}) == {"json": {"event": "stop", "stop": {"tag": "a"}}}
    for other in ({"json": {"event": "order", "sequenceNumber": 9}}, {"text": "stop"}, {"json": [1]}):
        assert without_counts(other) == other
