"""One guard for every outgoing request: what a scenario must not reach through us.

Never: link-local and cloud metadata addresses, multicast, the unspecified address, and voxrun's own ports
beyond the session's own access URL. Addresses are checked after DNS, and the connection goes to the very
address that was checked, so a name that changes its mind (DNS rebinding) gains nothing. Redirects come
through here again because each is a new connection.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import httpx

from voxrun.errors import PeerError

_METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200")))


@dataclass(frozen=True, slots=True)
class GuardRules:
    """``own_ports``: ports of this voxrun on this machine; ``own_prefixes``: paths there that are allowed."""

    own_ports: frozenset[int] = frozenset()
    own_prefixes: tuple[str, ...] = ()
    allow_private: bool = False
    """Let link-local addresses through (``fidelity.allow_link_local`` in voxrun.toml)."""


class Blocked(PeerError):
    """The guard refused a destination."""


def check_address(host: str, address: str, rules: GuardRules) -> None:
    """Raise ``Blocked`` for an address nobody may reach."""
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
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


def _is_local(address: str) -> bool:
    ip = ipaddress.ip_address(address.split("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_loopback or ip.is_unspecified or ip in _own_addresses()


def _own_addresses() -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found: set[ipaddress.IPv4Address | ipaddress.IPv6Address] = set()
    try:
        infos = socket.getaddrinfo(socket.gethostname(), None)
    except OSError:
        return found
    for info in infos:
        found.add(ipaddress.ip_address(str(info[4][0]).split("%")[0]))
    return found


async def resolve(host: str, port: int) -> list[str]:
    """Addresses of ``host``, in the order of preference. Raises OSError."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


async def check_socket(url: str, rules: GuardRules) -> str:
    """The guard for a WebSocket: gives the address that was checked and is to be dialled.

    Raises Blocked, and PeerError for a host that cannot be found.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme in ("https", "wss") else 80)
    try:
        addresses = await resolve(host, port)
    except OSError as error:
        raise PeerError(f"host not found: {host} ({error.strerror})") from None
    for address in addresses:
        check_address(host, address, rules)
        check_path(url, address, port, rules)
    return addresses[0]


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
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for the process: reading the root certificates takes 20 ms, and every session needs it."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's own network transport behind the guard."""

    def __init__(self, rules: GuardRules) -> None:
        self._rules = rules
        self._inner = httpx.AsyncHTTPTransport(verify=_tls(), trust_env=False)
        # httpx has no public way to give its pool another network backend (as of 0.28).
        self._inner._pool._network_backend = _GuardedBackend(rules)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        if port in self._rules.own_ports:
            for address in await resolve(request.url.host, port):
                check_path(str(request.url), address, port, self._rules)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
