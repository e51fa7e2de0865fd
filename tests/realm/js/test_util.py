"""js/util.js: bytes, base64, hex, uuid and distances against what Python makes of the same."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.realm.js.conftest import EVALUATE, Platform

from voxrun.realm.stack import deepen_main_stack

TEXTS = st.text(st.characters(exclude_categories=()), max_size=60)
BYTES = st.binary(max_size=80)
PLAIN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def js() -> Iterator[Platform]:
    """One realm for all examples: they leave nothing behind."""
    assert deepen_main_stack()
    platform = Platform()
    assert platform.boot(EVALUATE).error is None
    yield platform
    platform.realm.close()


def utf8(text: str) -> bytes:
    """As the web encodes: pairs joined, lone surrogates replaced."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


@pytest.mark.covers("str2bytes")
@PLAIN
@given(TEXTS)
def test_text_becomes_utf_8(js: Platform, text: str) -> None:
    assert bytes(js.evaluate("str2bytes(e.text)", text=text)) == utf8(text)
    assert bytes(js.evaluate("str2bytes(e.text, 'UTF-8')", text=text)) == utf8(text)


@pytest.mark.covers("bytes2str")
@PLAIN
@given(BYTES | st.text(max_size=20).map(lambda t: t.encode("utf-8", "surrogatepass") + b"\xe2\x82"))
def test_utf_8_becomes_text_and_what_is_none_is_replaced(js: Platform, data: bytes) -> None:
    assert js.evaluate("bytes2str(e.bytes)", bytes=[*data]) == data.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "data",
    [b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xe2\x82",
     b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80", b"\xff\xfe", b"a\xe2\x82b", b"\xf8\x88\x80\x80\x80", b"\x80"],
)  # fmt: skip
def test_every_kind_of_broken_utf_8_is_replaced_as_python_does(js: Platform, data: bytes) -> None:
    assert js.evaluate("bytes2str(e.bytes)", bytes=[*data]) == data.decode("utf-8", "replace")


@PLAIN
@given(BYTES)
def test_latin_1_and_ascii_keep_one_byte_a_character(js: Platform, data: bytes) -> None:
    assert js.evaluate("bytes2str(e.bytes, 'iso-8859-1')", bytes=[*data]) == data.decode("latin-1")
    assert js.evaluate("bytes2str(e.bytes, 'ascii')", bytes=[*data]) == data.decode("ascii", "replace")
    text = data.decode("latin-1")
    assert bytes(js.evaluate("str2bytes(e.text, 'latin1')", text=text)) == data
    assert bytes(js.evaluate("str2bytes(e.text, 'ascii')", text=text)) == text.encode("ascii", "replace")


@pytest.mark.covers("base64_decode", "base64_encode")
@PLAIN
@given(BYTES)
def test_base64_both_ways(js: Platform, data: bytes) -> None:
    encoded = base64.b64encode(data).decode()
    assert js.evaluate("base64_encode(e.bytes)", bytes=[*data]) == encoded
    assert js.evaluate("base64_encode(new Uint8Array(e.bytes))", bytes=[*data]) == encoded
    assert bytes(js.evaluate("base64_decode(e.text)", text=encoded)) == data
    assert bytes(js.evaluate("base64_decode(e.text)", text=encoded.rstrip("="))) == data
    urlsafe = base64.urlsafe_b64encode(data).decode()
    assert bytes(js.evaluate("base64_decode(e.text)", text=urlsafe)) == data


@PLAIN
@given(TEXTS)
def test_base64_of_text_is_that_of_its_utf_8(js: Platform, text: str) -> None:
    assert js.evaluate("base64_encode(e.text)", text=text) == base64.b64encode(utf8(text)).decode()


def test_base64_skips_line_breaks(js: Platform) -> None:
    assert js.evaluate("bytes2str(base64_decode('aGVs\\r\\nbG8 ='))") == "hello"


@pytest.mark.covers("bytes2hex", "hex2bytes")
@PLAIN
@given(BYTES)
def test_hex_both_ways(js: Platform, data: bytes) -> None:
    assert js.evaluate("bytes2hex(e.bytes)", bytes=[*data]) == data.hex()
    assert js.evaluate("bytes2hex(e.bytes, true)", bytes=[*data]) == data.hex().upper()
    assert bytes(js.evaluate("hex2bytes(e.text)", text=data.hex())) == data
    assert bytes(js.evaluate("hex2bytes(e.text)", text=data.hex().upper())) == data


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("hex2bytes('abc')", "an even number of hex digits"),
        ("hex2bytes('0g')", "no hex digit at position 0"),
        ("bytes2str('text')", "needs a list of bytes"),
        ("bytes2hex(undefined)", "needs a list of bytes"),
        ("str2bytes('x', 'utf-16')", "unknown encoding 'utf-16'"),
    ],
)
def test_mistakes_are_named(platform: Platform, call: str, message: str) -> None:
    platform.boot(f"try {{ {call}; }} catch (e) {{ Logger.write(e.message); }}")
    assert message in platform.logs()[0]


@pytest.mark.covers("uuidgen")
def test_a_uuid_is_one_of_version_4_and_never_the_same(platform: Platform) -> None:
    made = platform.value("Array.from({length: 200}, () => uuidgen())")
    assert len(set(made)) == 200
    for text in made:
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text)
        assert uuid.UUID(text).version == 4


def distance(a: str, b: str) -> int:
    """By the definition, letter by letter."""
    row = [*range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        row = [i, *row[1:]] if not b else _next(row, i, x, b)
    return row[-1]


def _next(row: list[int], i: int, x: str, b: str) -> list[int]:
    out = [i]
    for j, y in enumerate(b, 1):
        out.append(min(row[j] + 1, out[-1] + 1, row[j - 1] + (x != y)))
    return out


@pytest.mark.covers("levenshtein_distance")
@PLAIN
@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_the_distance_of_two_texts(js: Platform, a: str, b: str) -> None:
    assert js.evaluate("levenshtein_distance(e.a, e.b)", a=a, b=b) == distance(a, b)
