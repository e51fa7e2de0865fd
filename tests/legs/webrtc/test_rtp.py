"""RTP and RTCP bytes, against aiortc's own parser and by hand."""

from __future__ import annotations

import struct

import pytest
from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpRrPacket, RtcpSdesPacket, RtcpSrPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from voxrun.legs.webrtc import rtp
from voxrun.legs.webrtc.rtp import Packet, ReportBlock

BLOCK = ReportBlock(
    ssrc=7, fraction_lost=12, lost=-3, highest=65540, jitter=99, last_report=0x11223344, delay=655
)


@given(st.integers(0, 127), st.booleans(), st.integers(0, 65535), st.integers(0, 2**32 - 1), st.binary())
def test_what_we_build_is_what_others_read(
    kind: int, marker: bool, sequence: int, timestamp: int, payload: bytes
) -> None:
    data = rtp.build(kind, marker, sequence, timestamp, 5, payload)
    other = RtpPacket.parse(data)
    assert (other.payload_type, other.marker, other.sequence_number) == (kind, int(marker), sequence)
    assert (other.timestamp, other.ssrc, other.payload) == (timestamp, 5, payload)
    assert rtp.parse(data) == Packet(kind, int(marker), sequence, timestamp, 5, payload)


def test_sources_extensions_and_padding_are_no_audio() -> None:
    extension = struct.pack("!HH", 0xBEDE, 1) + b"\x10\xff\0\0"
    header = struct.pack("!BBHII", 0x80 | 0x20 | 0x10 | 1, 111, 1, 2, 3) + b"\0\0\0\7"
    packet = rtp.parse(header + extension + b"audio" + b"\0\0\3")
    assert packet is not None
    assert packet.payload == b"audio"


@given(st.binary(max_size=80))
def test_garbage_gives_no_packet_and_no_report_and_never_raises(data: bytes) -> None:
    packet = rtp.parse(data)
    assert packet is None or data[0] >> 6 == 2
    rtp.parse_reports(data)
    rtp.is_rtcp(data)


@pytest.mark.parametrize(
    ("second", "rtcp"), [(200, True), (201, True), (207, True), (111, False), (239, False)]
)
def test_rtcp_is_told_from_rtp_by_its_type(second: int, rtcp: bool) -> None:
    assert rtp.is_rtcp(bytes([0x80, second, 0, 0])) is rtcp


def test_a_sender_report_is_what_others_read() -> None:
    ntp = rtp.ntp_of(1_000_000.5)
    data = rtp.sender_report(5, ntp, 960, 10, 1000, (BLOCK,), "me") + rtp.goodbye(5)
    report, description, bye = RtcpPacket.parse(data)
    assert isinstance(report, RtcpSrPacket)
    assert isinstance(description, RtcpSdesPacket)
    assert isinstance(bye, RtcpByePacket)
    info = report.sender_info
    assert (info.ntp_timestamp, info.rtp_timestamp, info.packet_count, info.octet_count) == (
        ntp,
        960,
        10,
        1000,
    )
    (block,) = report.reports
    assert (block.ssrc, block.fraction_lost, block.packets_lost, block.highest_sequence) == (7, 12, -3, 65540)
    assert (block.jitter, block.lsr, block.dlsr) == (99, 0x11223344, 655)
    assert description.chunks[0].items == [(1, b"me")]
    assert bye.sources == [5]


def test_a_receiver_report_is_what_others_read_and_we_read_it_too() -> None:
    data = rtp.receiver_report(5, (BLOCK,), "somebody-else")
    report, _ = RtcpPacket.parse(data)
    assert isinstance(report, RtcpRrPacket)
    assert report.reports[0].packets_lost == -3
    (mine,) = rtp.parse_reports(data)
    assert (mine.ssrc, mine.ntp, mine.blocks, mine.goodbye) == (5, 0, (BLOCK,), False)


def test_reports_and_goodbyes_of_a_compound_packet_are_found() -> None:
    data = rtp.sender_report(5, 1 << 40, 960, 1, 1, (), "me") + rtp.goodbye(5)
    (report,) = rtp.parse_reports(data)
    assert (report.ntp, report.rtp, report.goodbye) == (1 << 40, 960, True)
    assert rtp.parse_reports(data[:20]) == []
