"""One guard for every outgoing request: what a scenario must not reach through us.

Never: link-local and cloud metadata addresses, multicast, the unspecified address, and voxrun's own ports
beyond the session's own access URL. Addresses are checked after DNS, and the connection goes to the very
address that was checked, so a name that changes its mind (DNS rebinding) gains nothing. Redirects come
through here again because each is a new request.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from contextvars import ContextVar
from functools import cache
from typing import TypeAlias
from urllib.parse import urlsplit

import httpcore
import httpx
from msgspec import Struct
from msgspec.structs import replace

from voxrun.errors import PeerError

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that a NAT64 gateway turns into the IPv4 address in their last 32 bits (RFC 6052)."""


class GuardRules(Struct, frozen=True):
    """``own_ports``: ports of this voxrun on this machine; ``own_prefixes``: paths there that are allowed."""

    own_ports: frozenset[int] = frozenset()
    own_prefixes: tuple[str, ...] = ()
    allow_private: bool = False
    """Let link-local addresses through (``fidelity.allow_link_local`` in voxrun.toml)."""


LAST_PORT = 65535
KEPT_SECONDS = 3.0
"""That a connection waits for the next call. Servers give up after 5 s or more (uvicorn, Node), and a request
that meets the end of its connection is lost."""


class Blocked(PeerError):
    """The guard refused a destination."""


def check_address(host: str, address: str, rules: GuardRules) -> None:
    """Raise ``Blocked`` for an address nobody may reach."""
    ip = plain_address(address)
    if ip.is_multicast or ip.is_unspecified:
        raise Blocked(f"{host} is {ip}, which is no address of a server")
    if not rules.allow_private and (ip.is_link_local or ip in _METADATA):
        raise Blocked(
            f"{host} is {ip}, a link-local or metadata address: blocked, for a scenario is untrusted code "
            "(fidelity.allow_link_local = true in voxrun.toml allows it)"
        )


def check_path(url: str, address: str, port: int, rules: GuardRules) -> None:
    """Raise ``Blocked`` for voxrun's own pages and APIs; the session's access URL is allowed."""
    if port not in rules.own_ports or not _is_local(address):
        return
    path = urlsplit(url).path
    if not any(path == prefix or path.startswith(prefix + "/") for prefix in rules.own_prefixes):
        raise Blocked(f"{url} is voxrun itself; a scenario may call its own session access URL only")


def plain_address(address: str) -> IpAddress:
    """The address that is really meant: without a zone, and IPv4 where IPv6 only wraps it."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        return ip.ipv4_mapped or ip.sixtofour or ip
    return ip


def _is_local(address: str) -> bool:
    ip = plain_address(address)
    return ip.is_loopback or ip.is_unspecified or _is_own(ip)


def _is_own(ip: IpAddress) -> bool:
    """Whether an interface of this machine has this address: only then can a socket be bound to it."""
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(ip), 0))
    except OSError:
        return False
    return True


async def resolve(host: str, port: int) -> list[str]:
    """Addresses of ``host``, in the order of preference. Raises OSError.

    IPv4 comes first: many machines have IPv6 addresses and no way out by them.
    """
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    infos.sort(key=lambda info: info[0] != socket.AF_INET)
    return [str(info[4][0]) for info in infos]


async def check_socket(url: str, rules: GuardRules) -> str:
    """The guard for a WebSocket: gives the address that was checked and is to be dialled.

    Raises Blocked, and PeerError for a host that cannot be found.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    except ValueError as error:
        raise PeerError(f"bad URL {url!r}: {error}") from None
    try:
        addresses = await resolve(host, port)
    except OSError as error:
        raise PeerError(f"host not found: {host} ({error.strerror})") from None
    for address in addresses:
        check_address(host, address, rules)
        check_path(url, address, port, rules)
    return addresses[0]


@cache
def tls_context() -> ssl.SSLContext:
    """The certificates that servers are checked with; read once a process, for it takes some 25 ms."""
    return httpx.create_ssl_context()


_path_checked: ContextVar[bool] = ContextVar("_path_checked", default=False)
"""Set while a request whose path was checked is under way: it alone may connect to an own port."""


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, and connects to the address that was checked."""

    def __init__(self, rules: GuardRules) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._rules = rules

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(f"host not found: {host} ({error.strerror})") from error
        for address in addresses:
            check_address(host, address, self._rules)
            # The name had another address when the path was checked (DNS rebinding).
            if port in self._rules.own_ports and not _path_checked.get() and _is_local(address):
                raise Blocked(f"{host} is {address}, voxrun itself; a scenario may not call it")
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next one may do
        return await self._inner.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class Connections:
    """Connections to providers, open from one call to the next: all sessions of a run share them."""

    def __init__(self) -> None:
        self._pools: dict[GuardRules, httpx.AsyncHTTPTransport] = {}

    def behind(self, rules: GuardRules) -> httpx.AsyncHTTPTransport:
        """Those of sessions with these rules. Paths are not looked at here: never for an own port."""
        same = replace(rules, own_prefixes=())
        if same not in self._pools:
            limits = httpx.Limits(max_keepalive_connections=20, keepalive_expiry=KEPT_SECONDS)
            self._pools[same] = _network(same, limits)
        return self._pools[same]

    async def aclose(self) -> None:
        """Idempotent; what is asked for afterwards is opened again."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's own network transport behind the guard. ``shared``: connections that others use too."""

    def __init__(self, rules: GuardRules, shared: Connections | None = None) -> None:
        self._rules = rules
        self._shared = shared is not None
        self._inner = (
            _network(rules, httpx.Limits(max_connections=100, max_keepalive_connections=20))
            if shared is None
            else shared.behind(rules)
        )
        # A kept connection would carry later requests past the check of their path.
        self._own = _network(rules, httpx.Limits(max_connections=100, max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        if port > LAST_PORT:
            raise httpx.InvalidURL(f"there is no port {port}")
        if port not in self._rules.own_ports:
            return await self._inner.handle_async_request(request)
        mark = _path_checked.set(await self._check_path(request, port))
        try:
            return await self._own.handle_async_request(request)
        finally:
            _path_checked.reset(mark)

    async def _check_path(self, request: httpx.Request, port: int) -> bool:
        """Raise ``Blocked`` for voxrun itself; True where it is, and the path is allowed."""
        try:
            addresses = await resolve(request.url.host, port)
        except OSError as error:
            raise httpx.ConnectError(f"host not found: {request.url.host} ({error.strerror})") from error
        for address in addresses:
            check_path(str(request.url), address, port, self._rules)
        return any(_is_local(address) for address in addresses)

    async def aclose(self) -> None:
        if not self._shared:
            await self._inner.aclose()
        await self._own.aclose()


def _network(rules: GuardRules, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    transport = httpx.AsyncHTTPTransport(verify=tls_context(), limits=limits)
    # httpx has no public way to give its pool another network backend (as of 0.28).
    transport._pool._network_backend = _GuardedBackend(rules)
    return transport


class BorrowedTransport(httpx.AsyncBaseTransport):
    """A transport that belongs to somebody else: a client that is closed leaves it open."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)
