"""URLs as people may see them, and which of them stay on this machine."""

from __future__ import annotations

import pytest

from voxrun.connectors.addresses import is_loopback, shown_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://voice.test/calls/1?token=hush#x", "wss://voice.test/calls/1"),
        ("https://user:hush@api.test:8443/api", "https://api.test:8443/api"),
        ("http://[::1", "the given address"),
        ("", "the given address"),
    ],
)
def test_query_fragment_and_user_are_never_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1"])
def test_names_and_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "localhost.example.com", "169.254.169.254"])
def test_everything_else_is_elsewhere(host: str) -> None:
    assert not is_loopback(host)
