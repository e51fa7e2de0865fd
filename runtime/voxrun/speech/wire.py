"""The pipe protocol between voxrun and its speech process.

A message is a 4-byte little-endian length, that many bytes of JSON (an object, ASCII), then the payload
whose size the object gives as ``"bytes"`` (0 where absent). Requests carry ``"op"``; replies carry
``"ok"``: true, or false with ``"error"`` (a sentence for people) and ``"kind"``.

=========  ======================================================  =========================
op         request                                                 reply
=========  ======================================================  =========================
render     engine, name, variant, rate, pitch, volume, text        payload: 16 kHz mono s16le
recognise  phrases (list); payload: 16 kHz mono s16le              text (or null), confidence
dictate    model, hints (list), language; payload as above         text (or null), confidence
=========  ======================================================  =========================
"""

from __future__ import annotations

import json
from typing import IO, Any, Final, TypeAlias

Header: TypeAlias = dict[str, Any]

MAX_HEADER: Final = 4 * 1024 * 1024
"""Bytes; nobody says a sentence longer than this."""
MAX_PAYLOAD: Final = 256 * 1024 * 1024
"""Bytes; over two hours of audio."""


class WireError(Exception):
    """The other end went away in the middle of a message, or sent what is not a message."""


def pack(header: Header, payload: bytes = b"") -> bytes:
    """One message as bytes; ``header["bytes"]`` is set here."""
    head = json.dumps({**header, "bytes": len(payload)}, ensure_ascii=True).encode("ascii")
    return len(head).to_bytes(4, "little") + head + payload


def send(stream: IO[bytes], header: Header, payload: bytes = b"") -> None:
    """Write one message and flush it. Raises ``OSError`` when nobody reads any more."""
    stream.write(pack(header, payload))
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Header, bytes] | None:
    """Read one message; None at a clean end of the stream. Raises ``WireError``."""
    prefix = stream.read(4)
    if not prefix:
        return None
    length = _checked(int.from_bytes(_filled(prefix, 4), "little"), MAX_HEADER)
    try:
        head = json.loads(_exactly(stream, length))
    except ValueError as error:
        raise WireError(f"a message whose header is not JSON ({error})") from None
    if not isinstance(head, dict):
        raise WireError("a message whose header is not an object")
    size = head.get("bytes", 0)
    if not isinstance(size, int):
        raise WireError("a message whose size is not a number")
    return head, _exactly(stream, _checked(size, MAX_PAYLOAD))


def _checked(size: int, limit: int) -> int:
    if not 0 <= size <= limit:
        raise WireError(f"a message of {size} bytes")
    return size


def _exactly(stream: IO[bytes], size: int) -> bytes:
    return _filled(stream.read(size), size)


def _filled(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise WireError(f"the stream ended after {len(data)} of {size} bytes")
    return data
