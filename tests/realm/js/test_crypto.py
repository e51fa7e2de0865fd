"""Crypto: the test vectors of the RFCs, every form of input, and Python's own digests for the rest."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.realm.js.conftest import EVALUATE, Platform

VECTORS = [
    # RFC 1321, appendix A.5
    ('md5("")', "d41d8cd98f00b204e9800998ecf8427e"),
    ('md5("a")', "0cc175b9c0f1b6a831c399e269772661"),
    ('md5("abc")', "900150983cd24fb0d6963f7d28e17f72"),
    ('md5("message digest")', "f96b697d7cb7938d525a2f31aaf161d0"),
    ('md5("abcdefghijklmnopqrstuvwxyz")', "c3fcd3d76192e4007dfb496cca67e13b"),
    ('md5("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")',
     "d174ab98d277d9f5a5611c2c9f419d9f"),
    ('md5("1234567890".repeat(8))', "57edf4a22be3c955ac49da2e2107b67a"),
    # RFC 3174, section 7.3
    ('sha1("abc")', "a9993e364706816aba3e25717850c26c9cd0d89d"),
    ('sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")',
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    ('sha1("0123456701234567012345670123456701234567012345670123456701234567".repeat(10))',
     "dea356a2cddd90c7a7ecedc5ebb563934f460452"),
    # RFC 6234, section 8.5
    ('sha256("abc")', "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ('sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")',
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ('sha256([0x19])', "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4"),
    # RFC 4231, section 4: test cases 1, 2, 3, 6 and 7
    ('hmac_sha256(new Array(20).fill(0x0b), "Hi There")',
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    ('hmac_sha256("Jefe", "what do ya want for nothing?")',
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    ("hmac_sha256(new Array(20).fill(0xaa), new Array(50).fill(0xdd))",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    ('hmac_sha256(new Array(131).fill(0xaa), "Test Using Larger Than Block-Size Key - Hash Key First")',
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ('hmac_sha256(new Array(131).fill(0xaa), "This is a test using a larger than block-size key and a '
     'larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.")',
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
]  # fmt: skip


@pytest.mark.covers("Crypto.md5", "Crypto.sha1", "Crypto.sha256", "Crypto.hmac_sha256")
def test_the_vectors_of_the_rfcs(platform: Platform) -> None:
    expected = dict(VECTORS)
    code = ",".join(f"Crypto.{expression}" for expression in expected)
    found = platform.value(f"[{code}]")
    assert dict(zip(expected, found, strict=True)) == expected


@pytest.mark.parametrize(
    ("expression", "like"),
    [
        ("md5([97, 98])", 'md5("ab")'),
        ("md5(new Uint8Array([97, 98]))", 'md5("ab")'),
        ('md5(["a", "b"])', 'md5("ab")'),
        ("md5([353])", 'md5("a")'),
        ("md5([])", 'md5("")'),
        ("sha1(12)", 'sha1("12")'),
        ('sha256("é😀")', "sha256([0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80])"),
        ('sha256("\\ud800")', 'sha256("\\ufffd")'),
        ("hmac_sha256([107], [100])", 'hmac_sha256("k", "d")'),
    ],
)
def test_texts_are_utf_8_and_lists_are_bytes(platform: Platform, expression: str, like: str) -> None:
    one, two = platform.value(f"[Crypto.{expression}, Crypto.{like}]")
    assert one == two


@pytest.mark.parametrize("call", ["md5()", "sha1(null)", "sha256()", "hmac_sha256('key')", "hmac_sha256()"])
def test_nothing_is_no_input(platform: Platform, call: str) -> None:
    result = platform.boot(f"Crypto.{call};")
    assert result.error is not None
    name = call.partition("(")[0]
    assert f"TypeError: Crypto.{name} needs a text or a list of bytes" in result.error.message


def test_every_length_around_a_block_is_right(platform: Platform) -> None:
    platform.boot(EVALUATE)
    for name in ("md5", "sha1", "sha256"):
        found = platform.evaluate(
            f"Array.from({{length: 140}}, (_, n) => Crypto.{name}(new Array(n).fill(n)))"
        )
        assert found == [hashlib.new(name, bytes([n]) * n).hexdigest() for n in range(140)]


def test_whatever_the_bytes_the_digests_are_those_of_python(platform: Platform) -> None:
    platform.boot(EVALUATE)

    @given(key=st.binary(max_size=150), data=st.binary(max_size=300))
    @settings(max_examples=60, deadline=None)
    def holds(key: bytes, data: bytes) -> None:
        lists: dict[str, Any] = {"key": json.dumps([*key]), "data": json.dumps([*data])}
        found = platform.evaluate(
            "(({md5, sha1, sha256, hmac_sha256}, key, data) => [md5(data), sha1(data), sha256(data),"
            " hmac_sha256(key, data)])(Crypto, JSON.parse(e.key), JSON.parse(e.data))",
            **lists,
        )
        plain = [hashlib.new(name, data).hexdigest() for name in ("md5", "sha1", "sha256")]
        assert found == [*plain, hmac.digest(key, data, "sha256").hex()]

    holds()


def test_it_works_unbound_and_in_spite_of_overwritten_built_ins(platform: Platform) -> None:
    platform.boot(
        "Array.prototype[Symbol.iterator] = Number.prototype.toString = null;"
        "String.prototype.slice = parseInt = null;"
        "const { sha256 } = Crypto; const text = sha256('abc'); "
        "Logger.write(text);"
    )
    assert platform.logs() == ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]
