"""What a scenario must not reach through us."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.errors import PeerError
from voxrun.services import guard
from voxrun.services.guard import (
    Blocked,
    BorrowedTransport,
    Connections,
    GuardedTransport,
    GuardRules,
    check_address,
    check_path,
    check_socket,
)

RULES = GuardRules()
OWN = GuardRules(own_ports=frozenset({8080}), own_prefixes=("/request/s1/token",))


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.1.1",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "0.0.0.0",
        "::",
        "::ffff:0.0.0.0",
        "224.0.0.1",
        "ff02::1",
    ],
)
def test_metadata_link_local_and_no_one_s_addresses_are_blocked(address: str) -> None:
    with pytest.raises(Blocked, match="host is "):
        check_address("host", address, RULES)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "8.8.8.8", "2001:db8::1"])
def test_other_addresses_are_free(address: str) -> None:
    check_address("host", address, RULES)


def test_link_local_can_be_allowed_but_not_the_unspecified_address() -> None:
    rules = GuardRules(allow_private=True)
    check_address("host", "169.254.169.254", rules)
    with pytest.raises(Blocked):
        check_address("host", "0.0.0.0", rules)


@given(st.ip_addresses())
def test_every_address_is_free_or_blocked_in_words(address: object) -> None:
    try:
        check_address("host", str(address), RULES)
    except Blocked as error:
        blocked = str(error)
        assert blocked.startswith("host is ")


@pytest.mark.parametrize("path", ["/request/s1/token", "/request/s1/token/more?x=1", "/request/s1/token?x"])
def test_the_session_s_own_access_url_is_allowed(path: str) -> None:
    check_path(f"http://127.0.0.1:8080{path}", "127.0.0.1", 8080, OWN)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api",
        "/request/s1/tokenx",
        "/request/s2/token",
        "/?x=/request/s1/token",
        "/Request/s1/token",
    ],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "0.0.0.0"])
def test_everything_else_of_voxrun_is_not(path: str, address: str) -> None:
    with pytest.raises(Blocked, match="voxrun itself"):
        check_path(f"http://x:8080{path}", address, 8080, OWN)


def test_other_ports_of_this_machine_and_that_port_of_others_are_free() -> None:
    check_path("http://127.0.0.1:9000/", "127.0.0.1", 9000, OWN)
    check_path("http://x:8080/", "203.0.113.5", 8080, OWN)


def test_an_address_of_this_machine_counts_as_voxrun_too() -> None:
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it only picks the interface
        own = probe.getsockname()[0]
    except OSError:
        pytest.skip("this machine has no interface but loopback")
    finally:
        probe.close()
    with pytest.raises(Blocked, match="voxrun itself"):
        check_path("http://x:8080/", own, 8080, OWN)


@asynccontextmanager
async def server(answer: bytes = b"hi") -> AsyncIterator[tuple[int, list[str]]]:
    """A server on loopback: (its port, first lines of the requests it got)."""
    seen: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            seen.append(head.split(b"\r\n")[0].decode())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
            await writer.drain()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(quietly, "127.0.0.1", 0)
    async with running:
        yield running.sockets[0].getsockname()[1], seen


def live(story: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(body())


class Names:
    """A resolver in the hands of a test: each name's answers one after another, the last for good."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers

    async def resolve(self, host: str, port: int) -> list[str]:
        known = self.answers.get(host.split(".")[0])
        if known is None:
            raise socket.gaierror(-2, "Name or service not known")
        return [known.pop(0) if len(known) > 1 else known[0]]


@pytest.mark.live
def test_a_request_goes_through_and_the_transport_can_be_closed() -> None:
    async def story() -> None:
        async with server() as (port, seen):
            transport = GuardedTransport(RULES)
            async with httpx.AsyncClient(transport=transport) as client:
                assert (await client.get(f"http://127.0.0.1:{port}/a")).text == "hi"
                assert (await client.get(f"http://127.0.0.1:{port}/b")).text == "hi"
            assert seen == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]

    live(story)


@pytest.mark.live
def test_sessions_share_connections_and_none_closes_another_s() -> None:
    ends: list[tuple[str, int]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(writer.get_extra_info("peername"))
        with contextlib.suppress(asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        closed.set()
        writer.close()

    closed = asyncio.Event()

    async def call(shared: Connections, path: str, port: int) -> None:
        rules = GuardRules(frozenset({1}), (path,))
        async with httpx.AsyncClient(transport=GuardedTransport(rules, shared)) as client:
            assert (await client.post(f"http://127.0.0.1:{port}/api")).status_code == 200
            with pytest.raises(Blocked, match="voxrun itself"):
                await client.post("http://127.0.0.1:1/other")

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as running:
            shared = Connections()
            for path in ("/one", "/two"):
                await call(shared, path, running.sockets[0].getsockname()[1])
            assert len(ends) == 1
            assert not closed.is_set()
            await shared.aclose()
            await closed.wait()

    live(story)


@pytest.mark.live
def test_a_name_with_a_blocked_address_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "resolve", Names(evil=["169.254.169.254"]).resolve)

    async def story() -> None:
        async with httpx.AsyncClient(transport=GuardedTransport(RULES)) as client:
            with pytest.raises(Blocked, match=r"evil\.test is 169\.254\.169\.254"):
                await client.get("http://evil.test/latest/meta-data")

    live(story)


@pytest.mark.live
def test_a_redirect_is_checked_like_a_request() -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/x\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(redirect, "127.0.0.1", 0) as running:
            port = running.sockets[0].getsockname()[1]
            client = httpx.AsyncClient(transport=GuardedTransport(RULES), follow_redirects=True)
            with pytest.raises(Blocked, match="169"):
                await client.get(f"http://127.0.0.1:{port}/")
            await client.aclose()

    live(story)


@pytest.mark.live
def test_own_ports_are_closed_but_for_the_session_s_own_url() -> None:
    async def story() -> None:
        async with server() as (port, seen):
            rules = GuardRules(frozenset({port}), ("/request/s1/token",))
            async with httpx.AsyncClient(transport=GuardedTransport(rules)) as client:
                assert (await client.get(f"http://127.0.0.1:{port}/request/s1/token/x")).status_code == 200
                for url in (f"http://127.0.0.1:{port}/", f"http://localhost:{port}/request/s2/token"):
                    with pytest.raises(Blocked, match="voxrun itself"):
                        await client.get(url)
                # Dot segments are resolved before the check.
                with pytest.raises(Blocked):
                    await client.get(f"http://127.0.0.1:{port}/request/s1/token/../../../api")
            assert seen == ["GET /request/s1/token/x HTTP/1.1"]

    live(story)


@pytest.mark.live
def test_a_name_that_changes_its_mind_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with server() as (port, seen):
            rules = GuardRules(frozenset({port}), ("/request/s1/token",))
            names = Names(evil=["203.0.113.5", "127.0.0.1"], turn=["127.0.0.1", "127.0.0.1", "203.0.113.5"])
            monkeypatch.setattr(guard, "resolve", names.resolve)
            async with httpx.AsyncClient(transport=GuardedTransport(rules)) as client:
                with pytest.raises(Blocked, match="voxrun itself"):
                    await client.get(f"http://evil.test:{port}/api")
                # The first request may use its path; the connection is not kept for the second.
                assert (await client.get(f"http://turn.test:{port}/request/s1/token")).status_code == 200
                with pytest.raises(httpx.HTTPError):
                    await client.get(f"http://turn.test:{port}/api", timeout=0.2)
            assert seen == ["GET /request/s1/token HTTP/1.1"]

    live(story)


@pytest.mark.live
def test_an_unknown_host_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "resolve", Names().resolve)

    async def story() -> None:
        async with httpx.AsyncClient(transport=GuardedTransport(OWN)) as client:
            for url in ("http://nowhere.test/", "http://nowhere.test:8080/"):
                with pytest.raises(httpx.ConnectError, match=r"host not found: nowhere\.test"):
                    await client.get(url)

    live(story)


def test_a_socket_is_dialled_at_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(good=["203.0.113.5"], evil=["169.254.169.254"], own=["127.0.0.1"])
    monkeypatch.setattr(guard, "resolve", names.resolve)

    async def story() -> None:
        assert await check_socket("wss://good.test/x", OWN) == "203.0.113.5"
        for url in ("wss://evil.test/", "ws://own.test:8080/page"):
            with pytest.raises(Blocked):
                await check_socket(url, OWN)
        with pytest.raises(PeerError, match=r"host not found: nowhere\.test"):
            await check_socket("ws://nowhere.test/", OWN)
        for url in ("ws://x:99999/", "ws://[::1/"):
            with pytest.raises(PeerError, match="bad URL"):
                await check_socket(url, OWN)

    asyncio.run(story())


@pytest.mark.live
def test_a_host_whose_first_address_is_dead_is_reached_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    monkeypatch.setattr(guard, "resolve", resolve)

    async def story() -> None:
        async with server() as (port, _seen), httpx.AsyncClient(transport=GuardedTransport(RULES)) as client:
            assert (await client.get(f"http://two.test:{port}/")).text == "hi"

    live(story)


@pytest.mark.live
def test_localhost_is_dialled_by_ipv4_first() -> None:
    async def story() -> None:
        assert (await guard.resolve("localhost", 80))[0] == "127.0.0.1"

    live(story)


def test_a_port_that_cannot_be_is_a_bad_url() -> None:
    async def story() -> None:
        async with httpx.AsyncClient(transport=GuardedTransport(RULES)) as client:
            with pytest.raises(httpx.InvalidURL, match="no port 99999"):
                await client.get("http://127.0.0.1:99999/")

    asyncio.run(story())


def test_a_borrowed_transport_stays_open() -> None:
    class Inner(httpx.AsyncBaseTransport):
        closed = False

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, text=str(request.url))

        async def aclose(self) -> None:
            self.closed = True

    async def story() -> None:
        inner = Inner()
        async with httpx.AsyncClient(transport=BorrowedTransport(inner)) as client:
            assert (await client.get("http://x/a")).text == "http://x/a"
        assert not inner.closed

    asyncio.run(story())
