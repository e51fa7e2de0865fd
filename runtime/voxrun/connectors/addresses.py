"""URLs of providers: how they may be shown, and which are on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit


def shown_url(url: str) -> str:
    """``url`` as people and journals may see it: query, fragment and user information can hold secrets."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "the given address"
    return urlunsplit((parts.scheme, host, parts.path, "", "")) or "the given address"


def is_loopback(host: str) -> bool:
    """True for names and addresses of this machine, which a proxy of the environment must not carry."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
