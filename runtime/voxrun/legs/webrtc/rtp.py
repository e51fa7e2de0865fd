"""RTP and RTCP packets as bytes, in and out (RFC 3550, mux by RFC 5761). No I/O, no clock.

aiortc has parsers too; these do only what one audio stream needs, for a fifth of their time, and never
raise: what is no packet gives None, or an empty list.
"""

from __future__ import annotations

import struct
from typing import Final

from msgspec import Struct

_HEADER: Final = struct.Struct("!BBHII")
_REPORT: Final = struct.Struct("!IIIIII")
_VERSION: Final = 0x80

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
GOODBYE: Final = 203

NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""


class Packet(Struct):
    """One RTP packet of audio, without its header extensions and padding."""

    payload_type: int
    marker: int
    sequence_number: int
    timestamp: int
    ssrc: int
    payload: bytes


class ReportBlock(Struct, frozen=True):
    """How one stream arrives (RFC 3550 section 6.4.1). ``delay`` and ``last_report`` are in 1/65536 s."""

    ssrc: int
    fraction_lost: int
    """Of 256, since the last report."""
    lost: int
    highest: int
    """Extended highest sequence number."""
    jitter: int
    """In timestamp units."""
    last_report: int
    delay: int


class Report(Struct, frozen=True):
    """A sender or receiver report. ``ntp`` (64 bits) and ``rtp`` are 0 in a receiver report."""

    ssrc: int
    ntp: int
    rtp: int
    blocks: tuple[ReportBlock, ...]
    goodbye: bool = False
    """The sender leaves (BYE)."""


def is_rtcp(data: bytes) -> bool:
    """Whether a packet with RTP's version bits is RTCP: types 192 to 223 (RFC 5761 section 4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


def parse(data: bytes) -> Packet | None:
    """Take an RTP packet apart; None where it is none."""
    if len(data) < 12 or data[0] & 0xC0 != _VERSION:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start, end = 12 + (first & 0x0F) * 4, len(data)
    if first & 0x10:
        if end < start + 4:
            return None
        start += 4 + int.from_bytes(data[start + 2 : start + 4], "big") * 4
    if first & 0x20 and end:
        end -= data[-1]
    if end < start:
        return None
    return Packet(second & 0x7F, second >> 7, sequence, timestamp, ssrc, data[start:end])


def build(
    payload_type: int, marker: bool, sequence_number: int, timestamp: int, ssrc: int, payload: bytes
) -> bytes:
    """An RTP packet."""
    second = payload_type | 0x80 if marker else payload_type
    return _HEADER.pack(_VERSION, second, sequence_number, timestamp, ssrc) + payload


def parse_reports(data: bytes) -> list[Report]:
    """The sender and receiver reports of a compound packet; what cannot be read ends it."""
    found: list[Report] = []
    goodbyes: set[int] = set()
    at = 0
    while at + 8 <= len(data) and data[at] & 0xC0 == _VERSION:
        count, kind = data[at] & 0x1F, data[at + 1]
        end = at + 4 + int.from_bytes(data[at + 2 : at + 4], "big") * 4
        if end > len(data):
            break
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            report = _report(data[at + 4 : end], count, kind == SENDER_REPORT)
            if report is not None:
                found.append(report)
        elif kind == GOODBYE and end - at >= 8:
            goodbyes.add(int.from_bytes(data[at + 4 : at + 8], "big"))
        at = end
    return [Report(r.ssrc, r.ntp, r.rtp, r.blocks, True) if r.ssrc in goodbyes else r for r in found]


def _report(body: bytes, count: int, sender: bool) -> Report | None:
    start = 24 if sender else 4
    if len(body) < start + count * _REPORT.size:
        return None
    ssrc = int.from_bytes(body[:4], "big")
    ntp = int.from_bytes(body[4:12], "big") if sender else 0
    rtp = int.from_bytes(body[12:16], "big") if sender else 0
    blocks = tuple(_block(*_REPORT.unpack_from(body, start + n * _REPORT.size)) for n in range(count))
    return Report(ssrc, ntp, rtp, blocks)


def _block(ssrc: int, loss: int, highest: int, jitter: int, last: int, delay: int) -> ReportBlock:
    lost = loss & 0xFFFFFF
    return ReportBlock(
        ssrc, loss >> 24, lost - (1 << 24) if lost & 0x800000 else lost, highest, jitter, last, delay
    )


def sender_report(
    ssrc: int, ntp: int, rtp: int, packets: int, octets: int, blocks: tuple[ReportBlock, ...], cname: str
) -> bytes:
    """A compound packet: SR with ``blocks``, and SDES with the CNAME (RFC 3550 section 6.1)."""
    body = struct.pack("!IQIII", ssrc, ntp, rtp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return _compound(SENDER_REPORT, body, blocks) + _sdes(ssrc, cname)


def receiver_report(ssrc: int, blocks: tuple[ReportBlock, ...], cname: str) -> bytes:
    """The same for who has sent nothing since the last report."""
    return _compound(RECEIVER_REPORT, struct.pack("!I", ssrc), blocks) + _sdes(ssrc, cname)


def goodbye(ssrc: int) -> bytes:
    """BYE (section 6.6); it goes behind a report."""
    return struct.pack("!BBHI", _VERSION | 1, GOODBYE, 1, ssrc)


def _compound(kind: int, body: bytes, blocks: tuple[ReportBlock, ...]) -> bytes:
    for b in blocks:
        loss = (b.fraction_lost << 24) | (b.lost & 0xFFFFFF)
        body += _REPORT.pack(b.ssrc, loss, b.highest, b.jitter, b.last_report, b.delay)
    return struct.pack("!BBH", _VERSION | len(blocks), kind, len(body) // 4) + body


def _sdes(ssrc: int, cname: str) -> bytes:
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\0"
    chunk += bytes(-len(chunk) % 4)
    return struct.pack("!BBH", _VERSION | 1, SOURCE_DESCRIPTION, len(chunk) // 4) + chunk


def ntp_of(unix_seconds: float) -> int:
    """A moment as the 64 bits of NTP: seconds since 1900, and fractions of 2**-32 s."""
    return int((unix_seconds + NTP_EPOCH) * 4_294_967_296)


def middle(ntp: int) -> int:
    """The middle 32 bits, as reports refer to one another (1/65536 s)."""
    return (ntp >> 16) & 0xFFFFFFFF
