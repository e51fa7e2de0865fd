"""Certificates of our own."""

from __future__ import annotations

import asyncio
import datetime
import ssl

import httpx
import pytest
from cryptography import x509
from tests.server.test_serve import up

from voxrun.server.tls import self_signed

NOW = datetime.datetime.now(datetime.UTC)


@pytest.mark.live
def test_tls_with_a_certificate_of_our_own() -> None:
    async def story() -> None:
        with self_signed("127.0.0.1", NOW) as files:
            assert files.key.stat().st_mode & 0o077 == 0
            task, port, stop = await up(files)
            trust = ssl.create_default_context(cafile=str(files.cert))
            async with httpx.AsyncClient(verify=trust) as client:
                assert (await client.get(f"https://127.0.0.1:{port}/")).status_code == 404
            stop.set()
            await asyncio.wait_for(task, 10)
        assert not files.key.exists()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("host", "names", "addresses"),
    [
        ("192.0.2.7", {"localhost"}, {"127.0.0.1", "::1", "192.0.2.7"}),
        ("0.0.0.0", {"localhost"}, {"127.0.0.1", "::1"}),
        ("voxrun.example", {"localhost", "voxrun.example"}, {"127.0.0.1", "::1"}),
    ],
)
def test_the_certificate_names_the_host(host: str, names: set[str], addresses: set[str]) -> None:
    with self_signed(host, NOW) as files:
        cert = x509.load_pem_x509_certificate(files.cert.read_bytes())
    found = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(found.get_values_for_type(x509.DNSName)) == names
    assert {str(address) for address in found.get_values_for_type(x509.IPAddress)} == addresses
